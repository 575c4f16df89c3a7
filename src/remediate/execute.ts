import type { DurableSteps } from '../core/ports/durable-engine.ts';
import type { Json } from '../core/remediation/json.ts';
import { actsOf } from './act-journal.ts';
import { actStage } from './act-stage.ts';
import { baselineStage, gateStage } from './before-stages.ts';
import { endWithoutPlace } from './end-without-place.ts';
import { type Execution, type Stage, stop } from './execution.ts';
import { readStarted } from './journaled.ts';
import { loadRun } from './loaded-run.ts';
import type { Parts } from './parts.ts';
import { attempt } from './points.ts';
import { soakStage } from './soak-stage.ts';
import { undoStage } from './undo-stage.ts';

const stages: Readonly<Record<Exclude<Stage, 'end'>, (execution: Execution) => Promise<Stage>>> = {
  gate: gateStage,
  baseline: baselineStage,
  act: actStage,
  soak: soakStage,
  undo: undoStage,
};

/** From an approval to a change that is kept or taken back. A process that was lost goes on where the records say the run is. */
export async function execute(parts: Parts, input: Json, steps: DurableSteps): Promise<void> {
  const execution = { parts, id: readStarted(input), steps };
  let stage = await enter(execution);
  while (stage !== 'end') stage = await stages[stage](execution);
}

async function enter({ parts, id, steps }: Execution): Promise<Stage> {
  const answer = await attempt(parts, steps, 'enter', async () => {
    const loaded = await loadRun(parts, id, 'pre-check');
    if (loaded === undefined) return 'end' as const;
    if ('id' in loaded) {
      if (await endWithoutPlace(parts, id, loaded.text)) return 'end' as const;
      throw new Error(loaded.text);
    }
    const { run } = loaded;
    if (run.step === 'undo') return 'undo' as const;
    if (run.state === 'soaking') return 'soak' as const;
    const begun = (await actsOf(parts, loaded)).length > 0;
    return begun || run.state === 'half_applied' ? ('act' as const) : ('gate' as const);
  });
  if (!answer.ok) return stop({ parts, id, steps }, 'enter', answer.text);
  return answer.value;
}
