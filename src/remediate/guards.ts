/**
 * What must hold before a plan is stored, approved or executed. Each guard is a named rule; all are asked, none can be switched off, and
 * what they say is audited. Pure.
 */

import { formatDuration } from '../core/duration.ts';
import type { DisabledAction, Pause } from '../core/ports/remediation-records.ts';
import type { Evidence, EvidenceKind } from '../core/remediation/evidence.ts';
import type { Action, Refusal } from '../core/remediation/operations.ts';
import type { Plan } from '../core/remediation/plan.ts';
import type { Approval, Run } from '../core/remediation/run.ts';
import type {
  MaintenanceWindow,
  PipelineId,
  RemediationMode,
  RemediationPolicy,
  TargetRemediation,
} from '../core/remediation/settings.ts';
import type { Target } from '../core/target.ts';
import { type BackupStanding, backupFault } from './backup-standing.ts';
import type { Pipeline } from './pipeline.ts';
import { planHash } from './plan-hash.ts';
import { capsOf, openWindow, soakOf } from './policy.ts';
import { roughly } from './roughly.ts';

/** `plan`: before it is stored for a decision. `approve`: at the decision. `execute`: right before each act. */
export type GuardMoment = 'plan' | 'approve' | 'execute';

/** Everything guards look at. */
export interface Situation {
  readonly moment: GuardMoment;
  /** Unix time in milliseconds. */
  readonly now: number;
  readonly run: Run;
  readonly plan: Plan;
  readonly pipeline: Pick<Pipeline, 'soakMs'> | undefined;
  readonly action: Pick<Action, 'undoKind' | 'rehearsal' | 'coolDownMs'>;
  readonly mode: RemediationMode;
  /** Undefined until somebody decided; at `approve` the decision that is asked for. */
  readonly approval: Approval | undefined;
  readonly target: Pick<Target, 'id' | 'engine' | 'labels'>;
  readonly remediation: TargetRemediation;
  readonly policy: RemediationPolicy;
  readonly windows: readonly MaintenanceWindow[];
  readonly pause: Pause | undefined;
  /** The file that pauses, if it is there. */
  readonly pauseFile: string | undefined;
  /** Of this action on this target. */
  readonly disabled: DisabledAction | undefined;
  /** Changes begun on this target in the last 24 hours by other runs. */
  readonly changesToday: number;
  /** Other runs that hold something now. */
  readonly holding: readonly Holding[];
  readonly evidence: readonly Evidence[];
  /** What the engine's parser says against the statements; see `Operations.judge`. */
  readonly judged: readonly Refusal[];
  /** When another run began the same action on the same subject, within its cool-down; undefined where none did. */
  readonly actedBefore: { readonly runId: string; readonly at: number } | undefined;
  /** For migrations; undefined where no agent is there to look, which is asked again before each act. */
  readonly backup: BackupStanding | undefined;
}

export interface Holding {
  readonly runId: string;
  readonly target: string;
  readonly exclusive: readonly string[];
  /** Whether it may be changing something right now; a soak only holds its table. */
  readonly acts: boolean;
}

export interface GuardRefusal extends Refusal {
  /** It may pass by itself: the run waits. Otherwise it ends the run. */
  readonly waits: boolean;
  /** When to ask again, where that is known. */
  readonly until?: number;
}

/** What one guard says: nothing, or why not. */
type Objection = string | { readonly text: string; readonly until: number } | undefined;

interface Guard {
  readonly moments: readonly GuardMoment[];
  readonly waits?: true;
  readonly object: (situation: Situation) => Objection;
}

const always: readonly GuardMoment[] = ['plan', 'approve', 'execute'];
const decision: readonly GuardMoment[] = ['approve', 'execute'];
const execution: readonly GuardMoment[] = ['execute'];

