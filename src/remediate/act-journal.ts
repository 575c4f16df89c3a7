import type { EvidenceDraft } from '../core/remediation/evidence.ts';
import { type ActOutcome, type Inspection, sessionName } from '../core/remediation/operations.ts';
import type { Act } from '../core/remediation/plan.ts';
import type { ActRecord, ActResult, Run } from '../core/remediation/run.ts';
import { keepEvidence } from './evidence.ts';
import { auditOf, moveRun } from './journal.ts';
import { executedStates, type Loaded } from './loaded-run.ts';
import { keepFigures } from './migration-proofs.ts';
import type { Parts } from './parts.ts';
import { passPoint, textOf } from './points.ts';
import type { TargetHold } from './target-hold.ts';

/** `done`: go on with the next. `again`: after a while. `end`: the run has ended. `take_back`: everything is undone. */
export interface ActAnswer {
  readonly verdict: 'done' | 'again' | 'end' | 'take_back';
}

export type Direction = ActRecord['direction'];

/** What was begun for the plan as it was approved; earlier attempts of a retried run had another plan. */
export async function actsOf(parts: Parts, { run, plan }: Loaded): Promise<readonly ActRecord[]> {
  const all = await parts.records.acts({ runId: run.id, since: plan.createdAt });
  return all;
}

/** Writes the outcome of acts that an agent died in: the database's own catalogue says it. */
export async function settleIntents(
  parts: Parts,
  { run }: Loaded,
  open: readonly ActRecord[],
  { state, detail }: Inspection,
): Promise<void> {
  for (const { id, act, direction, statement } of open) {
    const result = outcomesFound[direction][state];
    const text = `found after an interruption: ${detail}`;
    await conclude(parts, run, { id, act, direction, statement }, { result, detail: text });
  }
}

/** What became of an act nobody saw the end of, by what the catalogue says. */
const outcomesFound: Readonly<Record<Direction, Readonly<Record<Inspection['state'], ActResult>>>> = {
  apply: { done: 'already', pending: 'failed', half_applied: 'half_applied', other: 'failed' },
  undo: { done: 'failed', pending: 'already', half_applied: 'half_applied', other: 'failed' },
};

/** Intent, act, outcome. An error leaves the intent open: nobody knows, and the catalogue is asked next. */
export async function journaledAct(
  parts: Parts,
  loaded: Loaded,
  act: Act,
  direction: Direction,
  hold: TargetHold,
): Promise<ActOutcome> {
  const { run, plan, workplace } = loaded;
  const { input, records } = parts;
  const statement = direction === 'apply' ? act.statement : act.undo.join(';\n');
  const statements = direction === 'apply' ? [act.statement] : act.undo;
  passPoint(parts, `before intent of ${direction} ${act.id}`);
  const id = await records.intend(
    {
      runId: run.id,
      target: run.target,
      act: act.id,
      direction,
      statement,
      fence: hold.fence,
      // `actsOf` must find it also when the clock was set back since the plan.
      intentAt: Math.max(input.clock.now(), plan.createdAt),
    },
    auditOf(parts, run, {
      event: direction === 'apply' ? 'act_intended' : 'undo_intended',
      outcome: act.summary,
      statements,
    }),
  );
  passPoint(parts, `after intent of ${direction} ${act.id}`);
  const seen: EvidenceDraft[] = [];
  const context = {
    signal: hold.signal,
    runId: run.id,
    evidence: (draft: EvidenceDraft) => void seen.push(draft),
    sessionName: sessionName(input.applicationName, run.id),
    assertHeld: async () => {
      await hold.assertHeld();
      if (direction === 'apply') await assertWanted(parts, run);
    },
  };
  const outcome = await (direction === 'apply'
    ? workplace.action.apply(plan, act, context)
    : workplace.action.undo(plan, act, context));
  passPoint(parts, `after ${direction} ${act.id}`);
  if (outcome.result === 'done' || outcome.result === 'already')
    await keepFigures(parts, run, act, direction, outcome.migration);
  await conclude(parts, run, { id, act: act.id, direction, statement }, outcome);
  passPoint(parts, `after outcome of ${direction} ${act.id}`);
  for (const draft of seen) await keepEvidence(parts, run.id, draft);
  return outcome;
}

/**
 * Asked after the intent is on disk, right before something is changed: whoever takes a run back writes that first and looks for intents
 * next, so that one of the two sees the other, on whichever agent they are.
 */
async function assertWanted({ records }: Parts, { id, target, planHash }: Run): Promise<void> {
  const run = await records.run(id);
  const isWanted = run !== undefined && executedStates.includes(run.state) && run.step !== 'undo';
  if (!isWanted || run.planHash !== planHash) throw new TakenBackMeanwhile(target, id);
}

/** Nothing more is done for this run: it ended, or is taken back, since it was read. */
export class TakenBackMeanwhile extends Error {
  override readonly name = 'TakenBackMeanwhile';

  constructor(target: string, id: string) {
    super(`run ${id} was taken back meanwhile: nothing more is done for it on ${target}`);
  }
}

async function conclude(
  parts: Parts,
  run: Run,
  { id, act, direction, statement }: Pick<ActRecord, 'id' | 'act' | 'direction' | 'statement'>,
  { result, detail }: ActOutcome,
): Promise<void> {
  const text = parts.input.redact(detail).slice(0, 2_000);
  const note = {
    event: direction === 'apply' ? 'act_ended' : 'undo_ended',
    outcome: `${act}: ${result}: ${text}`,
    statements: [statement],
  } as const;
  await parts.records.conclude(id, result, parts.input.clock.now(), text, auditOf(parts, run, note));
  parts.input.log.info('act ended', { run: run.id, target: run.target, act, direction, result });
}

/** Shown, and paged, until it is whole again. */
export async function markHalfApplied(parts: Parts, run: Run, text: string): Promise<void> {
  const moved = await moveRun(parts, run.id, executedStates, {
    state: 'half_applied',
    reason: `half done on ${run.target}: ${text}; Reeve goes on until it is whole (reeve runs show ${run.id})`,
  });
  if (moved === undefined || run.state === 'half_applied') return;
  parts.input.log.error('act half done', {
    run: run.id,
    target: run.target,
    action: run.action,
    subject: run.subject,
    detail: moved.reason,
  });
}

/** An act that is told to stop is recorded as such; the next agent, or the next step, asks the catalogue what became of it. */
export async function noteInterrupted(parts: Parts, id: string, error: unknown): Promise<void> {
  try {
    const [open] = await parts.records.acts({ runId: id, unfinished: true });
    const run = open === undefined ? undefined : await parts.records.run(id);
    if (open === undefined || run === undefined) return;
    const text = `${open.act} was interrupted (${textOf(parts, error)}): the database is asked what became of it when this goes on`;
    await parts.records.appendAudit(
      auditOf(parts, run, {
        event: open.direction === 'apply' ? 'act_ended' : 'undo_ended',
        outcome: `interrupted: ${text}`,
        statements: [open.statement],
      }),
    );
    await moveRun(parts, id, executedStates, { reason: text });
  } catch (cause) {
    // The open intent says the same, and is on disk.
    parts.input.log.warn('interruption not recorded', { run: id, error: cause });
  }
}
