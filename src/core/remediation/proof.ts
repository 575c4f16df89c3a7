/** What was proven by doing it: restores and migrations. Objectives about them are judged by these. Times are Unix time in milliseconds. */

import type { DrillCheck, DrillStep } from './backups.ts';

interface ProofBase {
  /** Unique; the same id twice is one. */
  readonly id: string;
  readonly runId: string;
  readonly target: string;
  readonly engine: string;
  /** When it ended. */
  readonly at: number;
}

/** A restore drill that was tried. */
export interface DrillProof extends ProofBase {
  readonly kind: 'drill';
  readonly verdict: 'verified' | 'failed';
  /** Whether it resets the age of the last restore test: verified, and of a retained backup. */
  readonly counts: boolean;
  /** What was restored: databases, or '' for the whole target. */
  readonly subjects: readonly string[];
  readonly chain: string;
  readonly backup: string;
  readonly takenAt: number | null;
  readonly recoveryMs: number | null;
  readonly lossMs: number | null;
  readonly text: string;
  readonly checks: readonly DrillCheck[];
  readonly steps: readonly DrillStep[];
}

/** A migration that was applied to its target. */
export interface MigrationProof extends ProofBase {
  readonly kind: 'migration';
  /** Name of the last file: the objective's subject. */
  readonly migration: string;
  readonly durationMs: number;
  /** Longest time that one lock was held which blocks readers or writers; null where nobody could tell. */
  readonly lockMs: number | null;
  /** Rows that it deleted beyond what it declares; null where it could not be counted. */
  readonly rowsLost: number | null;
  /** Set once a person acknowledged the loss. */
  readonly acknowledgedBy: string | null;
}

/** A rollback that was tried, on the clone (of a plan that was applied) or on the target itself. */
export interface RollbackProof extends ProofBase {
  readonly kind: 'rollback';
  readonly migration: string;
  readonly where: 'rehearsal' | 'target';
  /** Schema (on the clone: and data) were as before. */
  readonly verified: boolean;
  readonly durationMs: number;
}

export type Proof = DrillProof | MigrationProof | RollbackProof;
