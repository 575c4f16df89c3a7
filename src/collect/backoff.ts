import type { CollectErrorCode } from '../core/errors.ts';
import type { Random } from '../core/ports/clock.ts';

/** Longest pause between tries to reach a target: short for one that is down, long where retrying may lock an account. */
const longestMs: Readonly<Record<'denied' | 'other', number>> = { denied: 300_000, other: 60_000 };

/** A service that asks for a longer pause than this is asked again all the same. */
export const longestAskedMs = 3_600_000;

/**
 * Time until the next try after `failures` failed ones in a row: exponential with full jitter, never shorter than the interval and, past
 * the interval, never longer than a minute (five after a denial).
 */
export function nextTryMs(
  intervalMs: number,
  failures: number,
  code: CollectErrorCode,
  random: Random,
): number {
  const limit = Math.max(intervalMs, longestMs[code === 'denied' ? 'denied' : 'other']);
  const bound = Math.min(limit, intervalMs * 2 ** Math.min(failures, 20));
  return intervalMs + random() * (bound - intervalMs);
}

/** The pause that a service asked for, in milliseconds, at most an hour; 0 when it asked for none. The longest one of several. */
export function askedPauseMs(errors: readonly { readonly retryAfterMs?: number | undefined }[]): number {
  let longest = 0;
  for (const { retryAfterMs = 0 } of errors) if (retryAfterMs > longest) longest = retryAfterMs;
  return Math.min(longestAskedMs, longest);
}
