import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { startOtlp } from '../../../src/export/otlp.ts';
import type { OtlpPush } from '../../../src/export/otlp-push.ts';
import type { AgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { createAgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { findFreePort } from '../../support/net/free-port.ts';
import type { OtlpReceiver } from '../../support/otlp/receiver.ts';
import { startOtlpReceiver } from '../../support/otlp/receiver.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { metric, SnapshotTable, snapshot } from './snapshots.ts';

const canary = 'canary-otlp-token';
const ratio = metric({ name: 'reeve_postgres_index_hit_ratio', unit: 'ratio', labels: { database: 'x' } });
const reads = metric({ name: 'reeve_reads_total', kind: 'counter', labels: { database: 'x', index: 'x' } });
const scans = metric({ name: 'reeve_postgres_scans_total', kind: 'counter', otlp: 'postgresql.index.scans' });

let receiver: OtlpReceiver;
let table: SnapshotTable;
let clock: FakeClock;
let log: RecordingLog;
let agent: AgentMetrics;
let push: OtlpPush | undefined;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  table = new SnapshotTable();
  clock = new FakeClock(Date.UTC(2026, 0, 1, 12));
  log = createRecordingLog();
  agent = createAgentMetrics();
  push = undefined;
});

afterEach(async () => {
  await push?.close(50);
  await receiver.close();
});

/** Pushes happen at the close, so that no test waits for the interval; an interval of its own is for faults. */
async function start(
  options: {
    readonly endpoint?: string;
    readonly intervalMs?: number;
    readonly maxBatchPoints?: number;
  } = {},
): Promise<OtlpPush> {
  push = await startOtlp({
    options: {
      endpoint: receiver.url,
      intervalMs: 3_600_000,
      timeoutMs: 5_000,
      headers: { authorization: new Secret(canary) },
      ...options,
    },
    snapshots: table,
    agent,
    clock,
    log,
    version: '1.2.3',
    instanceId: 'host1',
    systems: new Map([
      ['postgres', 'postgresql'],
      ['redis', 'redis'],
    ]),
  });
  return push;
}

async function outcomes(signal = 'metrics'): Promise<Record<string, number>> {
  const family = (await agent.families()).find(({ name }) => name === 'reeve_otlp_exports_total');
  const points = (family?.points ?? []).filter(({ labels }) => labels['signal'] === signal);
  return Object.fromEntries(points.map(({ labels, value }) => [String(labels['outcome']), value]));
}

const nanos = (timeMs: number) => BigInt(timeMs) * 1_000_000n;

describe('metrics over OTLP', () => {
  it('carry the name, unit, attributes and time of the poll', async () => {
    const at = Date.UTC(2026, 0, 1, 11, 59, 30);
    const server = { address: 'db1.example', port: 5432 };
    table.publish(
      snapshot('orders', [[ratio, 0.97, { database: 'shop' }]], { at, server, labels: { team: 'payments' } }),
    );

    await (await start()).close(5_000);

    expect(receiver.points('reeve.postgres.index_hit_ratio')).toMatchObject([
      {
        kind: 'gauge',
        unit: '1',
        value: 0.97,
        timeUnixNano: nanos(at),
        attributes: {
          'reeve.target': 'orders',
          'db.system.name': 'postgresql',
          'db.namespace': 'shop',
          'server.address': 'db1.example',
          'server.port': 5432,
          team: 'payments',
        },
        resource: { 'service.name': 'reeve', 'service.version': '1.2.3' },
      },
    ]);
  });

  it('are compressed protobuf, with the headers of the configuration', async () => {
    table.publish(snapshot('orders', [[ratio, 1]]));

    await (await start()).close(5_000);

    expect(receiver.requests).toHaveLength(1);
    expect(receiver.requests[0]).toMatchObject({
      path: '/v1/metrics',
      contentEncoding: 'gzip',
      headers: { 'content-type': 'application/x-protobuf', authorization: canary },
    });
    expect(await outcomes()).toEqual({ success: 1 });
  });

  it('take the name of an OpenTelemetry receiver where the definition gives one', async () => {
    table.publish(snapshot('orders', [[scans, 4]]));

    await (await start()).close(5_000);

    expect(receiver.points('postgresql.index.scans')).toHaveLength(1);
  });

  it('count from the first observation, and after a restart from the last one before it', async () => {
    const labels = { database: 'shop', index: 'i' };
    const at = (minute: number) => Date.UTC(2026, 0, 1, 11, minute);
    await start();
    table.publish(snapshot('orders', [[reads, 100, labels]], { at: at(0) }));
    table.publish(snapshot('orders', [[reads, 150, labels]], { at: at(1) }));
    table.publish(snapshot('orders', [[reads, 5, labels]], { at: at(2) }));
    table.publish(snapshot('orders', [[reads, 200, labels]], { at: at(3) }));

    await push?.close(5_000);

    expect(receiver.points('reeve.reads')).toMatchObject([
      {
        kind: 'sum',
        isMonotonic: true,
        temporality: 'cumulative',
        value: 200,
        startTimeUnixNano: nanos(at(1)),
        timeUnixNano: nanos(at(3)),
      },
    ]);
  });

  it('leave out what vanished from the snapshot', async () => {
    await start();
    table.publish(snapshot('orders', [[ratio, 1, { database: 'old' }]]));
    table.publish(snapshot('orders', [[ratio, 1, { database: 'new' }]]));
    table.publish(snapshot('gone', [[ratio, 1, { database: 'old' }]]));
    table.remove('gone');

    await push?.close(5_000);

    const names = receiver
      .points('reeve.postgres.index_hit_ratio')
      .map((point) => point.attributes['db.namespace']);
    expect(names).toEqual(['new']);
  });

  it('include the agent’s own', async () => {
    agent.set('targets', 3, {});

    await (await start()).close(5_000);

    expect(receiver.points('reeve.targets')).toMatchObject([{ kind: 'gauge', value: 3 }]);
  });

  it('go out in batches', async () => {
    const rows = Array.from({ length: 25 }, (_, index) => [reads, 1, { index: `i${index}` }] as const);
    table.publish(snapshot('orders', rows));

    await (await start({ maxBatchPoints: 10 })).close(5_000);

    expect(receiver.requests.length).toBeGreaterThanOrEqual(3);
    expect(receiver.points('reeve.reads')).toHaveLength(25);
  });
});

