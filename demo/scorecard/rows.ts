import type { ObjectiveId } from '../../src/core/objective.ts';
import { targets, unusedAfter } from '../agent-config.ts';
import { type Combination, type Scrape, valueOf, type Where } from '../exposition.ts';
import { duration, whole } from './format.ts';

/** One measured value. */
export interface Row {
  readonly target: string;
  /** The objective it is the indicator of. */
  readonly objective?: ObjectiveId;
  /** What it is called where it is no objective. */
  readonly label?: string;
  readonly metric: string;
  readonly where?: Where;
  /** How several series become one value. Default sum. */
  readonly how?: Combination;
  readonly unit: 'seconds' | 'ratio' | 'bytes' | 'count' | 'off when 0';
  /** The reading group that brings it: why it is missing is asked there. */
  readonly group: string;
  /** What the value rests on, or what stands beside it; counters are those since the servers' start and say so. */
  readonly basis: (scrape: Scrape) => string;
  /** Observations since the servers' start, where the objective demands some. */
  readonly observations?: (scrape: Scrape) => number;
  /** What they are. */
  readonly observed?: string;
  /** Why the value is missing although its group was read. */
  readonly absent: string;
}

const shop = { database: 'shop' } as const;
const { ordersPrimary, ordersStandby, sessionsCache, sessionsReplica } = targets;

const inOrders = (scrape: Scrape, metric: string, target: string = ordersPrimary): number =>
  valueOf(scrape, `reeve_postgres_${metric}`, { target, ...shop }) ?? 0;
const inSessions = (scrape: Scrape, metric: string): number =>
  valueOf(scrape, `reeve_redis_${metric}`, { target: sessionsCache }) ?? 0;

/** What a counter of the servers' own says, which is more than the window of the value beside it. */
export const sinceStart = 'since the start';

const twoReadings = 'needs two readings';
const indexBlocks = (target: string) => (scrape: Scrape) =>
  inOrders(scrape, 'index_blocks_hit_total', target) + inOrders(scrape, 'index_blocks_read_total', target);
const tableBlocks = (scrape: Scrape): number =>
  inOrders(scrape, 'table_blocks_hit_total') + inOrders(scrape, 'table_blocks_read_total');
const lookups = (scrape: Scrape): number =>
  inSessions(scrape, 'keyspace_hits_total') + inSessions(scrape, 'keyspace_misses_total');

