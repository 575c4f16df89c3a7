import { targets } from '../../agent-config.ts';
import { type Scrape, valueOf } from '../../exposition.ts';
import { whole } from '../format.ts';
import { type Row, sinceStart, twoReadings } from '../row.ts';
import { replicaBasis } from './replica-basis.ts';

const { sessionsCache, sessionsReplica } = targets;

const inSessions = (scrape: Scrape, metric: string): number =>
  valueOf(scrape, `reeve_redis_${metric}`, { target: sessionsCache }) ?? 0;
const lookups = (scrape: Scrape): number =>
  inSessions(scrape, 'keyspace_hits_total') + inSessions(scrape, 'keyspace_misses_total');

export const redisRows: readonly Row[] = [
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
