import { type EvidenceDraft, ratio } from '../../../src/sdk.ts';
import type { CacheWindow } from './cache-window.ts';
import { type Scene, shown } from './setting-scene.ts';

/** What the rates of a cache say about how it is used. */
interface Rates {
  /** Writes for each lookup. */
  readonly writes: number;
  /** Writes beyond those that fill what was missed, for each lookup: updates. */
  readonly updates: number;
  /** Keys that expired, for each miss. */
  readonly expired: number;
  /** Of keys: without a time to live. */
  readonly withoutExpiry: number;
}

interface Fit {
  readonly name: string;
  readonly fits: (rates: Rates) => boolean;
  readonly why: string;
  readonly how: string;
}

/** The first that fits is advised. */
const patterns: readonly Fit[] = [
  {
    name: 'write-behind',
    fits: ({ updates }) => updates > 1,
    why: 'values are updated more often than they are looked up: most of what is written is overwritten before anybody reads it',
    how: 'write to the cache and to a queue (XADD), and let a worker bring the newest value of each key to the database; what is in the queue is lost with the server unless it is persistent',
  },
  {
    name: 'write-through',
    fits: ({ updates }) => updates > 0.1,
    why: 'many writes do not follow a miss: values are updated while they are cached',
    how: 'write to the database and to the cache in the same step (SET key value EX ttl), so that the next lookup finds the new value',
  },
  {
    name: 'cache-aside with a placeholder',
    fits: () => true,
    why: 'values are read far more often than written, and written when they were missed',
    how: 'on a miss SET key caching-in-progress NX EX 10: only whoever gets OK asks the database, all others wait and look again; then SET key value EX ttl. It keeps a stampede away from the database when a popular key ends',
  },
];

/** All that fit are advised. */
const invalidations: readonly Fit[] = [
  {
    name: 'TTL-based, on every key',
    fits: ({ withoutExpiry }) => withoutExpiry >= 0.5,
    why: 'most keys have no time to live and stay until they are evicted',
    how: 'SET key value EX ttl, with ttl as long as the value may be outdated, spread by some percent at random',
  },
  {
    name: 'event-based, with longer times to live',
    fits: ({ expired }) => expired >= 0.5,
    why: 'about as many keys expire as are missed: times to live are short to keep values fresh',
    how: 'delete or rewrite a key when the database changes (a change stream, LISTEN and NOTIFY, an outbox), and let the time to live be the safety net only',
  },
  {
    name: 'write-through',
    fits: ({ updates }) => updates > 0.1,
    why: 'values change while they are cached',
    how: 'rewrite the key in the step that changes the database, instead of waiting for its time to live',
  },
  {
    name: 'TTL-based',
    fits: ({ withoutExpiry, expired, updates }) => withoutExpiry < 0.5 && expired < 0.5 && updates <= 0.1,
    why: 'values hardly change and have times to live that hold',
    how: 'stay with it: SET key value EX ttl',
  },
];

const docs = 'https://redis.io/docs/latest/develop/use/client-side-caching/';

/** Which pattern and which invalidation fit what was measured; nothing without lookups. */
export function advisePatterns({ primary, window }: Scene): readonly EvidenceDraft[] {
  const rates = window === undefined ? undefined : ratesOf(window, primary);
  if (window === undefined || rates === undefined) return [];
  const measured = {
    windowSeconds: window.seconds,
    lookups: window.hits + window.misses,
    hitRatio: window.hitRatio ?? null,
    writesPerLookup: rates.writes,
    updatesPerLookup: rates.updates,
    expiredPerMiss: rates.expired,
    evicted: window.evicted,
    shareOfKeysWithoutExpiry: rates.withoutExpiry,
  };
  const numbers = `${shown(rates.writes)} writes a lookup, ${shown(rates.expired)} keys expired a miss, ${shown(rates.withoutExpiry * 100)} % of keys without a time to live`;
  const pattern = patterns.find(({ fits }) => fits(rates));
  const fitting = invalidations.filter(({ fits }) => fits(rates));
  return [
    ...(pattern === undefined ? [] : [drafted('pattern', pattern)]),
    ...fitting.map((fit) => drafted('invalidation', fit)),
  ];

  function drafted(what: string, { name, why, how }: Fit): EvidenceDraft {
    return {
      kind: 'advice',
      title: `${what}: ${name} fits (${numbers}): ${why}`,
      body: { [what]: name, why, how, measured, docs },
    };
  }
}

function ratesOf(window: CacheWindow, { keys, keysWithExpiry }: Scene['primary']): Rates | undefined {
  const writes = ratio(window.writes, window.hits + window.misses);
  if (writes === undefined) return undefined;
  return {
    writes,
    updates: Math.max(0, window.writes - window.misses) / (window.hits + window.misses),
    expired: ratio(window.expired, window.misses) ?? 0,
    withoutExpiry: keys === 0 ? 0 : 1 - keysWithExpiry / keys,
  };
}
