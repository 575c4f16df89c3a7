/** One execution of a pipeline, as it is stored. */

import type { JsonObject } from './json.ts';
import type { PipelineId } from './settings.ts';

/**
 * Before the end: `preparing` (observe to rehearse; of a drill all of it), `waiting` (for a decision on the plan), `approved` (about to execute), `executing`
 * (checks and acts), `soaking` (the change is watched), `half_applied` (an act is half done: paged, reconciled until it is whole).
 *
 * Ends: `observed` (mode observe: evidence only), `proposed` (mode propose: a plan that cannot be executed), `nothing_to_do`, `refused` (a
 * guard or a precondition said no), `rejected` (a person did), `expired`, `cancelled`, `kept` (verified and kept), `inconclusive` (kept, and
 * nothing could be proven: never called success), `verified` (a drill: the backup was restored and everything in it was as it should be), `reverted` (it got worse and was undone), `failed`.
 */
export const runStates = [
  'preparing',
  'waiting',
  'approved',
  'executing',
  'soaking',
  'half_applied',
  'observed',
  'proposed',
  'nothing_to_do',
  'refused',
  'rejected',
  'expired',
  'cancelled',
  'kept',
  'inconclusive',
  'verified',
  'reverted',
  'failed',
] as const;
export type RunState = (typeof runStates)[number];

/** In which something may still happen by itself or by a person. */
export const openStates: readonly RunState[] = [
  'preparing',
  'waiting',
  'approved',
  'executing',
  'soaking',
  'half_applied',
];

export function isOpen(state: RunState): boolean {
  return openStates.includes(state);
}

/** States in which a run holds what it changes: its table, a place in `concurrentRuns`. */
export const holdingStates = [
  'approved',
  'executing',
  'soaking',
  'half_applied',
] as const satisfies readonly RunState[];

/** What made a run begin. Each start is claimed once by `key`, however many agents run. */
export interface RunTrigger {
  readonly kind: 'breach' | 'schedule' | 'person' | 'follow_up' | 'custodian';
  /** Unique: `breach:<fingerprint>`, `schedule:index_review:2027-01-01`, `person:<uuid>`; a further candidate of a trigger adds `/<action>/<subject>`. */
  readonly key: string;
  /** In words: the objective and subject, the schedule, the name of the person. */
  readonly text: string;
  /** Fingerprint of the breach, where there is one. */
  readonly breach?: string;
  /** Where a pipeline was asked for one thing only: candidate action (empty: any) and subject. */
  readonly only?: { readonly action: string; readonly subject: string };
  /** What a person brought, such as the files of migrations; at most 1 MiB as JSON, no secrets. */
  readonly request?: JsonObject;
}

/** Times are Unix time in milliseconds. */
export interface Run {
  /** `r-` and twelve hexadecimal digits. */
  readonly id: string;
  readonly pipeline: PipelineId;
  readonly target: string;
  readonly engine: string;
  readonly trigger: RunTrigger;
  /** Who asked: a person's name, or `reeve`. */
  readonly requestedBy: string;
  readonly state: RunState;
  /** Why it is in this state and what is next, for a person. */
  readonly reason: string;
  /** The step that runs or ran last: `observe`, `consult`, `plan`, `rehearse`, `pre-check`, `apply`, `verify`, `undo`, `changelog`; of a drill `take`, `restore`, `discard`, `record`. */
  readonly step: string;
  /** Set once there is a candidate. */
  readonly action: string | undefined;
  readonly subject: string | undefined;
  readonly planHash: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Since when it is in this state. */
  readonly since: number;
  /** Grows with every change; what is compared before it is set. */
  readonly revision: number;
  /** How often `retry` started it again. */
  readonly retries: number;
}

export interface Approval {
  readonly runId: string;
  readonly planHash: string;
  readonly decision: 'approved' | 'rejected';
  readonly by: string;
  readonly at: number;
  readonly comment: string;
}

/** Intent before, outcome after: one line of the journal of acts. */
export interface ActRecord {
  /** Unique: given by the journal. */
  readonly id: number;
  readonly runId: string;
  readonly target: string;
  readonly act: string;
  readonly direction: 'apply' | 'undo';
  readonly statement: string;
  /** Fence of the lease under which it was begun. */
  readonly fence: number;
  readonly intentAt: number;
  /** Undefined while it runs, and for ever when the agent died in it: then the database is asked. */
  readonly outcome: ActResult | undefined;
  readonly outcomeAt: number | undefined;
  readonly detail: string;
}

/**
 * `done`; `already`: there was nothing left to do; `refused`: the world was not as planned, nothing was done; `gave_up`: a lock or a limit
 * stood in the way and nothing is half done; `half_applied`; `failed`: nothing was done, or nobody knows, and the detail says which.
 */
export const actResults = ['done', 'already', 'refused', 'gave_up', 'half_applied', 'failed'] as const;
export type ActResult = (typeof actResults)[number];
