import { targets } from '../../agent-config.ts';
import { type Scrape, valueOf } from '../../exposition.ts';
import { whole } from '../format.ts';
import { type Row, sinceStart, twoReadings } from '../row.ts';

const { sessionsCache, sessionsReplica } = targets;

const inSessions = (scrape: Scrape, metric: string): number =>
  valueOf(scrape, `reeve_redis_${metric}`, { target: sessionsCache }) ?? 0;

export const redisRows: readonly Row[] = [
  {
    target: sessionsCache,
    label: 'command latency p99',
    metric: 'reeve_redis_command_latency_p99_seconds',
    how: 'max',
    unit: 'seconds',
    group: 'latency',
    basis: () => 'without the commands of the agent',
    absent: twoReadings,
  },
  {
    target: sessionsCache,
    label: 'evicted keys',
    metric: 'reeve_redis_evicted_keys_total',
    unit: 'count',
    group: 'cache',
    basis: () => sinceStart,
    absent: 'not reported',
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
