import { type Execution, RunGoesOn, type Stage, stop } from './execution.ts';
import { type GateAnswer, passGate } from './gate.ts';
import { endRun, moveRun } from './journal.ts';
import { loadRun } from './loaded-run.ts';
import { baselineLooks, keepBaseline, takeLook } from './looks.ts';
import { attempt } from './points.ts';
import { checkBeforeAct } from './pre-check.ts';

/** A process has at most 1,000 steps; the next one goes on after this many tries. */
const mostTries = 300;

/** Waits until nothing speaks against it any more. */
export async function gateStage(execution: Execution): Promise<Stage> {
  const { parts, id, steps } = execution;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const answer = await attempt<{ pass: GateAnswer['pass']; forMs: number }>(
      parts,
      steps,
      `gate ${tries}`,
      async () => ({ forMs: 0, ...(await passGate(parts, id, tries)) }),
    );
    if (!answer.ok) return stop(execution, 'pre-check', answer.text);
    const { pass, forMs } = answer.value;
    if (pass === 'go') return 'baseline';
    if (pass === 'end') return 'end';
    await steps.sleep(`gate wait ${tries}`, forMs);
  }
  throw new RunGoesOn(`run ${id} waits for its turn`);
}

/** Looks at the target several times, to compare with; then once more whether all is as planned. */
export async function baselineStage(execution: Execution): Promise<Stage> {
  const { parts, id, steps } = execution;
  const pauseMs = parts.input.policy().baselineMs / (baselineLooks - 1);
  for (let look = 0; look < baselineLooks; look += 1) {
    if (look > 0) await steps.sleep(`baseline wait ${look}`, pauseMs);
    const answer = await attempt(parts, steps, `baseline ${look}`, async (signal) => {
      const loaded = await loadRun(parts, id, 'pre-check', ['executing']);
      if (loaded === undefined || 'id' in loaded) return false;
      await keepBaseline(parts, loaded, await takeLook(parts, loaded, signal));
      return true;
    });
    if (!answer.ok) return stop(execution, 'pre-check', answer.text);
    if (!answer.value) return stopIfGone(execution);
  }
  return preCheck(execution);
}

async function preCheck(execution: Execution): Promise<Stage> {
  const { parts, id, steps } = execution;
  const answer = await attempt<'act' | 'end'>(parts, steps, 'pre-check', async (signal) => {
    const loaded = await loadRun(parts, id, 'pre-check', ['executing']);
    if (loaded === undefined) return 'end';
    if ('id' in loaded) {
      await endRun(parts, id, 'refused', `${loaded.text}; nothing was changed`);
      return 'end';
    }
    const refusals = await checkBeforeAct(parts, loaded, signal);
    // What may pass by itself is asked again right before the act.
    const final = refusals.filter(({ waits }) => !waits);
    if (final.length === 0) {
      await moveRun(parts, id, ['executing'], { reason: 'all is as planned' });
      return 'act';
    }
    const text = final.map((refusal) => refusal.text).join('; ');
    await endRun(parts, id, 'refused', `${text}; nothing was changed (reeve runs retry ${id})`, {
      guards: final.map((refusal) => refusal.id),
    });
    return 'end';
  });
  return answer.ok ? answer.value : stop(execution, 'pre-check', answer.text);
}

/** It ended meanwhile, or its target is gone. */
async function stopIfGone(execution: Execution): Promise<Stage> {
  return stop(execution, 'pre-check', 'the run or its target is gone');
}
