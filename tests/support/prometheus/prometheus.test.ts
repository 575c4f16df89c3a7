import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { requireProgram } from '../debian.ts';
import { findFreePort } from '../net/free-port.ts';
import { checkMetrics } from './promtool.ts';
import { startPrometheus } from './server.ts';

const isInstalled = requireProgram('prometheus').path !== undefined;

describe.skipIf(!isInstalled)('startPrometheus', { timeout: 30_000 }, () => {
  it('scrapes with credentials and answers queries', async () => {
    const port = await findFreePort();
    const exporter = createServer((request, response) => {
      const allowed = request.headers.authorization === `Basic ${btoa('prom:secret')}`;
      response.writeHead(allowed ? 200 : 401, { 'content-type': 'text/plain; version=0.0.4' });
      response.end('# HELP answer The answer.\n# TYPE answer gauge\nanswer{of="all"} 42\nendless +Inf\n');
    });
    exporter.listen(port, '127.0.0.1');
    await once(exporter, 'listening');
    const addresses = [`127.0.0.1:${port}`];

    await using prometheus = await startPrometheus({
      jobs: [
        { addresses, basicAuth: { username: 'prom', password: 'secret' }, labels: { team: 'a' } },
        { job: 'denied', addresses },
      ],
    });
    const series = await prometheus.waitFor('answer{job="reeve"}');
    const endless = await prometheus.query('endless');
    await prometheus.waitFor('up{job="denied"} == 0');
    const targets = await prometheus.targets();
    exporter.close();

    expect(series).toMatchObject([{ labels: { of: 'all', team: 'a' }, value: 42 }]);
    expect(endless).toMatchObject([{ value: Number.POSITIVE_INFINITY }]);
    expect(targets.find((target) => target.job === 'denied')).toMatchObject({
      health: 'down',
      lastError: 'server returned HTTP status 401 Unauthorized',
    });
  });

  it('shows the log when its configuration is wrong', async () => {
    const started = startPrometheus({ jobs: [], scrapeInterval: 'often' });

    await expect(started).rejects.toThrow(/not a valid duration/);
  });
});

describe.skipIf(!isInstalled)('checkMetrics', { timeout: 30_000 }, () => {
  it('accepts a good page and explains a bad one', async () => {
    const good = await checkMetrics('# HELP a_seconds A time.\n# TYPE a_seconds gauge\na_seconds 1\n');
    const bad = await checkMetrics('# HELP a_total A count.\n# TYPE a_total gauge\na_total 1\n');

    expect(good).toEqual({ ok: true, output: '' });
    expect(bad.ok).toBe(false);
    expect(bad.output).toContain('"_total"');
  });
});
