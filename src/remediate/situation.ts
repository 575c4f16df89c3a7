import type { Evidence } from '../core/remediation/evidence.ts';
import type { Action, Operations } from '../core/remediation/operations.ts';
import type { Plan } from '../core/remediation/plan.ts';
import type { ActRecord, Approval, Run } from '../core/remediation/run.ts';
import { checkGuards, type GuardMoment, type GuardRefusal, type Holding } from './guards.ts';
import type { Parts } from './parts.ts';
import { modeOf } from './policy.ts';
import { readBackupStanding } from './read-backup-standing.ts';
import type { RemediationTarget } from './remediation-input.ts';

const day = 86_400_000;

/** What a run works with. */
export interface Workplace {
  readonly site: RemediationTarget;
  readonly operations: Operations;
  readonly action: Action;
}

/** As much of it as guards ask for; without an agent the engine is not there to judge, which it does again before each act. */
export interface GuardedPlace {
  readonly site: RemediationTarget;
  readonly operations: Pick<Operations, 'judge' | 'backups'> | undefined;
  readonly action: Pick<Action, 'undoKind' | 'rehearsal' | 'coolDownMs'>;
}

/** The target, its operations and the action; a refusal when one of them is no longer there. */
export async function workplaceOf(
  { input }: Parts,
  target: string,
  actionId: string | undefined,
): Promise<Workplace | GuardRefusal> {
  const site = siteOf(input.targets(), target);
  if (site === undefined)
    return { id: 'target_known', text: `target ${target} is no longer configured`, waits: false };
  const operations = await input.operationsOf(target);
  const action = operations?.actions.find(({ id }) => id === actionId);
  if (operations === undefined || action === undefined)
    return {
      id: 'action_known',
      text: `target ${target} does not offer ${actionId ?? 'any action'} any more`,
      waits: false,
    };
  return { site, operations, action };
}

export function siteOf(sites: readonly RemediationTarget[], target: string): RemediationTarget | undefined {
  return sites.find((site) => site.target.id === target);
}

export interface Question {
  readonly moment: GuardMoment;
  readonly run: Run;
  readonly plan: Plan;
  readonly approval: Approval | undefined;
  readonly workplace: GuardedPlace;
  /** What the plan rests on; read from the records unless given. */
  readonly evidence?: readonly Evidence[];
}

/** Asks every guard of that moment. */
export async function askGuards(parts: Parts, question: Question): Promise<readonly GuardRefusal[]> {
  const { input, records } = parts;
  const { moment, run, plan, approval, workplace } = question;
  const { site, operations, action } = workplace;
  const policy = input.policy();
  const now = input.clock.now();
  const disabled = await records.disabledActions();
  return checkGuards({
    moment,
    now,
    run,
    plan,
    pipeline: input.pipelines.find(({ id }) => id === plan.pipeline),
    action,
    mode: modeFor(site, run, plan.action),
    approval,
    target: site.target,
    remediation: site.remediation,
    policy,
    windows: input.windows(),
    pause: await records.paused(),
    pauseFile: pauseFileOf(parts),
    disabled: disabled.find((each) => each.target === run.target && each.action === plan.action),
    changesToday: changesOf(await records.acts({ target: run.target, since: now - day }), run.id),
    holding: await holdingBeside(parts, run.id),
    evidence: question.evidence ?? (await records.evidence(run.id)),
    judged: (await operations?.judge?.(plan)) ?? [],
    actedBefore: await actedBefore(parts, run, plan, action),
    backup: asksForBackup(question) ? await readBackupStanding(parts, operations, plan) : undefined,
  });
}

/** At `plan` it is a warning: see `makeDraft`. */
function asksForBackup({ plan, moment }: Question): boolean {
  return plan.pipeline === 'migration' && moment !== 'plan';
}

/** The latest other run that did the same to the same, whatever became of it. */
async function actedBefore(
  { input, records }: Parts,
  { id, target }: Run,
  { action, subject }: Plan,
  { coolDownMs }: Pick<Action, 'coolDownMs'>,
): Promise<{ readonly runId: string; readonly at: number } | undefined> {
  if (coolDownMs === undefined) return undefined;
  const acts = changing(await records.acts({ target, since: input.clock.now() - coolDownMs }), id);
  for (const { runId, intentAt } of acts.toReversed()) {
    const other = await records.run(runId);
    if (other?.action === action && other.subject === subject) return { runId, at: intentAt };
  }
  return undefined;
}

/** What the clock starts prepares plans only: somebody has to look at them, whatever the mode. */
export function modeFor(
  site: RemediationTarget,
  run: Pick<Run, 'pipeline' | 'trigger'>,
  action: string | undefined,
): ReturnType<typeof modeOf> {
  const mode = modeOf(site.remediation, run.pipeline, action);
  return mode === 'auto' && run.trigger.kind === 'schedule' ? 'approve' : mode;
}

/** The file that pauses, while it is there. */
export function pauseFileOf({ input }: Parts): string | undefined {
  const { pauseFile } = input.policy();
  return pauseFile !== undefined && input.pauseFileExists() ? pauseFile : undefined;
}

/** Runs that changed something, or may have; attempts that changed nothing do not use up the budget. */
function changesOf(acts: readonly ActRecord[], run: string): number {
  return new Set(changing(acts, run).map(({ runId }) => runId)).size;
}

/** Of other runs. */
function changing(acts: readonly ActRecord[], run: string): readonly ActRecord[] {
  return acts.filter(
    ({ runId, direction, outcome }) =>
      runId !== run &&
      direction === 'apply' &&
      outcome !== 'refused' &&
      outcome !== 'gave_up' &&
      outcome !== 'already',
  );
}

/** A run that only waits for its turn holds nothing: two of them would wait for each other. */
async function holdingBeside({ records }: Parts, run: string): Promise<readonly Holding[]> {
  const others = await records.runs({ states: ['executing', 'soaking', 'half_applied'] });
  return Promise.all(
    others
      .filter(({ id }) => id !== run)
      .map(async ({ id, target, state, planHash }) => {
        const plan = planHash === undefined ? undefined : await records.plan(planHash);
        return { runId: id, target, exclusive: plan?.exclusive ?? [], acts: state !== 'soaking' };
      }),
  );
}
