import type { AuditDraft, AuditEntry, AuditHead } from '../remediation/audit.ts';
import type { Evidence } from '../remediation/evidence.ts';
import type { Plan } from '../remediation/plan.ts';
import type { ActRecord, ActResult, Approval, Run, RunState } from '../remediation/run.ts';
import type { PipelineId } from '../remediation/settings.ts';

/** What those may ask who only look, such as a command beside a running agent. */
export type RemediationReads = Pick<
  RemediationRecords,
  | 'run'
  | 'runs'
  | 'countRuns'
  | 'plan'
  | 'approval'
  | 'evidence'
  | 'acts'
  | 'disabledActions'
  | 'paused'
  | 'auditHead'
  | 'audit'
>;

/**
 * What remediation keeps. Every write is on disk when its promise resolves, and rejects when the disk refuses: then nothing is done.
 * Everything that two agents might do at the same time is compared and set.
 */
export interface RemediationRecords {
  /** Inserts a run unless its trigger's key was claimed before: false then. */
  claim(run: Run): Promise<boolean>;
  run(id: string): Promise<Run | undefined>;
  /** Those changed last first. */
  runs(filter: RunFilter): Promise<readonly Run[]>;
  /** How many there are, by pipeline and state. */
  countRuns(): Promise<readonly RunCount[]>;
  /**
   * Changes a run if its revision is still the one given; the revision grows by one. With a draft, its audit line is appended in the same
   * transaction. Undefined: somebody else was faster.
   */
  change(id: string, revision: number, change: RunChange, audit?: AuditDraft): Promise<Run | undefined>;
  savePlan(plan: Plan): Promise<void>;
  plan(hash: string): Promise<Plan | undefined>;
  /**
   * Records a decision on a plan, together with the change of the run and its audit line, or not at all. Undefined when there is a decision
   * already, the run changed meanwhile, or its plan is another one.
   */
  decide(
    approval: Approval,
    run: { readonly revision: number; readonly change: RunChange },
    audit: AuditDraft,
  ): Promise<Run | undefined>;
  approval(planHash: string): Promise<Approval | undefined>;
  /** Keeps evidence; the same id twice is one. */
  addEvidence(evidence: Evidence): Promise<void>;
  /** Oldest first. */
  evidence(runId: string): Promise<readonly Evidence[]>;
  /**
   * Writes the intent of an act, and its audit line.
   *
   * @throws {FenceError} when the fence is older than the newest lease of the target (`targetLease`), or there never was one.
   */
  intend(
    act: Pick<ActRecord, 'runId' | 'target' | 'act' | 'direction' | 'statement' | 'fence' | 'intentAt'>,
    audit: AuditDraft,
  ): Promise<number>;
  /** Writes the outcome, once, and its audit line. Rejects when the act has one already. */
  conclude(id: number, outcome: ActResult, at: number, detail: string, audit: AuditDraft): Promise<void>;
  /** Oldest first. */
  acts(filter: ActFilter): Promise<readonly ActRecord[]>;
  /** After a revert; stays until a person enables it. */
  disableAction(disabled: DisabledAction, audit: AuditDraft): Promise<void>;
  /** False when it was not disabled. */
  enableAction(target: string, action: string, audit: AuditDraft): Promise<boolean>;
  disabledActions(): Promise<readonly DisabledAction[]>;
  /** The global kill switch. */
  paused(): Promise<Pause | undefined>;
  setPaused(pause: Pause | undefined, audit: AuditDraft): Promise<void>;
  /** Appends a line to the chain: read head, hash, write, in one transaction. */
  appendAudit(draft: AuditDraft): Promise<AuditEntry>;
  auditHead(): Promise<AuditHead>;
  /** In order, from a sequence on, at most `limit`. */
  audit(from: number, limit: number): Promise<readonly AuditEntry[]>;
  /**
   * A fenced lease: only one holder at a time; each new holder has a higher fence. Undefined while anybody holds it: it is not given twice,
   * not even to the one who has it.
   */
  takeLease(name: string, holder: string, at: number, forMs: number): Promise<Lease | undefined>;
  /** False when it is no longer ours: released, or taken by somebody after it had expired. */
  renewLease(lease: Lease, at: number, forMs: number): Promise<boolean>;
  releaseLease(lease: Lease): Promise<void>;
}

export interface RunFilter {
  readonly target?: string;
  readonly pipeline?: PipelineId;
  readonly states?: readonly RunState[];
  /** Those whose trigger has this breach. */
  readonly breach?: string;
  readonly limit?: number;
}

export interface RunCount {
  readonly pipeline: PipelineId;
  readonly state: RunState;
  readonly count: number;
}

export type RunChange = Partial<
  Pick<
    Run,
    'state' | 'reason' | 'step' | 'action' | 'subject' | 'planHash' | 'since' | 'retries' | 'requestedBy'
  >
> & { readonly updatedAt: number };

export interface ActFilter {
  readonly runId?: string;
  readonly target?: string;
  /** Begun since then. */
  readonly since?: number;
  /** Only those without an outcome. */
  readonly unfinished?: boolean;
}

export interface DisabledAction {
  readonly target: string;
  readonly action: string;
  readonly runId: string;
  readonly at: number;
  readonly reason: string;
}

export interface Pause {
  readonly by: string;
  readonly at: number;
  readonly reason: string;
}

export interface Lease {
  readonly name: string;
  readonly holder: string;
  readonly fence: number;
  readonly expiresAt: number;
}
