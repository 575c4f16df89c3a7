import type { JsonObject } from '../../../src/sdk.ts';
import { perSecond } from './cache-window.ts';
import type { KeySample } from './key-sample.ts';
import { fullAt } from './memory-limit.ts';
import { mebibyte, type Scene, shown, shownBytes } from './setting-scene.ts';

/** One possible reason why lookups miss, or why memory is wasted. */
export interface Cause {
  readonly cause: string;
  readonly holds: 'yes' | 'no' | 'unknown';
  /** What was seen, and what to do where it holds. */
  readonly text: string;
  readonly figures: JsonObject;
}

const manyExpired = 0.5;
const manyWithoutExpiry = 0.5;
const fragmentedFrom = 1.5;
const fragmentedBytes = 100 * mebibyte;
const coldSeconds = 3_600;
const bigKeyBytes = mebibyte;
const bigKeyShare = 0.05;

/** All that can be told from counters and a sample, in the order in which it is worth looking at. */
export function causesOf(scene: Scene, sample: KeySample | string): readonly Cause[] {
  return [
    tooSmall(scene),
    withoutExpiry(scene),
    shortLives(scene),
    neverThere(scene),
    cold(scene),
    bigKeys(scene, sample),
    fragmented(scene),
  ];
}

function tooSmall({ primary: { counted, maxmemory, policy }, window }: Scene): Cause {
  const cause = 'too small';
  const figures = {
    usedBytes: counted,
    maxmemory,
    policy,
    evicted: window?.evicted ?? null,
    refused: window?.refused ?? null,
  };
  if (maxmemory === 0)
    return {
      cause,
      holds: 'no',
      text: 'maxmemory is 0: nothing is ever evicted, until the machine is full; set a limit',
      figures,
    };
  if (window === undefined)
    return { cause, holds: 'unknown', text: 'no window of lookups is known yet', figures };
  const used = `${shown((counted / maxmemory) * 100)} % of maxmemory ${shownBytes(maxmemory)} is used`;
  const rate = perSecond(window.evicted, window);
  if (window.refused > 0)
    return {
      cause,
      holds: 'yes',
      text: `${used}, and ${window.refused} writes were refused in ${Math.round(window.seconds)} s`,
      figures,
    };
  const isSmall = window.evicted > 0 && counted >= maxmemory * fullAt;
  return isSmall
    ? {
        cause,
        holds: 'yes',
        text: `${used}, and ${shown(rate)} keys a second are evicted: raise maxmemory, or keep less`,
        figures,
      }
    : { cause, holds: 'no', text: `${used}, ${shown(rate)} keys a second are evicted`, figures };
}

function withoutExpiry({ primary: { keys, keysWithExpiry, policy } }: Scene): Cause {
  const cause = 'keys without a time to live';
  const without = keys - keysWithExpiry;
  const share = keys === 0 ? 0 : without / keys;
  const figures = { keys, without, share };
  const seen = `${without} of ${keys} keys (${shown(share * 100)} %) have none`;
  if (share < manyWithoutExpiry) return { cause, holds: 'no', text: seen, figures };
  const stuck = policy.startsWith('allkeys')
    ? 'what is outdated leaves only by eviction: give each key a time to live (SET … EX) as long as it may be stale'
    : `under ${policy} they are never evicted: give each a time to live, or set maxmemory-policy allkeys-lru where all can be fetched again`;
  return { cause, holds: 'yes', text: `${seen}; ${stuck}`, figures };
}

function shortLives({ primary, window }: Scene): Cause {
  const cause = 'times to live too short';
  const average = averageTtlSeconds(primary);
  const figures = {
    averageTtlSeconds: average ?? null,
    expired: window?.expired ?? null,
    misses: window?.misses ?? null,
  };
  if (window === undefined)
    return { cause, holds: 'unknown', text: 'no window of lookups is known yet', figures };
  const ttl =
    average === undefined
      ? 'the server has no estimate of the times to live'
      : `keys that have one live for another ${shown(average)} s on average`;
  const perMiss = window.misses === 0 ? 0 : window.expired / window.misses;
  const seen = `${window.expired} keys expired beside ${window.misses} misses; ${ttl}`;
  return perMiss >= manyExpired && window.misses > 0
    ? {
        cause,
        holds: 'yes',
        text: `${seen}: longer ones, spread by some percent at random so that they do not end together, would turn misses into hits`,
        figures,
      }
    : { cause, holds: 'no', text: seen, figures };
}

