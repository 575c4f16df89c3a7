import type { CollectErrorCode } from './errors.ts';
import type { Sample } from './sample.ts';
import type { ServerIdentity, Target } from './target.ts';

/** Something about the server itself that an operator should mend, as seen in one reading. */
export interface Finding {
  /** Stable and machine-readable, such as `statement_timeout_disabled`. */
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'critical';
  /** What it is about: a database, a role, an index. Empty for the server as a whole. */
  readonly subject: string;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What to do: the exact statement or setting where there is one. */
  readonly remedy: string;
}

/** A row for reports and the API; never a label. */
export type DetailRow = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** Rows by kind (`indexes`, `statements`, `biggest_keys`), most important first. */
export type Details = Readonly<Record<string, readonly DetailRow[]>>;

/** Why a group, or one subject of it (a database, a member), was not read. */
export interface ReadingError {
  /** Empty when the whole group failed. */
  readonly subject: string;
  readonly code: CollectErrorCode;
  readonly message: string;
  /** Not to be tried again sooner, in milliseconds, where the server said so. */
  readonly retryAfterMs?: number;
}

/** One reading of one group. */
export interface GroupReading {
  readonly group: string;
  /** `partial`: some subjects failed and are unknown, the rest is here. */
  readonly state: 'ok' | 'partial' | 'failed';
  /** When it ended, Unix time in milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  readonly errors: readonly ReadingError[];
  readonly samples: readonly Sample[];
  readonly findings: readonly Finding[];
  readonly details: Details;
  /** Rows that a cap left out; 0 when the reading is whole. */
  readonly truncatedRows: number;
}

/** The latest knowledge about one target. Replaces the previous one as a whole; never changed in place. */
export interface Snapshot {
  readonly target: Target;
  readonly server: ServerIdentity;
  /** Whether the target could be reached in the latest collection. */
  readonly up: boolean;
  /** Why it could not be reached; its subject is empty. Undefined while it is up. */
  readonly failure: ReadingError | undefined;
  /** When the latest collection ended, Unix time in milliseconds. */
  readonly at: number;
  /** The latest living reading of each group. A group that was never read, or whose reading is too old, is not here. */
  readonly readings: readonly GroupReading[];
  /** All samples to publish: those about the collection itself, and those of the readings within the series budget. */
  readonly samples: readonly Sample[];
}
