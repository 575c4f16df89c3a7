import { type Info, parseFields, toNumber } from './info.ts';

/** What says how a cache fares; all since the server's start or the last reset of its statistics. */
export type LookupCounter =
  | 'hits'
  | 'misses'
  | 'evicted'
  | 'expired'
  /** Calls of commands that write strings and hashes, as caches do. */
  | 'writes'
  /** Commands refused because the memory was full. */
  | 'refused'
  // These two notice a reset of statistics after which hits and misses have already passed their old values.
  | 'commands'
  | 'connections';

const writing = ['set', 'setex', 'psetex', 'setnx', 'mset', 'msetnx', 'getset', 'hset', 'hmset'] as const;

/** Undefined where the server does not count lookups. */
export function lookupCounters(info: Info): Readonly<Record<LookupCounter, number>> | undefined {
  const hits = info.number('keyspace_hits');
  const misses = info.number('keyspace_misses');
  if (hits === undefined || misses === undefined) return undefined;
  const calls = info.list('commandstats');
  const writes = writing.map((name) =>
    toNumber(parseFields(calls.get(`cmdstat_${name}`) ?? '').get('calls')),
  );
  const refused = parseFields(info.list('errorstats').get('errorstat_OOM') ?? '').get('count');
  return {
    hits,
    misses,
    evicted: info.number('evicted_keys') ?? 0,
    expired: info.number('expired_keys') ?? 0,
    writes: writes.reduce<number>((sum, count) => sum + (count ?? 0), 0),
    refused: toNumber(refused) ?? 0,
    commands: info.number('total_commands_processed') ?? 0,
    connections: info.number('total_connections_received') ?? 0,
  };
}