/** By name, in the order in which they are said. */
export const guards = {
  /** An approval is bound to this plan and no other. */
  plan_unchanged: {
    moments: always,
    object: ({ plan, run, moment }) =>
      planHash(plan) === plan.hash && (moment === 'plan' || run.planHash === plan.hash)
        ? undefined
        : 'the plan is not the one that was made: it has to be made again (reeve runs retry)',
  },
  plan_not_expired: {
    moments: always,
    object: ({ plan, now }) =>
      now < plan.expiresAt
        ? undefined
        : `the plan expired ${formatDuration(now - plan.expiresAt)} ago: what it rests on may have changed (reeve runs retry)`,
  },
  limits_unchanged: {
    moments: decision,
    object: ({ plan: { caps }, policy, pipeline }) => {
      const planned = new Map<string, unknown>(Object.entries(caps));
      const changed = Object.entries(capsOf(policy, pipeline)).filter(
        ([name, value]) => planned.get(name) !== value,
      );
      return changed.length === 0
        ? undefined
        : `limits were changed since it was planned (${changed.map(([name]) => name).join(', ')}): it has to be made again (reeve runs retry)`;
    },
  },
  mode_allows: {
    moments: decision,
    object: ({ mode }) =>
      mode === 'observe' || mode === 'propose'
        ? `mode ${mode} executes nothing: set remediation.mode of the target to approve`
        : undefined,
  },
  approved: {
    moments: decision,
    object: ({ mode, action, approval, plan }) => {
      if (approval === undefined)
        return mode === 'auto' && isUndoneAtOnce(action, plan) ? undefined : 'nobody approved it';
      if (approval.decision !== 'approved') return `${approval.by} rejected it`;
      return approval.planHash === plan.hash ? undefined : 'the approval is for another plan';
    },
  },
  second_person: {
    moments: decision,
    object: ({ policy, approval, run }) =>
      policy.secondPerson && approval?.decision === 'approved' && approval.by === run.requestedBy
        ? `${approval.by} asked for it and may not approve it (remediation.secondPerson)`
        : undefined,
  },
  own_credentials: {
    moments: decision,
    object: ({ remediation, target }) =>
      remediation.credentials === undefined
        ? `target ${target.id} has no remediation.credentials: the collecting login cannot act`
        : undefined,
  },
  undo_exists: {
    moments: always,
    object: ({ plan }) => {
      const without = plan.acts.filter(
        ({ undo }) => undo.length === 0 || undo.some((each) => each.trim() === ''),
      );
      if (plan.acts.length === 0) return 'the plan has no act';
      return without.length === 0
        ? undefined
        : `no way back from ${without.map(({ id }) => id).join(', ')}: nothing is done that cannot be undone`;
    },
  },
  rehearsed: {
    moments: decision,
    object: ({ plan: { rehearsal, target }, action }) => {
      if (action.rehearsal === 'impossible')
        return rehearsal.verdict === 'simulated'
          ? undefined
          : `its simulation ${rehearsal.verdict === 'failed' ? 'failed' : 'did not take place'}`;
      if (rehearsal.verdict !== 'passed')
        return `its rehearsal ${rehearsal.verdict === 'failed' ? 'failed' : 'did not take place'}: nothing reaches production before it passed on remediation.rehearsal`;
      return rehearsal.on === '' || rehearsal.on === target
        ? 'it was rehearsed on the target itself: remediation.rehearsal must be another one'
        : undefined;
    },
  },
  evidence_complete: {
    moments: decision,
    object: ({ plan, evidence }) => {
      const kinds = new Set(evidence.filter(({ id }) => plan.evidence.includes(id)).map(({ kind }) => kind));
      const missing = (neededEvidence[plan.pipeline] ?? []).filter(
        (any) => !any.some((kind) => kinds.has(kind)),
      );
      if (kinds.size === 0) return 'it rests on no evidence';
      return missing.length === 0
        ? undefined
        : `evidence is missing: ${missing.map((any) => any.join(' or ')).join(', ')}`;
    },
  },
  statements_judged: {
    moments: always,
    object: ({ judged }) => (judged.length === 0 ? undefined : judged.map(({ text }) => text).join('; ')),
  },
  verified_backup: {
    moments: decision,
    object: ({ plan, backup, now, moment }) => {
      if (plan.pipeline !== 'migration') return undefined;
      if (backup !== undefined) return backupFault(backup, plan.target, now);
      return moment === 'execute' ? 'nobody knows of a backup: a migration needs one' : undefined;
    },
  },
  blast_radius: {
    moments: always,
    object: ({ plan: { blastRadius }, policy: { largestObjectBytes } }) => {
      if (largestObjectBytes === undefined) return undefined;
      if (blastRadius.bytes === null)
        return 'its size is not known, and remediation.largestObject limits it: left to people';
      return blastRadius.bytes > largestObjectBytes
        ? `${blastRadius.bytes} bytes is more than remediation.largestObject (${largestObjectBytes}): left to people`
        : undefined;
    },
  },
  locks_bounded: {
    moments: always,
    object: ({ plan: { caps } }) =>
      caps.lockTimeoutMs > 0 ? undefined : 'it would wait for locks without end: set remediation.lockTimeout',
  },
  short_soak_said: {
    moments: ['plan'],
    object: ({ plan: { caps, warnings }, policy, pipeline }) =>
      caps.soakMs >= soakOf(policy, pipeline).usualMs || warnings.includes(shortSoakWarning(caps.soakMs))
        ? undefined
        : 'the plan does not say that its soak is short',
  },
  action_enabled: {
    moments: always,
    object: ({ disabled, target }) =>
      disabled === undefined
        ? undefined
        : `${disabled.action} is disabled on ${target.id} since run ${disabled.runId} (${disabled.reason}): reeve runs enable ${target.id} ${disabled.action}`,
  },
  not_paused: {
    moments: execution,
    waits: true,
    object: ({ pause, pauseFile }) => {
      if (pauseFile !== undefined) return `the file ${pauseFile} pauses all changes: remove it to go on`;
      return pause === undefined
        ? undefined
        : `${pause.by} paused all changes${pause.reason === '' ? '' : ` (${pause.reason})`}: reeve resume`;
    },
  },
  window_open: {
    moments: execution,
    waits: true,
    object: ({ windows, target, now }) => {
      const { open, window, nextAt } = openWindow(windows, target, now);
      if (open) return undefined;
      if (nextAt === undefined)
        return `no maintenance window of the next eight days matches target ${target.id}: see maintenanceWindows`;
      return {
        text: `outside its maintenance windows; ${window ?? 'the next'} opens in ${formatDuration(nextAt - now)}`,
        until: nextAt,
      };
    },
  },
  change_budget: {
    moments: execution,
    waits: true,
    object: ({ changesToday, policy: { changesPerDay }, target }) =>
      changesToday < changesPerDay
        ? undefined
        : `${target.id} was changed ${changesToday} times in 24 hours, remediation.changesPerDay is ${changesPerDay}`,
  },
  cool_down: {
    moments: execution,
    waits: true,
    object: ({ action: { coolDownMs }, actedBefore, now, plan }) => {
      if (coolDownMs === undefined || actedBefore === undefined) return undefined;
      const until = actedBefore.at + coolDownMs;
      if (now >= until) return undefined;
      return {
        text: `run ${actedBefore.runId} did ${plan.action} on ${plan.subject} ${roughly(now - actedBefore.at)} ago: not again for another ${roughly(until - now)}`,
        until,
      };
    },
  },
  concurrent_runs: {
    moments: execution,
    waits: true,
    object: ({ holding, policy: { concurrentRuns } }) => {
      const acting = holding.filter(({ acts }) => acts);
      return acting.length < concurrentRuns
        ? undefined
        : `${acting.map(({ runId }) => runId).join(', ')} changes something now, remediation.concurrentRuns is ${concurrentRuns}`;
    },
  },
  nothing_shared: {
    moments: execution,
    waits: true,
    object: ({ holding, plan }) => {
      const other = holding.find(
        ({ target, exclusive }) =>
          target === plan.target && exclusive.some((each) => plan.exclusive.includes(each)),
      );
      return other === undefined
        ? undefined
        : `run ${other.runId} holds ${other.exclusive.filter((each) => plan.exclusive.includes(each)).join(', ')} until it has ended`;
    },
  },
} as const satisfies Readonly<Record<string, Guard>>;

