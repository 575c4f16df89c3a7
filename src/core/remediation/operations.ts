/**
 * What pipelines may ask of an engine. Engine-neutral pipelines say when; the engine says what, and is the only one that touches the
 * database. Everything here may be called again after a crash: it reads the database's own catalogue before it changes anything.
 */

import type { CheckItem } from '../check-item.ts';
import { messageOf } from '../errors.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { History } from '../ports/history.ts';
import type { Log } from '../ports/log.ts';
import type { Secret } from '../secret.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Target } from '../target.ts';
import type { BackupOperations } from './backups.ts';
import type { EvidenceDraft } from './evidence.ts';
import type { JsonObject } from './json.ts';
import type { MigrationOperations } from './migrations.ts';
import type { OperationContext, Refusal } from './operation-context.ts';

import type { Act, Plan, PlanDraft, Rehearsal, TargetIdentity, UndoKind } from './plan.ts';
import type { ActResult } from './run.ts';
import type { PipelineId, RemediationPolicy } from './settings.ts';
import type { CounterReading } from './verification.ts';

export type { OperationContext, Refusal } from './operation-context.ts';

export interface OperationsInput<O = unknown> {
  readonly target: Target;
  /** The engine's own options: the collecting login is in them, and reads. */
  readonly options: O;
  /** The login that acts; undefined where none is configured: then nothing can be applied. */
  readonly credentials: Secret | undefined;
  readonly policy: Pick<RemediationPolicy, 'lockTimeoutMs' | 'minimumImprovement'>;
  readonly history: History;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Private folder for what drills and migrations need for a while; absolute, not made yet. */
  readonly scratch: string;
  /** `reeve/<version>`; a session that acts adds the run: see `sessionName`. */
  readonly applicationName: string;
  /** The latest snapshot of this target; undefined before the first. */
  readonly snapshot: () => Snapshot | undefined;
  readonly conceal: (secret: string) => void;
}

/** What one target's operations offer. Made when first needed; closed at the end. */
export interface Operations {
  readonly actions: readonly Action[];
  /** Who is at the other end of the login that acts; of the collecting login where there is none. */
  identify(signal: AbortSignal): Promise<TargetIdentity>;
  /** Verifies both logins: the one that acts has what its actions need and no more, the collecting one is unable to act. */
  check(signal: AbortSignal): Promise<readonly CheckItem[]>;
  /**
   * Judges every statement and undo of a plan with the engine's own parser and rules: one statement an act, nothing that destroys data,
   * indexes only without blocking. Empty when all is well. Asked before a plan is stored and again before it is executed; absent where the
   * engine has no language to judge.
   */
  judge?(plan: PlanDraft): Promise<readonly Refusal[]>;
  /** Advice where nothing is ever done by Reeve (Redis' slow commands); most important first. */
  advise?(pipeline: PipelineId, context: OperationContext): Promise<readonly EvidenceDraft[]>;
  /** What is known of its backups, and the proof that they can be restored; absent where the engine has none to speak of. */
  readonly backups?: BackupOperations;
  /** Files that people bring beside the target's history; absent where `apply_migration` is not offered. */
  readonly migrations?: MigrationOperations;
  /** Judges files that people bring: see `reeve query check`. On a rehearsal target only. */
  checkQueries?(request: QueryCheckRequest, context: OperationContext): Promise<QueryCheckReport>;
  close(): Promise<void>;
}

/** One kind of change. */
export interface Action {
  /** Stable, such as `drop_unused_index`; the policy names it. */
  readonly id: string;
  readonly pipeline: PipelineId;
  /** One sentence for people. */
  readonly summary: string;
  /** What taking it back takes: only `immediate` may run by itself in mode `auto`. */
  readonly undoKind: UndoKind;
  /** Which changelog file it is written to. */
  readonly changelog: 'schema' | 'optimisations';
  /**
   * `required`: without a passed rehearsal nothing is applied. `impossible`: cannot be rehearsed, and the plan says so; `rehearse` is then called
   * on the target's own operations, changes nothing, and simulates from history (`simulated`).
   */
  readonly rehearsal: 'required' | 'impossible';
  /** Action that is prepared, as a run of its own with an approval of its own, when this one was kept: hide, then drop. */
  readonly followUp?: string;
  /** Not again on the same subject within this time, in milliseconds, whatever became of it. */
  readonly coolDownMs?: number;
  /** What could be done now, most valuable first. Reads by the collecting login only; saves what it rests on as evidence. */
  find(request: FindRequest, context: OperationContext): Promise<readonly Candidate[]>;
  /** Exact statements and their undo; a refusal when there is a reason against it. Reads only. */
  plan(candidate: Candidate, context: OperationContext): Promise<PlanDraft | Refusal>;
  /** Called on the operations of the *rehearsal* target: does it there, measures, and takes it back. */
  rehearse(draft: PlanDraft, context: RehearsalContext): Promise<Rehearsal>;
  /** Whether the world is still as planned: every precondition, on all members, now. Empty when it is. */
  recheck(plan: Plan, context: OperationContext): Promise<readonly Refusal[]>;
  /** What the database's own catalogue says of an act. Never changes anything. */
  inspect(plan: Plan, act: Act, context: OperationContext): Promise<Inspection>;
  /** Does it, on one connection that holds the lock, was identified and looked first. `already` when there is nothing left to do. */
  apply(plan: Plan, act: Act, context: ActContext): Promise<ActOutcome>;
  /** Takes it back, whatever state it is in, until the database is as before; `already` when it is. */
  undo(plan: Plan, act: Act, context: ActContext): Promise<ActOutcome>;
  /** Counters of the statements that the change may slow down or is to make faster; an empty series where there are none. Collecting login. */
  counters(plan: PlanDraft, context: OperationContext): Promise<CounterReading>;
}

