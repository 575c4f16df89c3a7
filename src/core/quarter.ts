import type { IndexProof } from './unused-proof.ts';

/** Begin of the calendar quarter (UTC) that holds this moment; both are Unix time in milliseconds. */
export function startOfQuarter(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / 3) * 3);
}

/** What an index that is proven unused now is held against. */
export interface ReviewRequest {
  readonly proof: Pick<IndexProof, 'watchedSince' | 'lastUsedAt'>;
  readonly unusedAfterMs: number;
  /** Unix time in milliseconds. */
  readonly now: number;
}

/**
 * Whether an index that is proven unused now already was when the last quarter ended, so that the review of that quarter had to deal with
 * it. One whose proof was completed within the present quarter has time until this one ends.
 */
export function isOverdueForReview({ proof, unusedAfterMs, now }: ReviewRequest): boolean {
  const { watchedSince, lastUsedAt = Number.NEGATIVE_INFINITY } = proof;
  if (watchedSince === undefined) return false;
  return Math.max(watchedSince, lastUsedAt) + unusedAfterMs <= startOfQuarter(now);
}
