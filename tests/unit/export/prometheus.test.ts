import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { PrometheusExporter, ScrapeRequest } from '../../../src/export/prometheus.ts';
import { createPrometheusExporter } from '../../../src/export/prometheus.ts';
import type { AgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { createAgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { metric, SnapshotTable, snapshot } from './snapshots.ts';

const openMetrics: ScrapeRequest = { accept: 'application/openmetrics-text;version=1.0.0' };
const up = metric({ name: 'reeve_target_up', help: 'Whether it is up.' });
const reads = metric({ name: 'reeve_reads_total', kind: 'counter', labels: { database: 'x', index: 'x' } });
const lag = metric({ name: 'reeve_replication_lag_seconds', unit: 'seconds', labels: { replica: 'x' } });

const silentAgent: AgentMetrics = { set: () => {}, clear: () => {}, add: () => {}, families: async () => [] };

function setUp(agent: AgentMetrics = silentAgent) {
  const clock = new FakeClock();
  const table = new SnapshotTable();
  const log = createRecordingLog();
  const exporter = createPrometheusExporter({ snapshots: table, agent, clock, log });
  return { clock, table, log, exporter };
}

async function scrapeText(exporter: PrometheusExporter, request: ScrapeRequest = {}): Promise<string> {
  const { chunks } = await exporter.scrape(request);
  const body = Buffer.concat([...chunks]);
  return (request.acceptEncoding === 'gzip' ? gunzipSync(body) : body).toString('utf8');
}

function linesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

describe('scrape', () => {
  it('writes the whole page in the text format', async () => {
    const { table, exporter } = setUp();
    table.publish(
      snapshot(
        'orders',
        [
          [reads, 7, { database: 'shop', index: 'a "b"\n\\c' }],
          [up, 1],
        ],
        { labels: { team: 'payments' } },
      ),
    );

    expect(await scrapeText(exporter)).toBe(`# HELP reeve_reads_total Something measured.
# TYPE reeve_reads_total counter
reeve_reads_total{target="orders",engine="postgres",team="payments",database="shop",index="a \\"b\\"\\n\\\\c"} 7
# HELP reeve_target_up Whether it is up.
# TYPE reeve_target_up gauge
reeve_target_up{target="orders",engine="postgres",team="payments"} 1
# HELP reeve_snapshot_age_seconds Time since the latest collection of the target ended, whether it succeeded or not; labels target and engine.
# TYPE reeve_snapshot_age_seconds gauge
reeve_snapshot_age_seconds{target="orders",engine="postgres",team="payments"} 0
`);
  });

  it('writes OpenMetrics with counters named bare, units and an end mark', async () => {
    const { table, exporter } = setUp();
    table.publish(
      snapshot('orders', [
        [reads, 7, { database: 'shop', index: '' }],
        [lag, 0.5, { replica: 'r1' }],
      ]),
    );

    const page = await scrapeText(exporter, openMetrics);

    expect(page).toContain(
      '# TYPE reeve_reads counter\nreeve_reads_total{target="orders",engine="postgres",database="shop"} 7\n',
    );
    expect(page).toContain('# UNIT reeve_replication_lag_seconds seconds\n');
    expect(page.endsWith('\n# EOF\n')).toBe(true);
    expect(page.match(/# EOF/g)).toHaveLength(1);
  });

  it('says which format and encoding it chose', async () => {
    const { exporter } = setUp();

    const { status, headers, chunks } = await exporter.scrape({ ...openMetrics, acceptEncoding: 'gzip' });

    expect(status).toBe(200);
    expect(headers).toEqual({
      'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      'content-encoding': 'gzip',
      'content-length': String(Buffer.concat([...chunks]).length),
      'cache-control': 'no-store',
      vary: 'Accept, Accept-Encoding',
    });
  });

  it('sends the same page compressed', async () => {
    const { table, exporter } = setUp();
    table.publish(snapshot('orders', [[up, 1]]));

    const plain = await scrapeText(exporter, openMetrics);
    const zipped = await scrapeText(exporter, { ...openMetrics, acceptEncoding: 'gzip' });

    expect(zipped).toBe(plain);
  });

  it('keeps a family together that two targets of two engines share', async () => {
    const { table, exporter } = setUp();
    table.publish(
      snapshot(
        'sessions',
        [
          [lag, 2, { replica: 'b' }],
          [up, 1],
        ],
        { engine: 'redis' },
      ),
    );
    table.publish(
      snapshot('orders', [
        [up, 0],
        [lag, 1, { replica: 'a' }],
      ]),
    );

    const page = await scrapeText(exporter);

    expect(page.match(/# TYPE reeve_replication_lag_seconds /g)).toHaveLength(1);
    expect(page).toContain(
      'reeve_replication_lag_seconds{target="orders",engine="postgres",replica="a"} 1\nreeve_replication_lag_seconds{target="sessions",engine="redis",replica="b"} 2\n',
    );
  });

  it('describes a family as the alphabetically first engine does, whoever came first', async () => {
    const { table, exporter } = setUp();
    table.publish(
      snapshot('a', [[metric({ name: 'reeve_size', help: 'By redis.' }), 1]], { engine: 'redis' }),
    );
    table.publish(
      snapshot('b', [[metric({ name: 'reeve_size', help: 'By mongodb.' }), 2]], { engine: 'mongodb' }),
    );

    const page = await scrapeText(exporter);

    expect(page).toContain('# HELP reeve_size By mongodb.\n');
    expect(page).not.toContain('By redis.');
  });

  it('drops what is no longer in the snapshot, and a target that is no longer watched', async () => {
    const { table, exporter, clock } = setUp();
    table.publish(
      snapshot('orders', [
        [reads, 7, { database: 'shop', index: 'gone' }],
        [up, 1],
      ]),
    );
    table.publish(snapshot('sessions', [[up, 1]]));
    await scrapeText(exporter);

    table.publish(snapshot('orders', [[up, 1]]));
    table.remove('sessions');
    await clock.advance(2_000);
    const page = await scrapeText(exporter);

    expect(page).not.toContain('gone');
    expect(page).not.toContain('reeve_reads_total');
    expect(page).not.toContain('sessions');
    expect(linesOf(page, 'reeve_target_up')).toHaveLength(1);
  });

  it('shows the age of what is on the page, as of the scrape', async () => {
    const { table, exporter, clock } = setUp();
    table.publish(snapshot('orders', [[up, 1]], { at: clock.now() }));
    await scrapeText(exporter);

    await clock.advance(4_250);

    expect(await scrapeText(exporter)).toContain(
      'reeve_snapshot_age_seconds{target="orders",engine="postgres"} 4.25\n',
    );
  });

  it('never shows a negative age when the clock was set back', async () => {
    const { table, exporter, clock } = setUp();
    table.publish(snapshot('orders', [[up, 1]], { at: clock.now() }));
    clock.jump(-60_000);

    expect(linesOf(await scrapeText(exporter), 'reeve_snapshot_age_seconds')[0]).toMatch(/ 0$/);
  });

  it('lets the metric win over a label of the operator with the same name', async () => {
    const { table, exporter } = setUp();
    const labels = { database: 'mine', team: 'a', target: 'no', 'not-valid': 'x' };
    table.publish(
      snapshot(
        'orders',
        [
          [reads, 1, { database: 'shop', index: 'i' }],
          [up, 1],
        ],
        { labels },
      ),
    );

    const page = await scrapeText(exporter);

    expect(linesOf(page, 'reeve_reads_total')).toEqual([
      'reeve_reads_total{target="orders",engine="postgres",team="a",database="shop",index="i"} 1',
    ]);
    expect(linesOf(page, 'reeve_target_up')).toEqual([
      'reeve_target_up{target="orders",engine="postgres",database="mine",team="a"} 1',
    ]);
  });

  it('writes a series once although a collector recorded it twice', async () => {
    const { table, exporter } = setUp();
    table.publish(
      snapshot('orders', [
        [lag, 1, { replica: 'a' }],
        [lag, 2, { replica: 'a' }],
      ]),
    );

    expect(linesOf(await scrapeText(exporter), 'reeve_replication_lag_seconds')).toHaveLength(1);
  });
});

describe('preparing pages', () => {
  it('takes a change up at most once a second', async () => {
    const { table, exporter, clock } = setUp();
    table.publish(snapshot('orders', [[up, 1]]));
    await scrapeText(exporter);
    table.publish(snapshot('orders', [[up, 0]]));

    await clock.advance(900);
    const early = await scrapeText(exporter);
    await clock.advance(200);
    const late = await scrapeText(exporter);

    expect(linesOf(early, 'reeve_target_up')[0]).toMatch(/ 1$/);
    expect(linesOf(late, 'reeve_target_up')[0]).toMatch(/ 0$/);
  });

  it('waits with the next page until shortly before a client that comes every 15 s', async () => {
    const { clock, table, exporter } = setUp();
    table.publish(snapshot('orders', [[up, 0]]));
    for (const _round of [1, 2, 3]) {
      await exporter.scrape({});
      await clock.advance(15_000);
    }
    await exporter.scrape({});
    table.publish(snapshot('orders', [[up, 1]]));
    await clock.advance(9_000);

    const early = await scrapeText(exporter);

    expect(linesOf(early, 'reeve_target_up')).toEqual([
      'reeve_target_up{target="orders",engine="postgres"} 0',
    ]);
  });

  it('has the page ready for a client that comes every 15 s', async () => {
    const { clock, table, exporter } = setUp();
    table.publish(snapshot('orders', [[up, 0]]));
    for (const _round of [1, 2, 3]) {
      await exporter.scrape({});
      await clock.advance(15_000);
    }
    await exporter.scrape({});
    await clock.advance(8_000);
    table.publish(snapshot('orders', [[up, 1]]));
    await clock.advance(7_000);

    const expected = await scrapeText(exporter);

    expect(linesOf(expected, 'reeve_target_up')).toEqual([
      'reeve_target_up{target="orders",engine="postgres"} 1',
    ]);
  });

  it('shows the newest snapshot to somebody who comes after a long time', async () => {
    const { table, exporter, clock } = setUp();
    table.publish(snapshot('orders', [[up, 1]]));
    await scrapeText(exporter);
    await clock.advance(10 * 60_000);
    table.publish(snapshot('orders', [[up, 0]]));
    await clock.advance(60_000);

    expect(linesOf(await scrapeText(exporter), 'reeve_target_up')[0]).toMatch(/ 0$/);
  });

  it('answers many scrapes of different kinds at the same time', async () => {
    const { table, exporter } = setUp();
    table.publish(snapshot('orders', [[up, 1]]));

    const pages = await Promise.all([
      scrapeText(exporter),
      scrapeText(exporter, openMetrics),
      scrapeText(exporter, { ...openMetrics, acceptEncoding: 'gzip' }),
      scrapeText(exporter, { acceptEncoding: 'gzip' }),
    ]);

    for (const page of pages) expect(linesOf(page, 'reeve_target_up')).toHaveLength(1);
  });

  it('still answers after it was closed', async () => {
    const { table, exporter } = setUp();
    table.publish(snapshot('orders', [[up, 1]]));
    await scrapeText(exporter);
    table.publish(snapshot('orders', [[up, 0]]));

    await exporter.close();

    expect(linesOf(await scrapeText(exporter), 'reeve_target_up')).toHaveLength(1);
  });
});

describe('the agent’s own metrics', () => {
  it('stand on the same page in both formats', async () => {
    const agent = createAgentMetrics();
    agent.set('targets', 3, {});
    agent.add('otlpExportsTotal', { signal: 'metrics', outcome: 'failure' }, 2);
    const { exporter } = setUp(agent);

    const text = await scrapeText(exporter);
    const open = await scrapeText(exporter, openMetrics);

    expect(text).toContain('# TYPE reeve_otlp_exports_total counter\n');
    expect(open).toContain('# TYPE reeve_otlp_exports counter\n');
    for (const page of [text, open]) {
      expect(page).toContain('reeve_targets 3\n');
      expect(page).toContain('reeve_otlp_exports_total{signal="metrics",outcome="failure"} 2\n');
    }
  });

  it('never repeat a family that a target has', async () => {
    const agent = createAgentMetrics();
    agent.set('targets', 3, {});
    const { table, exporter } = setUp(agent);
    table.publish(snapshot('orders', [[metric({ name: 'reeve_targets' }), 9]]));

    const page = await scrapeText(exporter);

    expect(page.match(/# TYPE reeve_targets /g)).toHaveLength(1);
    expect(page).toContain('reeve_targets{target="orders",engine="postgres"} 9\n');
  });

  it('do not cost the page when they cannot be read', async () => {
    const agent: AgentMetrics = { ...silentAgent, families: () => Promise.reject(new Error('no /proc')) };
    const { table, exporter, log } = setUp(agent);
    table.publish(snapshot('orders', [[up, 1]]));

    const page = await scrapeText(exporter, openMetrics);

    expect(linesOf(page, 'reeve_target_up')).toHaveLength(1);
    expect(page.endsWith('# EOF\n')).toBe(true);
    expect(log.events.map(({ message }) => message)).toEqual(['agent metrics could not be read']);
  });

  it('write the bounds of buckets as OpenMetrics wants them', async () => {
    const points = [
      { name: 'x_seconds_bucket', labels: { le: 1 }, value: 2 },
      { name: 'x_seconds_bucket', labels: { le: '+Inf' }, value: 2 },
      { name: 'x_seconds_sum', labels: {}, value: 0.5 },
      { name: 'x_seconds_count', labels: {}, value: 2 },
    ];
    const agent: AgentMetrics = {
      ...silentAgent,
      families: async () => [{ name: 'x_seconds', type: 'histogram', help: 'x', points }],
    };
    const { exporter } = setUp(agent);

    const open = await scrapeText(exporter, openMetrics);

    expect(open).toContain(
      'x_seconds_bucket{le="1.0"} 2\nx_seconds_bucket{le="+Inf"} 2\nx_seconds_sum 0.5\n',
    );
    expect(await scrapeText(exporter)).toContain('x_seconds_bucket{le="1"} 2\n');
  });
});
