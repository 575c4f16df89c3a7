import { FenceError } from '../core/remediation/fencing.ts';
import type { Act } from '../core/remediation/plan.ts';
import type { ActRecord, Run, RunState } from '../core/remediation/run.ts';
import {
  type ActAnswer,
  actsOf,
  journaledAct,
  markHalfApplied,
  noteInterrupted,
  settleIntents,
} from './act-journal.ts';
import { keepEvidence } from './evidence.ts';
import { auditOf, endRun, moveRun } from './journal.ts';
import { executedStates, type Loaded, loadRun } from './loaded-run.ts';
import { proveRolledBack, type RolledBack } from './migration-proofs.ts';
import type { Parts } from './parts.ts';
import { saysNothing, textOf } from './points.ts';
import { holdTarget, type TargetHold } from './target-hold.ts';

/** Why a change is taken back, and what that comes to. */
const causes = {
  worse: { state: 'reverted', disables: true },
  test: { state: 'reverted', disables: true },
  no_gain: { state: 'reverted', disables: true },
  person: { state: 'cancelled', disables: false },
  abort: { state: 'cancelled', disables: false },
  refused: { state: 'refused', disables: false },
  half_applied: { state: 'failed', disables: false },
} as const satisfies Readonly<Record<string, { readonly state: RunState; readonly disables: boolean }>>;

export type TakeBackCause = keyof typeof causes;

/** What is being executed; of migrations also what was kept: people roll them back weeks later, by the plan under which they were applied. */
export function canBeTakenBack({ state, pipeline }: Run): boolean {
  const isKept = state === 'kept' || state === 'inconclusive';
  return executedStates.includes(state) || (isKept && pipeline === 'migration');
}

/** Says, where it outlives this process, that the run is taken back from now on. Undefined when it had ended. */
export async function beginTakeBack(
  parts: Parts,
  id: string,
  cause: TakeBackCause,
  text: string,
): Promise<Run | undefined> {
  const run = await parts.records.run(id);
  if (run === undefined || !canBeTakenBack(run)) return undefined;
  await keepEvidence(parts, id, {
    kind: 'act',
    title: 'taken back',
    body: { plan: run.planHash ?? '', cause, text },
  });
  return moveRun(parts, id, [...executedStates, run.state], ({ state }) => ({
    state: state === 'half_applied' ? state : 'executing',
    step: 'undo',
    reason: `taking it back: ${text}`,
  }));
}

/** Acts that may be in force, last one first. */
export async function actsToUndo(parts: Parts, loaded: Loaded): Promise<readonly string[]> {
  const applied = new Set(
    (await actsOf(parts, loaded)).filter(({ direction }) => direction === 'apply').map(({ act }) => act),
  );
  return loaded.plan.acts
    .map(({ id }) => id)
    .filter((id) => applied.has(id))
    .toReversed();
}

/** Takes one act back, until the catalogue says so. Also while paused, and outside of windows. */
export async function undoAct(
  parts: Parts,
  id: string,
  actId: string,
  signal: AbortSignal,
): Promise<ActAnswer> {
  const loaded = await loadRun(parts, id, 'undo');
  if (loaded === undefined) return { verdict: 'end' };
  if ('id' in loaded) {
    const run = await parts.records.run(id);
    if (run !== undefined) await markHalfApplied(parts, run, loaded.text);
    return { verdict: 'again' };
  }
  const act = loaded.plan.acts.find((each) => each.id === actId);
  if (act === undefined) return { verdict: 'done' };
  try {
    const work = (hold: TargetHold): Promise<ActAnswer> => undoHeld(parts, loaded, act, hold);
    return (await holdTarget(parts, loaded.run.target, signal, work)) ?? { verdict: 'again' };
  } catch (error) {
    if (signal.aborted) await noteInterrupted(parts, id, error);
    if (saysNothing(error, signal)) throw error;
    if (!(error instanceof FenceError))
      await markHalfApplied(parts, loaded.run, `${actId} could not be taken back: ${textOf(parts, error)}`);
    return { verdict: 'again' };
  }
}

