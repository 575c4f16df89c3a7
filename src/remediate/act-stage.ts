import type { ActAnswer } from './act-journal.ts';
import { type Execution, RunGoesOn, retryDelayMs, type Stage, stop } from './execution.ts';
import { loadRun } from './loaded-run.ts';
import { proveApplied } from './migration-proofs.ts';
import { performAct } from './perform-act.ts';
import { attempt } from './points.ts';
import { beginTakeBack } from './take-back.ts';
import { runTest } from './test-command.ts';

const mostTries = 200;

/** Does the acts one after the other, then has the user's test say whether all still works. */
export async function actStage(execution: Execution): Promise<Stage> {
  const { parts, id, steps } = execution;
  const listed = await attempt(parts, steps, 'acts', async () => {
    const loaded = await loadRun(parts, id, 'apply');
    return loaded === undefined || 'id' in loaded ? [] : loaded.plan.acts.map((act) => act.id);
  });
  if (!listed.ok) return stop(execution, 'apply', listed.text);
  for (const actId of listed.value) {
    const verdict = await untilKnown(execution, actId);
    if (verdict === 'end') return 'end';
    if (verdict === 'take_back') return 'undo';
  }
  return listed.value.length === 0
    ? stop(execution, 'apply', 'the run or its target is gone')
    : test(execution);
}

async function untilKnown(execution: Execution, actId: string): Promise<ActAnswer['verdict']> {
  const { parts, id, steps } = execution;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const answer = await attempt(parts, steps, `apply ${actId} ${tries}`, async (signal) => {
      const { verdict } = await performAct(parts, id, actId, signal);
      return verdict;
    });
    if (answer.ok && answer.value !== 'again') return answer.value;
    await steps.sleep(`apply wait ${actId} ${tries}`, retryDelayMs(tries));
  }
  throw new RunGoesOn(`run ${id} is not done with ${actId}`);
}

/** No functional regression, as far as the user's test can tell. */
async function test(execution: Execution): Promise<Stage> {
  const { parts, id, steps } = execution;
  const answer = await attempt<Stage>(parts, steps, 'test', async (signal) => {
    const loaded = await loadRun(parts, id, 'verify');
    if (loaded === undefined) return 'end';
    if ('id' in loaded) return 'soak';
    await proveApplied(parts, loaded.run, loaded.plan);
    if (loaded.run.step === 'undo') return 'undo';
    const { testCommand } = loaded.workplace.site.remediation;
    if (testCommand === undefined) return 'soak';
    const fault = await runTest(parts, id, {
      testCommand,
      when: `the change on ${loaded.run.target}`,
      signal,
    });
    if (fault === undefined) return 'soak';
    await beginTakeBack(parts, id, 'test', fault);
    return 'undo';
  });
  if (!answer.ok) throw new RunGoesOn(answer.text);
  return answer.value;
}
