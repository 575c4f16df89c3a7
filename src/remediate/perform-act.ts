import { FenceError } from '../core/remediation/fencing.ts';
import type { ActOutcome, Inspection } from '../core/remediation/operations.ts';
import type { Act } from '../core/remediation/plan.ts';
import type { ActRecord } from '../core/remediation/run.ts';
import {
  type ActAnswer,
  actsOf,
  journaledAct,
  markHalfApplied,
  noteInterrupted,
  settleIntents,
  TakenBackMeanwhile,
} from './act-journal.ts';
import { endWithoutPlace } from './end-without-place.ts';
import { endRun, moveRun } from './journal.ts';
import { type Loaded, loadRun } from './loaded-run.ts';
import { keepFigures } from './migration-proofs.ts';
import type { Parts } from './parts.ts';
import { saysNothing, textOf } from './points.ts';
import { checkBeforeAct } from './pre-check.ts';
import { beginTakeBack } from './take-back.ts';
import { holdTarget, type TargetHold } from './target-hold.ts';

/** How often an act that gave way, or is half done, is tried again before it is given up or taken back. */
const mostAttempts = 3;

/** Does one act of a plan, or finds out what became of it. May be called again at any time. */
export async function performAct(
  parts: Parts,
  id: string,
  actId: string,
  signal: AbortSignal,
): Promise<ActAnswer> {
  const loaded = await loadRun(parts, id, 'apply');
  if (loaded === undefined) return { verdict: 'end' };
  if ('id' in loaded) {
    return { verdict: (await endWithoutPlace(parts, id, loaded.text)) ? 'end' : 'again' };
  }
  if (loaded.run.step === 'undo') return { verdict: 'take_back' };
  const act = loaded.plan.acts.find((each) => each.id === actId);
  if (act === undefined) return { verdict: 'done' };
  try {
    const work = (hold: TargetHold): Promise<ActAnswer> => performHeld(parts, loaded, act, hold);
    return (await holdTarget(parts, loaded.run.target, signal, work)) ?? { verdict: 'again' };
  } catch (error) {
    if (signal.aborted) await noteInterrupted(parts, id, error);
    if (saysNothing(error, signal)) throw error;
    return afterError(parts, loaded, act, error);
  }
}

/** With an open intent nobody knows what happened: the catalogue is asked again. Without one nothing did. */
async function afterError(parts: Parts, loaded: Loaded, act: Act, error: unknown): Promise<ActAnswer> {
  if (error instanceof FenceError || error instanceof TakenBackMeanwhile) return { verdict: 'again' };
  const text = textOf(parts, error);
  const own = (await actsOf(parts, loaded)).filter((record) => record.act === act.id);
  if (own.length === 0) return giveUp(parts, loaded, act, `${act.id} failed: ${text}`, 'failed');
  const reason = `nobody knows yet what became of ${act.id} (${text}): the database is asked again`;
  await moveRun(parts, loaded.run.id, ['executing', 'half_applied'], { reason });
  return { verdict: 'again' };
}

async function performHeld(parts: Parts, loaded: Loaded, act: Act, hold: TargetHold): Promise<ActAnswer> {
  const { run, plan, workplace } = loaded;
  const records = (await actsOf(parts, loaded)).filter((record) => record.act === act.id);
  const context = { signal: hold.signal, runId: run.id, evidence: () => undefined };
  const found = await workplace.action.inspect(plan, act, context);
  await settleIntents(
    parts,
    loaded,
    records.filter(({ outcome }) => outcome === undefined),
    found,
  );
  const own = records.filter(({ direction }) => direction === 'apply');
  const settled = await fromCatalogue(parts, loaded, act, { found, own });
  if (settled !== undefined) return settled;
  const refusals = await checkBeforeAct(parts, loaded, hold.signal);
  if (refusals.length > 0) {
    const text = refusals.map((refusal) => refusal.text).join('; ');
    // Half done is never left waiting: while it may not be finished it is taken back.
    const isForGood = refusals.some(({ waits }) => !waits) || found.state === 'half_applied';
    if (isForGood) return giveUp(parts, loaded, act, text, 'refused', found);
    await moveRun(parts, run.id, ['executing', 'half_applied'], {
      reason: `waits before ${act.id}: ${text}`,
    });
    return { verdict: 'again' };
  }
  await moveRun(parts, run.id, ['executing', 'half_applied'], { reason: `${act.summary}: under way` });
  const outcome = await journaledAct(parts, loaded, act, 'apply', hold);
  return judgeOutcome(parts, loaded, act, { outcome, attempts: own.length + 1, found });
}

