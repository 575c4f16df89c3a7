import { ratio } from '../../src/sdk.ts';
import { type FieldReading, type NodeGroup, recordFields } from './fields.ts';
import type { RedisContext } from './metrics.ts';
import type { RedisNode } from './node.ts';

const fields: readonly FieldReading[] = [
  { field: 'keyspace_hits', metric: 'keyspaceHitsTotal' },
  { field: 'keyspace_misses', metric: 'keyspaceMissesTotal' },
  { field: 'evicted_keys', metric: 'evictedKeysTotal' },
  { field: 'evicted_clients', metric: 'evictedClientsTotal' },
  { field: 'expired_keys', metric: 'expiredKeysTotal' },
  { field: 'expired_stale_perc', metric: 'expiredStaleRatio', scale: 0.01 },
];

/** Lookups, evictions and expirations of one server. */
export const readCache: NodeGroup = (node, reading, context) => {
  recordFields(fields, node, reading, context);
  const window = node.lookups.delta();
  if (window === undefined) return;
  const { hits, misses, evicted, expired, writes, refused } = window.growth;
  const growth = { hits, misses, evicted, expired, writes, refused };
  context.detail('cache_window', [{ node: node.name, seconds: window.spanMs / 1_000, ...growth }]);
};

/**
 * The windowed hit ratio of the whole deployment. Unknown when the lookups of one of its primaries are: a ratio of the others could
 * hide a cold one.
 */
export function recordHitRatio(primaries: readonly (RedisNode | undefined)[], context: RedisContext): void {
  let hits = 0;
  let lookups = 0;
  for (const node of primaries) {
    const growth = node?.lookups.delta()?.growth;
    if (growth === undefined) return;
    hits += growth.hits;
    lookups += growth.hits + growth.misses;
  }
  context.record('cacheHitRatio', ratio(hits, lookups), {}, lookups);
}
