import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { startReplicaSet } from '../../tests/support/mongod/deployment.ts';
import { linesOf, readFor, watchGroup } from './testing/watch-data.ts';

const hour = 3_600_000;

/** A set with two unused indexes, watched from the evening before a quarter ends. */
async function endOfQuarter() {
  const clock = new FakeClock(Date.UTC(2026, 8, 30, 17));
  const indexes = [
    { key: { old: 1 }, sizeBytes: 8_192 },
    { key: { older: 1 }, sizeBytes: 40_960 },
  ];
  const deployment = await startReplicaSet({
    clock,
    members: [{}, {}],
    databases: { shop: { orders: { indexes } } },
  });
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  const watching = watchGroup(deployment, { group: 'indexes', clock, target: { unusedAfter: '4h' } });
  return { deployment, watching };
}

describe('unused indexes', () => {
  it('are overdue when they were proven before the last quarter ended, and no earlier', async () => {
    const { deployment, watching } = await endOfQuarter();
    await readFor(watching, hour);
    deployment.use('shop.orders', 'old_1', 1, 1);

    const september = await readFor(watching, 5.5 * hour);
    const october = await readFor(watching, hour);

    expect(linesOf(september, 'index_bytes')).toContain('mongodb_overdue_unused_index_bytes{shop} 0');
    expect(linesOf(september, 'index_bytes')).toContain('mongodb_unused_index_bytes{shop} 49152');
    expect(linesOf(october, 'index_bytes')).toContain('mongodb_overdue_unused_index_bytes{shop} 49152');
  });

  it('whose proof is younger than the quarter are not overdue in it', async () => {
    const { deployment, watching } = await endOfQuarter();
    await readFor(watching, 5 * hour);
    deployment.use('shop.orders', 'old_1', 1, 1);

    const october = await readFor(watching, 6 * hour);

    expect(linesOf(october, 'index_bytes')).toContain('mongodb_overdue_unused_index_bytes{shop} 40960');
    expect(linesOf(october, 'index_bytes')).toContain('mongodb_unused_index_bytes{shop} 49152');
  });
});
