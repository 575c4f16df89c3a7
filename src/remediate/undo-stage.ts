import { type Execution, RunGoesOn, retryDelayMs, type Stage } from './execution.ts';
import { loadRun } from './loaded-run.ts';
import { attempt } from './points.ts';
import { actsToUndo, endTakeBack, undoAct } from './take-back.ts';

const mostTries = 200;

/** Takes back what was done, last act first, for as long as it takes. */
export async function undoStage(execution: Execution): Promise<Stage> {
  const { parts, id, steps } = execution;
  const listed = await attempt(parts, steps, 'acts to undo', async () => {
    const loaded = await loadRun(parts, id, 'undo');
    if (loaded === undefined) return null;
    if ('id' in loaded) throw new Error(loaded.text);
    return actsToUndo(parts, loaded);
  });
  if (!listed.ok) throw new RunGoesOn(listed.text);
  if (listed.value === null) return 'end';
  for (const actId of listed.value) if (!(await isTakenBack(execution, actId))) return 'end';
  const ended = await attempt(parts, steps, 'taken back', async () => {
    await endTakeBack(parts, id);
    return null;
  });
  if (!ended.ok) throw new RunGoesOn(ended.text);
  return 'end';
}

/** False when the run ended because nobody but a person can take it back. */
async function isTakenBack(execution: Execution, actId: string): Promise<boolean> {
  const { parts, id, steps } = execution;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const answer = await attempt(parts, steps, `undo ${actId} ${tries}`, async (signal) => {
      const { verdict } = await undoAct(parts, id, actId, signal);
      return verdict;
    });
    if (answer.ok && answer.value === 'done') return true;
    if (answer.ok && answer.value === 'end') return false;
    await steps.sleep(`undo wait ${actId} ${tries}`, retryDelayMs(tries));
  }
  throw new RunGoesOn(`run ${id} is not taken back yet`);
}
