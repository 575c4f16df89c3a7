import { type EvidenceDraft, messageOf } from '../../../src/sdk.ts';
import type { Command, Connection, Outcome } from '../connection.ts';
import { parseInfo } from '../info.ts';

/** Keys of ours begin so; nothing else is ever written. */
export const probePrefix = 'reeve:probe:';
/** The key ends by itself when nobody could delete it. */
const lifeMs = '60000';

/**
 * Whether the cache takes a key, gives it back, and misses it once it has expired: one hit and one miss, on one key that is gone afterwards.
 * Never rejects: what could not be tested is said.
 */
export async function testCache(
  connection: Connection,
  run: string,
  when: 'before' | 'after',
  signal: AbortSignal,
): Promise<EvidenceDraft> {
  const key = `${probePrefix}${run}`;
  const commands: readonly Command[] = [
    ['INFO', 'stats'],
    ['SET', key, 'probe', 'PX', lifeMs],
    ['GET', key],
    // A time to live that is over: the key expires at once.
    ['PEXPIRE', key, '0'],
    ['GET', key],
    ['INFO', 'stats'],
  ];
  try {
    return judge(await connection.pipeline(commands, signal), when);
  } catch (thrown) {
    signal.throwIfAborted();
    return untested(when, messageOf(thrown));
  }
}

function judge(outcomes: readonly Outcome[], when: string): EvidenceDraft {
  const [first, set, hit, expire, miss, last] = outcomes;
  if (set?.error?.code === 'denied') return untested(when, set.error.message);
  const before = lookups(first);
  const after = lookups(last);
  const isRefused = set?.error !== undefined;
  const checks = {
    write: isRefused ? `refused: ${set.error.message}` : 'accepted',
    hit: replyOf(hit) === 'probe',
    expired: replyOf(expire) === 1,
    miss: replyOf(miss) === null,
    hitsCounted: after.hits - before.hits,
    missesCounted: after.misses - before.misses,
  };
  const passed = checks.hit && checks.expired && checks.miss;
  const text = isRefused
    ? 'the server refuses to take a key'
    : passed
      ? 'a key is taken, found, and missed after its time to live'
      : 'a key does not behave as in a cache';
  return { kind: 'test', title: `cache test ${when}: ${text}`, body: { ...checks, passed } };
}

function untested(when: string, why: string): EvidenceDraft {
  return { kind: 'test', title: `cache test ${when}: not done: ${why}`, body: { passed: null } };
}

function lookups(outcome: Outcome | undefined): { readonly hits: number; readonly misses: number } {
  const reply = replyOf(outcome);
  const info = parseInfo(typeof reply === 'string' ? reply : '');
  return { hits: info.number('keyspace_hits') ?? 0, misses: info.number('keyspace_misses') ?? 0 };
}

/** Undefined for an error or none; null is a reply. */
function replyOf(outcome: Outcome | undefined): unknown {
  return outcome === undefined || outcome.error !== undefined ? undefined : outcome.reply;
}
