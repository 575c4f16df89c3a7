import type { Breach, ObjectiveEvent, SubjectKey } from '../judgement.ts';
import type { ObjectiveId } from '../objective.ts';

/** What evaluation keeps over restarts. Reads are synchronous and from memory or one indexed query; writes are on disk within about a second. */
export interface ObjectiveRecords {
  /** What was last saved for each subject of a target, as JSON that only evaluation understands. */
  states(target: string): readonly SavedState[];
  saveState(state: SavedState): void;
  /** Forgets a subject that is no longer there. */
  dropState(key: SubjectKey): void;
  /** Inserts a breach or replaces the one with its fingerprint. */
  saveBreach(breach: Breach): void;
  breaches(filter: BreachFilter): readonly Breach[];
  /** Events are kept for 400 days. */
  addEvent(event: ObjectiveEvent): void;
  /** Newest first. */
  events(filter: EventFilter): readonly ObjectiveEvent[];
  /** Whether this delivery of an alert is new; remembers it for 30 days. The key is made of fingerprint, startsAt and status. */
  isNewDelivery(key: string, at: number): boolean;
  /** Folds a value into the roll-up of its day (UTC): the last one wins. Days are kept for 400 days. */
  addDaily(series: DailySeries, at: number, value: number): void;
  /** The days since then, oldest first. */
  daily(series: DailySeries, since: number): readonly DailyValue[];
}

export interface SavedState extends SubjectKey {
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly json: string;
}

export interface BreachFilter {
  readonly target?: string;
  readonly objective?: ObjectiveId;
  readonly subject?: string;
  readonly fingerprint?: string;
  /** Open ones only. */
  readonly open?: boolean;
  /** At most this many, those opened last first. */
  readonly limit?: number;
}

export interface EventFilter {
  readonly target?: string;
  readonly objective?: ObjectiveId;
  readonly subject?: string;
  /** Unix time in milliseconds. */
  readonly since?: number;
  readonly limit?: number;
}

export interface DailySeries {
  readonly target: string;
  /** What is remembered, such as `reeve_storage_bytes`. */
  readonly metric: string;
  readonly subject: string;
}

export interface DailyValue {
  /** Begin of the day, Unix time in milliseconds. */
  readonly day: number;
  readonly value: number;
}
