import { isOpen } from '../core/remediation/run.ts';
import { markHalfApplied } from './act-journal.ts';
import { endRun } from './journal.ts';
import type { Parts } from './parts.ts';

/**
 * What becomes of a run whose target, or what may be done there, is no longer configured. One that is in the middle of something stays, and
 * pages, until the target is back: nobody else would ever look at what it left. Others end, and say what they left.
 *
 * @returns whether it has ended.
 */
export async function endWithoutPlace(parts: Parts, id: string, text: string): Promise<boolean> {
  const run = await parts.records.run(id);
  if (run === undefined || !isOpen(run.state)) return true;
  const plan = run.planHash === undefined ? undefined : await parts.records.plan(run.planHash);
  const acts = await parts.records.acts({ runId: id, since: plan?.createdAt ?? 0 });
  const isHalf = run.state === 'half_applied' || acts.some(({ outcome }) => outcome === undefined);
  if (isHalf || run.step === 'undo') {
    await markHalfApplied(parts, run, `${text}: configure it again, or this cannot be put right`);
    return false;
  }
  const left =
    acts.length === 0
      ? 'nothing was changed'
      : `its change may be in force and is no longer watched: look at it (reeve runs show ${id})`;
  await endRun(parts, id, 'failed', `${text}; ${left}`);
  return true;
}