/** In the order in which they are shown. */
export const rows: readonly Row[] = [
  {
    target: ordersPrimary,
    objective: 'index_hit_ratio',
    metric: 'reeve_postgres_index_hit_ratio',
    where: shop,
    unit: 'ratio',
    group: 'relations',
    basis: (scrape) => `${whole(indexBlocks(ordersPrimary)(scrape))} index blocks ${sinceStart}`,
    observations: indexBlocks(ordersPrimary),
    observed: 'index blocks',
    absent: twoReadings,
  },
  {
    target: ordersPrimary,
    label: 'table hit ratio',
    metric: 'reeve_postgres_table_hit_ratio',
    where: shop,
    unit: 'ratio',
    group: 'relations',
    basis: (scrape) => `${whole(tableBlocks(scrape))} table blocks ${sinceStart}`,
    absent: twoReadings,
  },
  {
    target: ordersPrimary,
    objective: 'oltp_query_seconds',
    metric: 'reeve_postgres_statement_p95_estimate_seconds',
    where: shop,
    unit: 'seconds',
    group: 'statements',
    basis: (scrape) =>
      `p95, estimated; ${whole(inOrders(scrape, 'statement_calls_total'))} calls ${sinceStart}`,
    observations: (scrape) => inOrders(scrape, 'statement_calls_total'),
    observed: 'calls',
    absent: twoReadings,
  },
  {
    target: ordersPrimary,
    label: 'new statements',
    metric: 'reeve_postgres_new_statements',
    unit: 'count',
    group: 'top_statements',
    basis: () => 'first seen within a day',
    absent: 'needs two readings',
  },
  {
    target: ordersPrimary,
    objective: 'replication_lag_seconds',
    metric: 'reeve_replication_lag_seconds',
    how: 'max',
    unit: 'seconds',
    group: 'replication',
    basis: (scrape) => replicaBasis(scrape, ordersPrimary),
    absent: 'no replica is connected',
  },
  {
    target: ordersPrimary,
    objective: 'unused_index_bytes',
    metric: 'reeve_postgres_unused_index_bytes',
    where: shop,
    unit: 'bytes',
    group: 'indexes',
    basis: (scrape) =>
      `${whole(inOrders(scrape, 'unused_indexes'))} unused for ${unusedAfter} (100 days in real life)`,
    absent: `no proof within ${unusedAfter} (100 days in real life)`,
  },
  {
    target: ordersPrimary,
    label: 'duplicate indexes',
    metric: 'reeve_postgres_duplicate_indexes',
    where: shop,
    unit: 'count',
    group: 'indexes',
    basis: (scrape) =>
      `${whole(inOrders(scrape, 'redundant_indexes'))} redundant; ${whole(inOrders(scrape, 'foreign_keys_without_index'))} foreign key without an index`,
    absent: twoReadings,
  },
  {
    target: ordersPrimary,
    label: 'invalid indexes',
    metric: 'reeve_postgres_invalid_indexes',
    where: shop,
    unit: 'count',
    group: 'relations',
    basis: () => 'left by a cancelled CREATE INDEX CONCURRENTLY',
    absent: twoReadings,
  },
  {
    target: ordersPrimary,
    label: 'blocked sessions',
    metric: 'reeve_postgres_blocked_sessions',
    unit: 'count',
    group: 'activity',
    basis: (scrape) =>
      `oldest transaction ${duration(valueOf(scrape, 'reeve_postgres_oldest_transaction_seconds', { target: ordersPrimary }, 'max') ?? 0)}`,
    absent: 'not reported',
  },
  {
    target: ordersStandby,
    objective: 'replication_lag_seconds',
    metric: 'reeve_replication_lag_seconds',
    how: 'max',
    unit: 'seconds',
    group: 'replication',
    basis: (scrape) => `its own view; ${replicaBasis(scrape, ordersStandby)}`,
    absent: 'the standby does not know',
  },
  {
    target: ordersStandby,
    objective: 'index_hit_ratio',
    metric: 'reeve_postgres_index_hit_ratio',
    where: shop,
    unit: 'ratio',
    group: 'relations',
    basis: (scrape) => `${whole(indexBlocks(ordersStandby)(scrape))} index blocks ${sinceStart}`,
    observations: indexBlocks(ordersStandby),
    observed: 'index blocks',
    absent: twoReadings,
  },
  {
    target: ordersStandby,
    objective: 'olap_query_seconds',
    metric: 'reeve_postgres_statement_hourly_p95_estimate_seconds',
    where: shop,
    unit: 'seconds',
    group: 'statements',
    basis: (scrape) =>
      `p95, estimated; ${whole(inOrders(scrape, 'statement_calls_total', ordersStandby))} reports ${sinceStart}`,
    observations: (scrape) => inOrders(scrape, 'statement_calls_total', ordersStandby),
    observed: 'reports',
    absent: twoReadings,
  },
  {
    target: sessionsCache,
    objective: 'cache_hit_ratio',
    metric: 'reeve_redis_cache_hit_ratio',
    unit: 'ratio',
    group: 'cache',
    basis: (scrape) =>
      `${whole(lookups(scrape))} lookups, ${whole(inSessions(scrape, 'evicted_keys_total'))} evicted ${sinceStart}`,
    observations: lookups,
    observed: 'lookups',
    absent: twoReadings,
  },
  {
    target: sessionsCache,
    objective: 'oltp_query_seconds',
    metric: 'reeve_redis_command_latency_p99_seconds',
    how: 'max',
    unit: 'seconds',
    group: 'latency',
    basis: () => 'p99 of the commands, without those of the agent',
    absent: twoReadings,
  },
  {
    target: sessionsCache,
    objective: 'replication_lag_seconds',
    metric: 'reeve_replication_lag_seconds',
    how: 'max',
    unit: 'seconds',
    group: 'replication',
    basis: (scrape) => replicaBasis(scrape, sessionsCache),
    absent: 'the offset of the replica is not known yet',
  },
  {
    target: sessionsCache,
    label: 'largest key',
    metric: 'reeve_redis_largest_key_bytes',
    how: 'max',
    unit: 'bytes',
    group: 'biggest_keys',
    basis: (scrape) => `among ${whole(inSessions(scrape, 'keys'))} keys; found in the background`,
    absent: 'no walk over the keys is finished',
  },
  {
    target: sessionsCache,
    label: 'persistence',
    metric: 'reeve_redis_persistence_enabled',
    how: 'min',
    unit: 'off when 0',
    group: 'configuration',
    basis: () => 'a restart loses the data while it is off',
    absent: 'not reported',
  },
  {
    target: sessionsReplica,
    label: 'link to the primary',
    metric: 'reeve_redis_replication_link_up',
    how: 'min',
    unit: 'off when 0',
    group: 'replication',
    basis: () => 'as the replica sees it',
    absent: 'not reported',
  },
];

function replicaBasis(scrape: Scrape, target: string): string {
  const bytes = valueOf(scrape, 'reeve_replication_lag_bytes', { target }, 'max');
  return bytes === undefined ? 'bytes not known' : `${whole(bytes)} bytes to replay`;
}
