import { expect, it, onTestFinished } from 'vitest';
import type { Engine } from '../../src/sdk.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { watchTarget } from '../../tests/support/watching.ts';
import { byGroup, fixture, fixtureEngine, type Replies } from './testing/fixture-engine.ts';

const node = '127.0.0.1:6379';
const intervalMs = 15_000;

/** A server after so many collections, with ten lookups and ten calls between two. */
function after(collections: number): Replies {
  const calls = 100 + 10 * collections;
  return {
    INFO: fixture('redis-7.0-primary-evicting.txt')
      .replace(/^keyspace_hits:.*$/m, `keyspace_hits:${calls}`)
      .replace(/^keyspace_misses:.*$/m, 'keyspace_misses:0'),
    'LATENCY HISTOGRAM': ['get', ['calls', calls, 'histogram_usec', [16, calls]]],
    'SLOWLOG GET': [],
    'CONFIG GET save': ['save', ''],
    'CONFIG GET appendonly': ['appendonly', 'no'],
    SCAN: ['0', []],
  };
}

it('takes the hit ratio and the percentiles of latency each over the window of its objective', async () => {
  let collections = 0;
  const clock = new FakeClock();
  const usual = fixtureEngine(() => ({ [node]: after(collections) }), clock);
  const windowsMs = { cache_hit_ratio: 60_000, oltp_query_seconds: 30_000 };
  const engine: Engine = {
    ...usual,
    createCollector: (input) => usual.createCollector({ ...input, target: { ...input.target, windowsMs } }),
  };
  const watching = watchTarget({ engine, target: { url: `redis://reeve@${node}`, interval: '15s' } });
  onTestFinished(() => watching.watch.close());

  for (; collections < 12; collections += 1) {
    await watching.collect();
    await clock.advance(intervalMs);
  }
  const readings = byGroup(await watching.collect());

  expect(readings('cache').samples.at(-1)).toMatchObject({ value: 1, basis: 40 });
  expect(readings('latency').samples.at(-1)).toMatchObject({ basis: 20 });
});
