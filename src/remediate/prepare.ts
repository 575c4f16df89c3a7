import type { DurableSteps } from '../core/ports/durable-engine.ts';
import type { Json } from '../core/remediation/json.ts';
import type { Run } from '../core/remediation/run.ts';
import { consult } from './consult.ts';
import { decideEnd } from './decide-end.ts';
import { endRun, moveRun } from './journal.ts';
import { type Prepared, readPrepared, readStarted } from './journaled.ts';
import { makeDraft } from './make-draft.ts';
import { observe } from './observe.ts';
import type { Parts } from './parts.ts';
import { attempt } from './points.ts';
import { rehearse } from './rehearse.ts';

/** One phase: what it adds, or null when the run has ended. */
export type Phase = (
  parts: Parts,
  run: Run,
  prepared: Prepared,
  signal: AbortSignal,
) => Promise<Prepared | null>;

const phases: readonly (readonly [name: string, phase: Phase])[] = [
  ['observe', observe],
  ['consult', consult],
  ['plan', makeDraft],
  ['rehearse', rehearse],
  ['decide', decideEnd],
];

/** From a trigger to a plan that is stored, or to the reason why there is none. Nothing waits here for people. */
export async function prepare(parts: Parts, input: Json, steps: DurableSteps): Promise<void> {
  const id = readStarted(input);
  let carried = '{}';
  for (const [name, phase] of phases) {
    const answer = await attempt(parts, steps, name, async (signal) => {
      const run = await moveRun(parts, id, ['preparing'], { step: name });
      if (run === undefined) return null;
      const prepared = await phase(parts, run, readPrepared(carried), signal);
      return prepared === null ? null : JSON.stringify(prepared);
    });
    if (!answer.ok) {
      await attempt(parts, steps, 'fail', async () => {
        await endRun(
          parts,
          id,
          'failed',
          `${name} failed: ${answer.text}; nothing was changed (reeve runs retry ${id})`,
        );
        return null;
      });
      return;
    }
    if (answer.value === null) return;
    carried = answer.value;
  }
}
