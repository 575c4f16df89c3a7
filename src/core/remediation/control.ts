/** What people may ask of remediation, over the command line and the control interface. */

import type { DisabledAction, Pause, RunFilter } from '../ports/remediation-records.ts';
import type { AuditEntry, AuditHead } from './audit.ts';
import type { AuditFault } from './audit-chain.ts';
import type { Evidence } from './evidence.ts';
import type { JsonObject } from './json.ts';
import type { Plan } from './plan.ts';
import type { DrillProof } from './proof.ts';
import type { ActRecord, Approval, Run } from './run.ts';
import type { PipelineId } from './settings.ts';

export interface RemediationControl {
  /** Those changed last first. */
  runs(filter: RunFilter): Promise<readonly Run[]>;
  show(id: string): Promise<RunReport | undefined>;
  /** Allows the plan with exactly this hash. Every refusal is audited. */
  approve(id: string, decision: DecisionRequest): Promise<ControlAnswer>;
  reject(id: string, decision: DecisionRequest): Promise<ControlAnswer>;
  /** Before it acts: it ends. While it acts or soaks: refused, unless `undo`, which takes the change back. */
  cancel(id: string, by: string, undo: boolean): Promise<ControlAnswer>;
  /** Begins an ended run again, from observing; half-applied: reconciles at once. */
  retry(id: string, by: string): Promise<ControlAnswer>;
  /** A person asks for a pipeline. */
  start(request: StartRequest): Promise<ControlAnswer>;
  /** Blocks every new act. `abort` also interrupts the acts that run; taking back stays allowed. */
  pause(by: string, reason: string, abort: boolean): Promise<ControlAnswer>;
  resume(by: string): Promise<ControlAnswer>;
  /** An action that was reverted on a target may be tried again. */
  enable(target: string, action: string, by: string): Promise<ControlAnswer>;
  /** A person takes note of the rows that a migration lost: its objective is met again. */
  acknowledge(id: string, by: string, comment: string): Promise<ControlAnswer>;
  /** Restore drills of a target, newest first. */
  drills(target: string, limit: number): Promise<readonly DrillProof[]>;
  status(): Promise<RemediationStatus>;
  audit(from: number, limit: number): Promise<readonly AuditEntry[]>;
  verifyAudit(): Promise<AuditReport>;
}

export interface DecisionRequest {
  /** What the person saw; undefined never approves. */
  readonly planHash: string;
  readonly by: string;
  readonly comment: string;
}

export interface StartRequest {
  readonly pipeline: PipelineId;
  readonly target: string;
  readonly by: string;
  /** One thing only, such as an index. */
  readonly subject?: string;
  /** What the person brought: see `RunTrigger.request`; of a drill `chain`, `backup`, `until` and `take`. */
  readonly request?: JsonObject;
}

/** `conflict`: somebody was faster, or it is in another state. `unavailable`: the store refuses writes. */
export type ControlAnswer =
  | { readonly ok: true; readonly run?: Run; readonly text: string }
  | {
      readonly ok: false;
      readonly code: 'not_found' | 'conflict' | 'refused' | 'unavailable';
      readonly text: string;
    };

export interface RunReport {
  readonly run: Run;
  readonly plan: Plan | undefined;
  readonly approval: Approval | undefined;
  readonly evidence: readonly Evidence[];
  readonly acts: readonly ActRecord[];
}

export interface RemediationStatus {
  readonly paused: Pause | undefined;
  /** The file that pauses, while it is there. */
  readonly pauseFile: string | undefined;
  readonly disabled: readonly DisabledAction[];
  /** Why nothing can be done now, such as a full disk; undefined while it can. */
  readonly refusing: string | undefined;
  readonly auditHead: AuditHead;
}

export interface AuditReport {
  readonly lines: number;
  readonly head: AuditHead;
  readonly fault: AuditFault | undefined;
}
