import type { EvidenceDraft } from './evidence.ts';

/** What every call is given. */
export interface OperationContext {
  readonly signal: AbortSignal;
  readonly runId: string;
  /** Keeps what was seen. */
  readonly evidence: (evidence: EvidenceDraft) => void;
}

/** Why something is not done. */
export interface Refusal {
  /** Stable: a precondition's or guard's id. */
  readonly id: string;
  /** What, where, and what a person can do. */
  readonly text: string;
}