/** Neither evicted nor expired: never cached, or deleted by the application. */
function neverThere({ window }: Scene): Cause {
  const cause = 'keys that were never there';
  if (window === undefined || window.misses === 0)
    return { cause, holds: 'unknown', text: 'no misses are known', figures: {} };
  const lost = Math.min(window.misses, window.evicted + window.expired);
  const others = window.misses - lost;
  const share = others / window.misses;
  const figures = { misses: window.misses, evictedOrExpired: lost, others, share };
  const text = `${others} of ${window.misses} misses are more than what was evicted or expired meanwhile`;
  return share >= 0.5
    ? {
        cause,
        holds: 'yes',
        text: `${text}: keys are asked for that are never cached, or that the application deletes; cache the absence too (a placeholder with a short time to live)`,
        figures,
      }
    : { cause, holds: 'no', text, figures };
}

function cold({ primary, window }: Scene): Cause {
  const seconds = primary.member.info.number('uptime_in_seconds');
  const figures = { uptimeSeconds: seconds ?? null };
  const cause = 'cold after a restart';
  if (seconds === undefined)
    return { cause, holds: 'unknown', text: 'the server does not say since when it runs', figures };
  const text = `the server has been running for ${seconds} s`;
  const isFull = window !== undefined && window.evicted > 0;
  return seconds < coldSeconds && !isFull
    ? { cause, holds: 'yes', text: `${text}: wait until it has filled before anything is changed`, figures }
    : { cause, holds: 'no', text, figures };
}

function bigKeys({ primary }: Scene, sample: KeySample | string): Cause {
  const cause = 'big keys';
  if (typeof sample === 'string') return { cause, holds: 'unknown', text: sample, figures: {} };
  const [largest] = sample.families.toSorted((one, other) => other.largestBytes - one.largestBytes);
  const figures = {
    sampledKeys: sample.keys,
    largestBytes: largest?.largestBytes ?? null,
    family: largest?.family ?? null,
  };
  if (largest === undefined) return { cause, holds: 'no', text: 'no key was drawn', figures };
  const isBig =
    largest.largestBytes >= bigKeyBytes ||
    largest.largestBytes >= Math.max(65_536, primary.dataset * bigKeyShare);
  const text = `the largest of ${sample.keys} keys drawn has ${shownBytes(largest.largestBytes)} (${largest.family})`;
  return isBig
    ? {
        cause,
        holds: 'yes',
        text: `${text}: split it or compress its value; one big key displaces many small ones (report of biggest keys)`,
        figures,
      }
    : { cause, holds: 'no', text, figures };
}

function fragmented({ primary: { member, rss } }: Scene): Cause {
  const cause = 'memory lost to fragmentation';
  const ratio = member.info.number('mem_fragmentation_ratio');
  const lost = member.info.number('mem_fragmentation_bytes');
  const figures = { ratio: ratio ?? null, bytes: lost ?? null };
  if (ratio === undefined) return { cause, holds: 'unknown', text: 'the server does not say', figures };
  const text = `the system gives ${shown(ratio)} bytes for each byte in use`;
  return ratio >= fragmentedFrom && rss >= fragmentedBytes
    ? {
        cause,
        holds: 'yes',
        text: `${text}, ${shownBytes(lost ?? 0)} are lost: CONFIG SET activedefrag yes where the server was built with it, or a restart`,
        figures,
      }
    : { cause, holds: 'no', text, figures };
}

function averageTtlSeconds({ member }: Scene['primary']): number | undefined {
  const values = [...member.info.list('keyspace').values()].flatMap((text) => {
    const ttl = Number(/avg_ttl=(\d+)/.exec(text)?.[1] ?? 0);
    return ttl > 0 ? [ttl / 1_000] : [];
  });
  return values.length === 0 ? undefined : values.reduce((sum, each) => sum + each, 0) / values.length;
}