describe('a broken endpoint', () => {
  it('that refuses the data is counted and said once, without the token', async () => {
    receiver.set(400);
    table.publish(snapshot('orders', [[ratio, 1]]));

    await (await start()).close(5_000);

    expect(await outcomes()).toEqual({ failure: 1 });
    expect(log.events.filter(({ message }) => message === 'OTLP export fails')).toHaveLength(1);
    expect(JSON.stringify(log.events)).not.toContain(canary);
  });

  it('that is not there does not hold up the end', async () => {
    table.publish(snapshot('orders', [[ratio, 1]]));
    await start({ endpoint: `http://127.0.0.1:${await findFreePort()}` });
    const begun = performance.now();

    await push?.close(100);

    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('that never answers gets one batch of a collection, not all of them', async () => {
    receiver.set('hang');
    const rows = Array.from({ length: 50 }, (_, index) => [reads, 1, { index: `i${index}` }] as const);
    table.publish(snapshot('orders', rows));
    await start({ intervalMs: 200, maxBatchPoints: 10 });

    await expect.poll(() => outcomes(), { timeout: 5_000 }).toHaveProperty('failure');

    expect(receiver.requests.length).toBeLessThan(5);
  });
});

describe('an endpoint that is dead for long', () => {
  it('keeps no more spans than its queue holds', async () => {
    receiver.set('hang');
    const { tracing } = await start();
    for (let index = 0; index < 10_000; index += 1) tracing.start('collect', { target: 'orders' }).end();
    await expect.poll(() => receiver.requests.length, { timeout: 5_000 }).toBe(1);
    receiver.set('accept');

    await push?.close(1_000);

    // All of the queue, and nothing beside it but the batch that hangs.
    expect(receiver.spans('collect')).toHaveLength(2_048);
  });

  it('keeps no collection that it could not push: the next push is of what is known then', async () => {
    receiver.set('hang');
    await start({ intervalMs: 100 });
    for (let value = 0; value < 5; value += 1) {
      table.publish(snapshot('orders', [[ratio, value / 10]]));
      const asked = receiver.requests.length;
      await expect.poll(() => receiver.requests.length, { timeout: 5_000 }).toBeGreaterThan(asked);
    }
    table.publish(snapshot('orders', [[ratio, 1]]));
    receiver.set('accept');

    await receiver.waitForMetric('reeve.postgres.index_hit_ratio');

    const values = receiver.points('reeve.postgres.index_hit_ratio').map(({ value }) => value);
    expect(new Set(values)).toEqual(new Set([1]));
  });
});

describe('traces', () => {
  it('hold a span for each collection with a child for each group', async () => {
    const { tracing } = await start();
    const collection = tracing.start('collect', { target: 'orders', engine: 'postgres' });
    const group = collection.child('read group', { group: 'indexes', code: undefined });
    group.fail('timeout', 'gave up after 10 s');
    group.end();
    collection.end();

    await push?.close(5_000);

    const [parent] = receiver.spans('collect');
    const [child] = receiver.spans('read group');
    expect(parent).toMatchObject({ attributes: { 'reeve.target': 'orders', 'reeve.engine': 'postgres' } });
    expect(child).toMatchObject({
      parentSpanId: parent?.spanId,
      attributes: { 'reeve.group': 'indexes', 'reeve.code': 'timeout' },
    });
    expect(await outcomes('traces')).toEqual({ success: 1 });
  });
});
