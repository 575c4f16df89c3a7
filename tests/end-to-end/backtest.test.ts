import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findFreePort } from '../support/net/free-port.ts';
import { runReeve } from '../support/process.ts';
import { type PrometheusServer, startPrometheus } from '../support/prometheus/server.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

/** Whole minutes, well before now, so that Prometheus has closed the block. */
const begin = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 3 * 86_400_000;
const minute = 60_000;
const at = (minutes: number): string => new Date(begin + minutes * minute).toISOString();

const Answer = z.object({
  stepSeconds: z.number(),
  rows: z.array(
    z.object({
      target: z.string(),
      objective: z.string(),
      subjects: z.number(),
      pages: z.number(),
      tickets: z.number(),
      breachedMs: z.number(),
    }),
  ),
});

describe('reeve backtest', () => {
  let prometheus: PrometheusServer;
  let folder: TempDir;

  beforeAll(async () => {
    folder = await createTempDir('backtest');
    prometheus = await startPrometheus({ jobs: [], history: history() });
  }, 60_000);
  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await folder?.remove();
  });

  const replay = (...args: readonly string[]) =>
    runReeve(['backtest', '--prometheus', prometheus.url, '--from', at(0), '--to', at(240), ...args], {
      cwd: folder.path,
    });

  it('replays what a Prometheus remembers and says how often each objective would have called', async () => {
    const { code, stdout, stderr } = await replay('--json');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { rows } = Answer.parse(JSON.parse(stdout));
    expect(rows).toHaveLength(2);
    expect(rows.find(({ objective }) => objective === 'index_hit_ratio')).toMatchObject({
      target: 'orders',
      subjects: 2,
      tickets: 1,
      pages: 0,
    });
    expect(rows.find(({ objective }) => objective === 'replication_lag_seconds')).toMatchObject({
      subjects: 1,
      tickets: 0,
      pages: 2,
    });
  });

  it('tries another bound', async () => {
    const { stdout } = await replay(
      '--json',
      '--try',
      'replication_lag_seconds.max=20s',
      '--try',
      'index_hit_ratio.for=1h',
    );

    const { rows } = Answer.parse(JSON.parse(stdout));
    expect(rows.map(({ pages, tickets }) => pages + tickets)).toEqual([0, 0]);
  });

  it('takes bounds from the configuration', async () => {
    await writeFile(
      join(folder.path, 'team.yaml'),
      `targets:
  - id: orders
    engine: postgres
    url: postgres://reeve@127.0.0.1/orders
    objectives: { replication_lag_seconds: { max: 20s }, index_hit_ratio: { severity: page } }
`,
    );

    const { stdout } = await replay('--json', '-c', 'team.yaml');

    const { rows } = Answer.parse(JSON.parse(stdout));
    expect(rows.find(({ objective }) => objective === 'replication_lag_seconds')).toMatchObject({ pages: 0 });
    expect(rows.find(({ objective }) => objective === 'index_hit_ratio')).toMatchObject({ pages: 1 });
  });

  it('prints a table that leads with what would have called most', async () => {
    const { stdout } = await replay(
      '--objective',
      'index_hit_ratio',
      '--objective',
      'replication_lag_seconds',
    );

    expect(stdout).toMatch(/a judgement every 60 s/);
    expect(stdout).toMatch(/replication_lag_seconds +orders +≤ 1 s +2m +1 +2 +0 /);
    expect(stdout.indexOf('replication_lag_seconds')).toBeLessThan(stdout.indexOf('index_hit_ratio'));
    expect(stdout).toMatch(/2 pages and 1 ticket in all/);
  });

  it.each([
    [['--try', 'index_hit_ratio.min=2'], /--try: index_hit_ratio\.min /],
    [['--try', 'index_hit=2'], /must be objective\.key=value/],
    [['--try', 'index_hit_ratoi.min=0.9'], /did you mean.*index_hit_ratio/i],
    [['--try', 'index_hit_ratio.window=1m'], /cannot be tried afterwards/],
    [['--from', 'yesterday'], /--from and --to are a date/],
    [['--from', at(300)], /--from must be before --to/],
    [['--step', '1s', '--from', '30d'], /give a larger --step/],
    [['--objective', 'speed'], /there is no objective speed/],
    [['--prometheus', 'prometheus:9090'], /needs a URL such as http/],
  ])('refuses %j with what to write instead', async (args, message) => {
    const { code, stdout, stderr } = await replay(...args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('says what is wrong with a server that is not there, not Prometheus, or refuses, and never the password', async () => {
    const closed = await findFreePort();
    const other = await startHttp((path) => (path.startsWith('/denied') ? 401 : 200));
    const ask = (url: string) => runReeve(['backtest', '--prometheus', url], { cwd: folder.path });

    const refused = await ask(`http://reader:canary@127.0.0.1:${closed}`);
    const wrong = await ask(other.url);
    const denied = await ask(`${other.url}/denied`);
    other.server.close();

    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/cannot be reached: .*ECONNREFUSED/);
    expect(refused.stderr).not.toContain('canary');
    expect(wrong.stderr).toMatch(/not as Prometheus does/);
    expect(denied.stderr).toMatch(/REEVE_PROMETHEUS_TOKEN/);
  });

  it('says so when there is no history', async () => {
    const { code, stdout } = await replay('--target', 'nobody');

    expect(code).toBe(0);
    expect(stdout).toMatch(/No series reeve_objective_value in this time/);
  });
});

/** Four hours of a database whose hit ratio is low for 25 minutes, of another that is well, and of a replica that is late twice. */
function history(): string {
  const value = (objective: string, subject: string, engine = 'postgres') =>
    `reeve_objective_value{target="orders",engine="${engine}",objective="${objective}",subject="${subject}",instance="a:1",job="reeve"}`;
  const series = [
    [value('index_hit_ratio', 'shop'), (step: number) => (step > 60 && step <= 85 ? 0.9 : 0.999)],
    [value('index_hit_ratio', 'stock'), () => 0.98],
    [
      value('replication_lag_seconds', 'standby'),
      (step: number) => ((step > 30 && step < 40) || (step > 150 && step < 160) ? 12 : 0.01),
    ],
  ] as const;
  const lines = series.flatMap(([name, valueAt]) =>
    Array.from({ length: 241 }, (_, step) => `${name} ${valueAt(step)} ${(begin + step * minute) / 1_000}`),
  );
  return `# TYPE reeve_objective_value gauge\n${lines.join('\n')}\n# EOF\n`;
}

async function startHttp(
  statusOf: (path: string) => number,
): Promise<{ readonly server: Server; readonly url: string }> {
  const port = await findFreePort();
  const server = createServer((request, response) => {
    response.writeHead(statusOf(request.url ?? '/'), { 'content-type': 'text/html' });
    response.end('<html>hello</html>');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${port}` };
}
