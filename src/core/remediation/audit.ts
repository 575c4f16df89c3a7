import type { JsonObject } from './json.ts';

/** What happened, to be appended. */
export interface AuditDraft {
  readonly at: number;
  /** A person's name, or `reeve`. */
  readonly actor: string;
  /** Closed set, so that a report can count. */
  readonly event: AuditEvent;
  readonly runId: string | null;
  readonly target: string | null;
  readonly planHash: string | null;
  /** Exact statements, without literals of user data. */
  readonly statements: readonly string[];
  readonly outcome: string;
  readonly detail: JsonObject;
}

export const auditEvents = [
  'run_started',
  'plan_made',
  'approved',
  'rejected',
  'cancelled',
  'retried',
  'refused',
  'act_intended',
  'act_ended',
  'undo_intended',
  'undo_ended',
  'verified',
  'run_ended',
  'paused',
  'resumed',
  'action_disabled',
  'action_enabled',
  'changelog_written',
  'loss_acknowledged',
  'drill_ended',
] as const;
export type AuditEvent = (typeof auditEvents)[number];

/** One line of the chain. */
export interface AuditEntry extends AuditDraft {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** Hash of the line before; 64 zeros for the first. */
  readonly previous: string;
  /** SHA-256 over the canonical JSON of everything above. */
  readonly hash: string;
}

/** The newest line, published so that a shortened audit shows. */
export interface AuditHead {
  /** 0 for an empty audit. */
  readonly sequence: number;
  readonly hash: string;
}