interface Standing {
  readonly found: Inspection;
  /** Intents of ours to apply it. */
  readonly own: readonly ActRecord[];
}

/** What the catalogue says settles; undefined when the act is still to be done, or to be finished. */
async function fromCatalogue(
  parts: Parts,
  loaded: Loaded,
  act: Act,
  { found, own }: Standing,
): Promise<ActAnswer | undefined> {
  const { run } = loaded;
  const isOurs = own.length > 0;
  if (found.state === 'pending') {
    await leaveHalf(parts, run.id);
    return own.length < mostAttempts
      ? undefined
      : giveUp(
          parts,
          loaded,
          act,
          `${act.id} did not succeed ${own.length} times: ${found.detail}`,
          'failed',
        );
  }
  if (found.state === 'done') {
    await leaveHalf(parts, run.id);
    // Measured by an agent that died before it could keep it.
    if (own.some(({ outcome }) => outcome === undefined))
      await keepFigures(parts, run, act, 'apply', found.migration);
    if (isOurs || (await hasApplied(parts, loaded, act))) return { verdict: 'done' };
    await endRun(parts, run.id, 'nothing_to_do', `somebody else did it already: ${found.detail}`);
    return { verdict: 'end' };
  }
  if (found.state === 'other' || !isOurs)
    return giveUp(parts, loaded, act, `something else stands there now: ${found.detail}`, 'refused');
  await markHalfApplied(parts, run, `${act.id}: ${found.detail}`);
  return own.length < mostAttempts
    ? undefined
    : giveUp(parts, loaded, act, `${act.id} could not be finished: ${found.detail}`, 'failed', found);
}

async function leaveHalf(parts: Parts, id: string): Promise<void> {
  await moveRun(parts, id, ['half_applied'], { state: 'executing' });
}

interface Ended {
  readonly outcome: ActOutcome;
  readonly attempts: number;
  /** What stood there before this attempt. */
  readonly found: Inspection;
}

async function judgeOutcome(
  parts: Parts,
  loaded: Loaded,
  act: Act,
  { outcome: { result, detail }, attempts, found }: Ended,
): Promise<ActAnswer> {
  const { run } = loaded;
  switch (result) {
    case 'done':
    case 'already':
      await leaveHalf(parts, run.id);
      return { verdict: 'done' };
    case 'half_applied':
      await markHalfApplied(parts, run, `${act.id}: ${detail}`);
      return { verdict: 'again' };
    case 'gave_up':
      if (attempts >= mostAttempts)
        return giveUp(parts, loaded, act, `${act.id} gave way ${attempts} times: ${detail}`, 'failed', found);
      await moveRun(parts, run.id, ['executing'], {
        reason: `${act.id} gave way and tries again: ${detail}`,
      });
      return { verdict: 'again' };
    case 'refused':
      return giveUp(parts, loaded, act, detail, 'refused', found);
    case 'failed':
      break;
  }
  await moveRun(parts, run.id, ['executing'], { reason: `${act.id} failed: ${detail}` });
  return { verdict: 'again' };
}

/** Ends the run when nothing of it is in force; otherwise all of it is taken back. */
async function giveUp(
  parts: Parts,
  loaded: Loaded,
  act: Act,
  text: string,
  state: 'refused' | 'failed',
  found?: Inspection,
): Promise<ActAnswer> {
  const { run } = loaded;
  const isHalf = found?.state === 'half_applied';
  if (isHalf || (await hasApplied(parts, loaded, act))) {
    await beginTakeBack(parts, run.id, isHalf ? 'half_applied' : 'refused', text);
    return { verdict: 'take_back' };
  }
  await endRun(parts, run.id, state, `${text}; nothing was changed (reeve runs retry ${run.id})`);
  return { verdict: 'end' };
}

/** Whether an earlier act of this plan is in force. */
async function hasApplied(parts: Parts, loaded: Loaded, act: Act): Promise<boolean> {
  const all = await actsOf(parts, loaded);
  return all.some(
    (record) =>
      record.act !== act.id &&
      record.direction === 'apply' &&
      (record.outcome === 'done' || record.outcome === 'already' || record.outcome === 'half_applied'),
  );
}
