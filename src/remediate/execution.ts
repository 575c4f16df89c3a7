import type { DurableSteps } from '../core/ports/durable-engine.ts';
import { actsOf } from './act-journal.ts';
import { endWithoutPlace } from './end-without-place.ts';
import { endRun } from './journal.ts';
import { loadRun } from './loaded-run.ts';
import type { Parts } from './parts.ts';
import { attempt } from './points.ts';

/** Where an execution is; each stage says which one follows. Each is entered at most once in a process. */
export type Stage = 'gate' | 'baseline' | 'act' | 'soak' | 'undo' | 'end';

/** What a stage works with. */
export interface Execution {
  readonly parts: Parts;
  readonly id: string;
  readonly steps: DurableSteps;
}

/** Ends a process, not its run: what was changed is looked after by the next process, which starts within minutes. */
export class RunGoesOn extends Error {
  override readonly name = 'RunGoesOn';
}

/** Ends a run that failed before anything was changed; once something was, the run goes on in another process. */
export async function stop(execution: Execution, step: string, text: string): Promise<'end'> {
  const { parts, id, steps } = execution;
  const answer = await attempt(parts, steps, `fail ${step}`, async () => {
    const loaded = await loadRun(parts, id, step);
    if (loaded !== undefined && 'id' in loaded) return endWithoutPlace(parts, id, loaded.text);
    if (loaded !== undefined && (await actsOf(parts, loaded)).length > 0) return false;
    await endRun(
      parts,
      id,
      'failed',
      `${step} failed: ${text}; nothing was changed (reeve runs retry ${id})`,
    );
    return true;
  });
  if (answer.ok && answer.value) return 'end';
  throw new RunGoesOn(`${step} failed: ${text}`);
}

/** From 2 seconds to 15 minutes. */
export function retryDelayMs(tries: number): number {
  return Math.min(2_000 * 1.3 ** tries, 15 * 60_000);
}
