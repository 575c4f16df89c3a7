import type { BackupOperations, DrillReport } from '../../core/remediation/backups.ts';
import type { Run } from '../../core/remediation/run.ts';
import { holds } from '../backup-standing.ts';
import { redactObject, withEvidence } from '../evidence.ts';
import { endRun, moveRun } from '../journal.ts';
import { holdLease } from '../lease-hold.ts';
import type { Parts } from '../parts.ts';
import { passPoint, saysNothing, textOf } from '../points.ts';
import { roughly } from '../roughly.ts';
import { discardRestored } from './discard.ts';
import { drillLease } from './drill-lease.ts';
import { type DrillWish, failedReport } from './journaled-drill.ts';
import { roomFault } from './room.ts';
import { ScratchRefused } from './scratch.ts';
import { noteScratchRoot } from './scratch-roots.ts';

export type RestoreTurn =
  | { readonly next: 'report'; readonly report: string }
  | { readonly next: 'busy' }
  | { readonly next: 'end' };

/** Longer than any restore that is still of use. */
const usualLongestMs = 24 * 3_600_000;

/** Restores and verifies, one drill at a time on this machine. Interrupted, it leaves nothing, and begins anew when it is called again. */
export async function restoreBackup(
  parts: Parts,
  id: string,
  wish: DrillWish,
  signal: AbortSignal,
): Promise<RestoreTurn> {
  const run = await moveRun(parts, id, ['preparing'], { step: 'restore' });
  if (run === undefined) return { next: 'end' };
  const request = { name: drillLease(parts.input.holder), what: 'the drill', signal };
  const turn = await holdLease(parts, request, async (hold): Promise<RestoreTurn> => {
    try {
      const other = await provenMeanwhile(parts, run, wish);
      if (other !== undefined) {
        await endRun(parts, run.id, 'nothing_to_do', `run ${other} has just restored it`);
        return { next: 'end' };
      }
      const report = await restoreHeld(parts, run, wish, hold.signal);
      if (!hold.signal.aborted) return { next: 'report', report: shownReport(parts, report) };
    } catch (error) {
      if (error instanceof ScratchRefused) return refused(error.message);
      if (!hold.signal.aborted) throw error;
    }
    // Cancelled, stopped, or taken over by another agent: what stands there is of no use to anybody.
    await discardQuietly(parts, run);
    signal.throwIfAborted();
    return { next: 'busy' };
  });
  if (turn !== undefined && turn.next !== 'busy') return turn;
  await moveRun(parts, id, ['preparing'], { reason: 'another drill restores on this machine: waits for it' });
  return { next: 'busy' };
}

/** The run that proved what this one is about, while it waited: a restore of a server answers for all its databases. */
async function provenMeanwhile(
  { input }: Parts,
  { target, trigger, createdAt }: Run,
  { database }: DrillWish,
): Promise<string | undefined> {
  if (trigger.kind !== 'breach') return undefined;
  const proofs = await input.proofs.proofs({ kind: 'drill', target, since: createdAt });
  return proofs.find(({ counts, subjects }) => counts && holds(subjects, database))?.runId;
}

function refused(text: string): RestoreTurn {
  return { next: 'report', report: JSON.stringify(failedReport(text)) };
}

async function restoreHeld(
  parts: Parts,
  run: Run,
  wish: DrillWish,
  signal: AbortSignal,
): Promise<DrillReport> {
  const { input } = parts;
  const backups = (await input.operationsOf(run.target))?.backups;
  if (backups?.drill === undefined)
    return failedReport(`${run.target} offers no restore any more: was its configuration changed?`);
  // Of an agent that died in it.
  await discardRestored(parts, run);
  passPoint(parts, 'before folder');
  const root = await noteScratchRoot(parts, run.id);
  const folder = await input.scratch.make(root, run.id, [...input.dataPlaces(), ...(backups.places ?? [])]);
  passPoint(parts, 'after folder');
  const full = await roomFault(parts, run, backups, wish, root, signal);
  if (full !== undefined) return failedReport(full);
  return drillThere(parts, run, backups, { wish, folder, signal });
}

interface There {
  readonly wish: DrillWish;
  readonly folder: string;
  readonly signal: AbortSignal;
}

async function drillThere(
  parts: Parts,
  run: Run,
  backups: BackupOperations,
  { wish, folder, signal }: There,
): Promise<DrillReport> {
  const longestMs = parts.input.longestDrillMs ?? usualLongestMs;
  const ended = new AbortController();
  const limit = new AbortController();
  const late = parts.input.clock
    .sleep(longestMs, ended.signal)
    .then(() => limit.abort(new Error(`it took longer than ${roughly(longestMs)}`)))
    .catch(() => undefined);
  let said: Promise<unknown> = Promise.resolve();
  let died: unknown;
  const onStep = (step: string): void => {
    try {
      passPoint(parts, `drill ${step}`);
    } catch (error) {
      died = error;
      limit.abort(error);
      return;
    }
    const reason = `restoring a backup of ${run.target} into scratch: ${step}`;
    // What people read meanwhile; the drill does not depend on it.
    said = said.then(() => moveRun(parts, run.id, ['preparing'], { reason })).catch(() => undefined);
  };
  const { chain, backup, until } = wish;
  try {
    const report = await withEvidence(parts, run.id, AbortSignal.any([signal, limit.signal]), (context) =>
      backups.drill === undefined
        ? Promise.resolve(failedReport('no restore is offered'))
        : backups.drill({ chain, backup, until }, { ...context, folder, onStep }),
    );
    if (died !== undefined) throw died;
    return report;
  } catch (error) {
    if (died !== undefined) throw died;
    if (saysNothing(error, signal)) throw error;
    return failedReport(`the drill broke off: ${textOf(parts, error)}`);
  } finally {
    ended.abort();
    await Promise.all([late, said]);
  }
}

async function discardQuietly(parts: Parts, run: Run): Promise<void> {
  try {
    await discardRestored(parts, run);
  } catch (error) {
    // Whoever comes next discards it before anything else.
    parts.input.log.warn('what a drill restored is not discarded yet', {
      run: run.id,
      error: textOf(parts, error),
    });
  }
}

/** Without secrets, and not longer than a journal takes. */
function shownReport({ input }: Parts, report: DrillReport): string {
  const { steps, checks, text, ...rest } = report;
  const short = {
    ...rest,
    text: text.slice(0, 2_000),
    steps: steps.slice(0, 50).map((step) => ({ ...step, command: step.command.slice(0, 2_000) })),
    checks: checks.slice(0, 500).map((check) => ({ ...check, detail: check.detail.slice(0, 500) })),
  };
  return JSON.stringify(redactObject(input.redact, JSON.parse(JSON.stringify(short))));
}