export type GuardId = keyof typeof guards;

/** What mode auto may do without a person: the action says so, and so does every act of this plan. */
export function isUndoneAtOnce(
  { undoKind }: Pick<Action, 'undoKind'>,
  { acts }: Pick<Plan, 'acts'>,
): boolean {
  return undoKind === 'immediate' && acts.every((act) => act.undoKind === 'immediate');
}

/** By pipeline: of each list one kind must be there. Performance is analysed before anything is proposed. */
const neededEvidence: Readonly<Partial<Record<PipelineId, readonly (readonly EvidenceKind[])[]>>> = {
  index_management: [['catalogue', 'statistics']],
  query_optimisation: [['statistics', 'explain'], ['rehearsal']],
  migration: [['catalogue'], ['rehearsal']],
  cache: [['statistics']],
  warehouse: [['statistics']],
  throughput: [['statistics']],
};

/** What a plan must say when its soak is shorter than usual. */
export function shortSoakWarning(soakMs: number): string {
  return `the change is watched for ${formatDuration(soakMs)} only (remediation.soak); 7 days are usual`;
}

/** Everything that speaks against it, in the order of the table. */
export function checkGuards(situation: Situation): readonly GuardRefusal[] {
  return Object.entries<Guard>(guards).flatMap(([id, guard]) => {
    if (!guard.moments.includes(situation.moment)) return [];
    const objection = guard.object(situation);
    if (objection === undefined) return [];
    const waits = guard.waits === true;
    return typeof objection === 'string' ? [{ id, text: objection, waits }] : [{ id, ...objection, waits }];
  });
}
