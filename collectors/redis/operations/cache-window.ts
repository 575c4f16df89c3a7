import { ratio, type Snapshot } from '../../../src/sdk.ts';

/** What happened in the window of the hit ratio, over the servers that were read. */
export interface CacheWindow {
  readonly seconds: number;
  readonly hits: number;
  readonly misses: number;
  readonly evicted: number;
  readonly expired: number;
  readonly writes: number;
  readonly refused: number;
  /** Undefined without lookups. */
  readonly hitRatio: number | undefined;
  /** Unix time in milliseconds of the reading. */
  readonly readAt: number;
}

const counted = ['hits', 'misses', 'evicted', 'expired', 'writes', 'refused'] as const;

/** The latest window of one server; undefined before the second collection, and after a restart of the server until then. */
export function cacheWindow(snapshot: Snapshot | undefined, node: string): CacheWindow | undefined {
  const reading = snapshot?.readings.find(({ group }) => group === 'cache');
  const row = reading?.details['cache_window']?.find((each) => each['node'] === node);
  if (reading === undefined || row === undefined) return undefined;
  const number = (name: string): number => {
    const value = row[name];
    return typeof value === 'number' ? value : 0;
  };
  const [hits, misses, evicted, expired, writes, refused] = counted.map(number);
  if (hits === undefined || misses === undefined) return undefined;
  return {
    seconds: number('seconds'),
    hits,
    misses,
    evicted: evicted ?? 0,
    expired: expired ?? 0,
    writes: writes ?? 0,
    refused: refused ?? 0,
    hitRatio: ratio(hits, hits + misses),
    readAt: reading.at,
  };
}

/** As evidence: numbers, a second and in all. */
export function windowBody(window: CacheWindow): Readonly<Record<string, number | string | null>> {
  const { seconds, hitRatio, readAt, ...counts } = window;
  return { readAt: new Date(readAt).toISOString(), seconds, hitRatio: hitRatio ?? null, ...counts };
}

export function perSecond(count: number, { seconds }: CacheWindow): number {
  return seconds > 0 ? count / seconds : 0;
}