async function undoHeld(parts: Parts, loaded: Loaded, act: Act, hold: TargetHold): Promise<ActAnswer> {
  const { run, plan, workplace } = loaded;
  const context = { signal: hold.signal, runId: run.id, evidence: () => undefined };
  const found = await workplace.action.inspect(plan, act, context);
  const open = (await actsOf(parts, loaded)).filter(
    (record) => record.act === act.id && record.outcome === undefined,
  );
  await settleIntents(parts, loaded, open, found);
  if (found.state === 'pending') return { verdict: 'done' };
  if (found.state === 'other') {
    const text = `${act.id} cannot be taken back: something else stands there now (${found.detail}); look at it yourself`;
    await endRun(parts, run.id, 'failed', text);
    return { verdict: 'end' };
  }
  const { result, detail, wouldDiscard } = await journaledAct(parts, loaded, act, 'undo', hold);
  if (result === 'refused' && wouldDiscard === true) {
    await endRun(parts, run.id, 'failed', await standsText(parts, loaded, act, detail));
    return { verdict: 'end' };
  }
  if (result === 'done' || result === 'already') return { verdict: 'done' };
  await markHalfApplied(parts, run, `${act.id} is not taken back yet: ${detail}`);
  return { verdict: 'again' };
}

/** Taking it back would destroy what was written since, so it stays: a person decides, and has to know what stands where. */
async function standsText(parts: Parts, loaded: Loaded, act: Act, detail: string): Promise<string> {
  const { run, plan } = loaded;
  const ended = (await actsOf(parts, loaded)).filter(
    ({ outcome }) => outcome === 'done' || outcome === 'already',
  );
  const lastOf = (id: string): ActRecord['direction'] | undefined =>
    ended.findLast((record) => record.act === id)?.direction;
  const standing = plan.acts.filter(({ id }) => lastOf(id) === 'apply').map(({ id }) => id);
  const gone = plan.acts.filter(({ id }) => lastOf(id) !== 'apply').map(({ id }) => id);
  const where = `in force on ${run.target}: ${standing.join(', ') || 'nothing'}; not in force: ${gone.join(', ') || 'nothing'}`;
  return `${act.id} is not taken back, because that would discard what was written since: ${detail}; ${where}; nothing more is done by itself: go on with a new migration, or take it back by hand with the statements of reeve runs show ${run.id}`;
}

/** Ends a run whose acts are all taken back; one that made things worse stays off on this target until a person enables it. */
export async function endTakeBack(parts: Parts, id: string): Promise<void> {
  const run = await parts.records.run(id);
  if (run === undefined || !executedStates.includes(run.state)) return;
  const { cause, text } = await causeOf(parts, run);
  const { state, disables } = causes[cause];
  if (disables && run.action !== undefined)
    await parts.records.disableAction(
      { target: run.target, action: run.action, runId: id, at: parts.input.clock.now(), reason: text },
      auditOf(parts, run, {
        event: 'action_disabled',
        outcome: `${run.action} is off on ${run.target} until a person enables it: ${text}`,
      }),
    );
  const rolledBack = run.planHash === undefined ? undefined : await rollbackOf(parts, run, run.planHash);
  if (rolledBack?.verified === false) {
    const what = `taken back (${text}), and the schema is not as before: compare it with the evidence (reeve runs show ${id})`;
    await endRun(parts, id, 'failed', what);
    return;
  }
  const next = disables
    ? `; ${run.action ?? 'the action'} is disabled here: reeve runs enable ${run.target} ${run.action ?? ''}`
    : '';
  const asBefore =
    rolledBack !== undefined && rolledBack.verified === undefined
      ? 'taken back; an agent died in it, so nobody measured whether the schema is as before'
      : 'taken back, the database is as before';
  await endRun(parts, id, state, `${asBefore}: ${text}${next}`);
}

async function rollbackOf(parts: Parts, run: Run, hash: string): Promise<RolledBack | undefined> {
  const plan = await parts.records.plan(hash);
  return plan === undefined ? undefined : proveRolledBack(parts, run, plan);
}

async function causeOf(
  parts: Parts,
  run: Run,
): Promise<{ readonly cause: TakeBackCause; readonly text: string }> {
  const kept = (await parts.records.evidence(run.id)).filter(
    ({ kind, title, body }) => kind === 'act' && title === 'taken back' && body['plan'] === run.planHash,
  );
  const body = kept.at(-1)?.body;
  const text = typeof body?.['text'] === 'string' ? body['text'] : run.reason;
  const cause = Object.keys(causes).find((each) => each === body?.['cause']);
  return { cause: isCause(cause) ? cause : 'half_applied', text };
}

function isCause(text: string | undefined): text is TakeBackCause {
  return text !== undefined && Object.hasOwn(causes, text);
}