export interface FindRequest {
  /** What asked for it: database or member of a breach; undefined for everything. */
  readonly subject: string | undefined;
  /** Only this one, where a run is about one thing. */
  readonly only: string | undefined;
  /** At most this many. */
  readonly limit: number;
  /** What a person brought, such as the files of migrations: see `RunTrigger.request`. */
  readonly request?: JsonObject;
}

export interface Candidate {
  readonly action: string;
  /** As in `PlanDraft.subject`. */
  readonly subject: string;
  /** One line for people. */
  readonly title: string;
  readonly facts: JsonObject;
}

/** Whether it is refused; what is wanted has no `text` of its own. */
export function isRefusal(answer: object): answer is Refusal {
  return 'text' in answer;
}

export interface RehearsalContext extends OperationContext {
  /** Share of the mean time that must be saved, where the plan expects `faster`. */
  readonly minimumImprovement: number;
  /**
   * Runs the user's test; called once, while the change stands on the rehearsal target. Rejects when it fails: take the change back and let
   * the rehearsal fail. An engine that does not call it has it run afterwards.
   */
  readonly whileChanged?: () => Promise<void>;
}

/** Runs the user's test while the change stands on the rehearsal target; why it failed, undefined where it passed or there is none. */
export async function testWhileChanged({
  whileChanged,
  signal,
}: RehearsalContext): Promise<string | undefined> {
  try {
    await whileChanged?.();
    return undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    return messageOf(thrown);
  }
}

export interface ActContext extends OperationContext {
  /** For `sessionName` and comments: which run does it. */
  readonly sessionName: string;
  /** Throws when the lease was lost to another agent: called right before something is changed. */
  readonly assertHeld: () => Promise<void>;
}

export interface Inspection {
  /** `pending`: as before the act. `half_applied`: neither (an invalid index). `other`: something else stands there now; not ours to touch. */
  readonly state: 'pending' | 'done' | 'half_applied' | 'other';
  readonly detail: string;
  /** Of a migration that is `done`, where its history keeps what was measured: used when the agent died before it could say so. */
  readonly migration?: MigrationFigures;
}

export interface ActOutcome {
  readonly result: ActResult;
  /** For a person: what happened, what the catalogue says now. */
  readonly detail: string;
  /** What a migration came to: kept as proof. Absent for everything else. */
  readonly migration?: MigrationFigures;
  /**
   * Only of an undo that is `refused`: it would discard what was written since. Nothing was undone; the run ends `failed` and pages, and what
   * to do is left to a person.
   */
  readonly wouldDiscard?: true;
}

/** What was measured while a migration was applied or rolled back. */
export interface MigrationFigures {
  readonly durationMs: number;
  /** Longest time that a lock was held which blocks readers or writers; null where nobody could tell. */
  readonly lockMs: number | null;
  /** Rows deleted beyond what was declared; null where it could not be counted. */
  readonly rowsLost: number | null;
  /** Of a rollback: whether the schema is as before. */
  readonly verified: boolean;
}

export interface QueryCheckRequest {
  /** For messages. */
  readonly file: string;
  readonly text: string;
  /** A sequential scan that reads more rows than this fails. */
  readonly mostSequentialRows: number;
  /** Values for `$1`, `$2` … as text, in order; missing ones are planned as unknown and not executed. */
  readonly parameters: readonly string[];
}

export interface QueryCheckReport {
  readonly on: string;
  readonly statements: readonly CheckedStatement[];
}

export interface CheckedStatement {
  /** Where it begins. */
  readonly line: number;
  /** Normalised: literals replaced. */
  readonly text: string;
  readonly verdict: 'passed' | 'failed' | 'not_run';
  readonly faults: readonly Refusal[];
  /** Text of the plan; empty where it was not explained. */
  readonly explain: string;
  readonly milliseconds: number | null;
  /** Ready to paste: indexes that would help. */
  readonly suggestions: readonly string[];
}

/** Name of the session that acts for a run, as `pg_stat_activity.application_name` shows it; at most 63 bytes. */
export function sessionName(applicationName: string, runId: string): string {
  return `${applicationName} run=${runId}`.slice(-63);
}
