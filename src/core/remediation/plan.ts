/** What is to be changed, exactly, and how it is taken back. Plain data: it is hashed, stored, shown and approved as it stands. */

import type { JsonObject } from './json.ts';
import type { PipelineId } from './settings.ts';

/**
 * What identifies the very server a plan is for, in the engine's words (PostgreSQL: system identifier, timeline, database, role, major
 * version). Read again on the connection that acts: every field must be the same.
 */
export type TargetIdentity = Readonly<Record<string, string>>;

/** How an act is taken back: at once and completely, or by building something again, which takes time. */
export type UndoKind = 'immediate' | 'rebuild';

/** One change: one statement, never a block; of a migration one file, whose statements are judged one by one. */
export interface Act {
  /** Unique in the plan: `drop`, `hide`. */
  readonly id: string;
  /** For a person, in one line. */
  readonly summary: string;
  /** Exactly what is run: one statement of SQL, one command as JSON. */
  readonly statement: string;
  /** What takes it back, in order, each exactly one statement. Empty only where taking back needs nothing. */
  readonly undo: readonly string[];
  readonly undoKind: UndoKind;
  /** Which locks it takes, on what, and how it waits for them. */
  readonly locks: string;
}

/** What must still be true when it is executed; the engine checks each again at that time. */
export interface Precondition {
  /** Stable, such as `still_unused`. */
  readonly id: string;
  /** For a person. */
  readonly text: string;
}

export interface BlastRadius {
  /** What is changed or blocked, most important first. */
  readonly objects: readonly string[];
  /** Size of what is changed; undefined where it is not known. */
  readonly bytes: number | null;
  readonly locks: readonly string[];
  /** How long the acts take, in milliseconds; null where nothing allows an estimate. */
  readonly estimatedMs: number | null;
}

/** How it is known that a change was good, beside that the guards are no worse. */
export interface Expectation {
  /**
   * `gone`: the object is no longer in the catalogue (and the objective's value improved). `faster`: the mean time of these statements fell
   * by `byAtLeast`. `in_force`: the catalogue says that it is as planned, and the breached objective improved where there is one (a setting, a
   * migration). `not_slower`: nothing improves, and the statements must not get slower (a hidden index).
   */
  readonly kind: 'gone' | 'faster' | 'in_force' | 'not_slower';
  /** Share of the mean that must be saved; 0 unless `faster`. */
  readonly byAtLeast: number;
  /** What a person reads. */
  readonly text: string;
}

/** What an engine proposes. The pipeline adds limits, expiry and hash. */
export interface PlanDraft {
  readonly target: string;
  readonly engine: string;
  readonly pipeline: PipelineId;
  readonly action: string;
  readonly identity: TargetIdentity;
  /** What it is about, unique on the target: `orders.public.order_notes_created_idx`. */
  readonly subject: string;
  /** One line: what and why. */
  readonly title: string;
  readonly acts: readonly Act[];
  readonly preconditions: readonly Precondition[];
  readonly blastRadius: BlastRadius;
  /** What it costs: time, space, write load; in words with numbers. */
  readonly cost: string;
  readonly expectation: Expectation;
  /** No other run that holds one of these may change something at the same time, such as a table. Unique on the target. */
  readonly exclusive: readonly string[];
  /** What a person must know before approving: a short proof window, a clone that cannot be told apart. */
  readonly warnings: readonly string[];
  /** What the engine needs to know again when it acts: oid, definition, fingerprints of statements. Never literals of user data. */
  readonly facts: JsonObject;
}

/** Limits that were in force when it was planned; part of the hash, so a later change of the configuration voids the approval. */
export interface PlanCaps {
  readonly largestObjectBytes: number | null;
  readonly lockTimeoutMs: number;
  readonly soakMs: number;
  readonly changesPerDay: number;
}

/** What a rehearsal came to. */
export interface Rehearsal {
  /** Target on which it was rehearsed; empty for a simulation from history. */
  readonly on: string;
  readonly verdict: 'passed' | 'failed' | 'simulated' | 'not_possible';
  /** What was done and seen, for a person. */
  readonly text: string;
  /** Rows of the objects here and there, by object; so that a person can judge whether it says something. */
  readonly rows: Readonly<Record<string, { readonly target: number; readonly rehearsal: number }>>;
  /** Figures, such as the measured gain. */
  readonly figures: JsonObject;
}

export interface Plan extends PlanDraft {
  readonly runId: string;
  readonly caps: PlanCaps;
  readonly rehearsal: Rehearsal;
  /** Ids of the evidence it rests on. */
  readonly evidence: readonly string[];
  readonly createdAt: number;
  /** Unix time in milliseconds; after it the plan is void, whatever was approved. */
  readonly expiresAt: number;
  /** SHA-256 over everything above, lower-case hexadecimal. */
  readonly hash: string;
}
