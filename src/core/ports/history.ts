import type { IndexUsageReading, MemberIndexUsage } from '../index-usage.ts';

/**
 * What collectors remember from one reading to the next and over restarts. Without a store (`reeve collect`) it starts empty and is
 * forgotten at the end, so nothing that needs a window is ever proven there.
 */
export interface History {
  /** Folds one member's index counters into what is remembered: every field of `MemberIndexUsage`, also `links` and `gaps`. */
  observeIndexes(reading: IndexUsageReading): Promise<void>;
  /** What is remembered about each member of a cluster for one database, members of other generations too. */
  indexUsage(cluster: string, database: string): Promise<readonly MemberIndexUsage[]>;
  /**
   * Remembers these keys in a scope and says when each was first seen, Unix time in milliseconds. `baseline` is when the scope itself
   * was first seen: what carries that time was there before Reeve and is not new.
   */
  firstSeen(scope: string, keys: readonly string[], at: number): Promise<FirstSeen>;
}

export interface FirstSeen {
  readonly baseline: number;
  readonly times: ReadonlyMap<string, number>;
}
