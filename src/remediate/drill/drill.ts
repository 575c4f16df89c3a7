import type { DurableSteps } from '../../core/ports/durable-engine.ts';
import { StepFailed } from '../../core/ports/durable-engine.ts';
import type { DrillReport } from '../../core/remediation/backups.ts';
import type { Json } from '../../core/remediation/json.ts';
import type { Run } from '../../core/remediation/run.ts';
import { consult } from '../consult.ts';
import { RunGoesOn, retryDelayMs } from '../execution.ts';
import { moveRun } from '../journal.ts';
import { readStarted } from '../journaled.ts';
import type { Parts } from '../parts.ts';
import { attempt } from '../points.ts';
import { discardRestored } from './discard.ts';
import { type DrillTurn, type DrillWish, failedReport, readReport, readWish } from './journaled-drill.ts';
import { observeBackups } from './observe-backups.ts';
import { recordDrill } from './record-drill.ts';
import { restoreBackup } from './restore.ts';
import { takeBackup } from './take.ts';

/** What the steps of a drill work with. */
interface Drill {
  readonly parts: Parts;
  readonly id: string;
  readonly steps: DurableSteps;
}

type DrillStepWork = (parts: Parts, run: Run, wish: DrillWish, signal: AbortSignal) => Promise<DrillTurn>;

const before: readonly (readonly [name: string, work: DrillStepWork])[] = [
  ['observe', observeBackups],
  ['take', takeBackup],
  [
    'consult',
    async (parts, run, wish, signal) => {
      await consult(parts, run, {}, signal);
      return { next: 'go', wish: JSON.stringify(wish) };
    },
  ],
];

const mostRestores = 300;
const mostDiscards = 5;
const mostRecords = 200;

/**
 * Restores one backup into scratch, verifies and measures it, wipes the scratch and writes down what was proven. It changes no target, so
 * it runs in every mode, and a pause does not stop it: `reeve runs cancel` does.
 */
export async function drill(parts: Parts, input: Json, steps: DurableSteps): Promise<void> {
  const own: Drill = { parts, id: readStarted(input), steps };
  let wish = '{}';
  for (const [name, work] of before) {
    const turn = await runStep(own, name, (run, signal) =>
      work(parts, run, readWish(JSON.parse(wish)), signal),
    );
    if (turn.next === 'end') return;
    if (turn.next === 'report') return record(own, readReport(turn.report), undefined);
    ({ wish } = turn);
  }
  const report = await restore(own, readWish(JSON.parse(wish)));
  const left = await discard(own);
  if (report !== undefined) await record(own, report, left);
}

async function runStep(
  { parts, id, steps }: Drill,
  name: string,
  work: (run: Run, signal: AbortSignal) => Promise<DrillTurn>,
): Promise<DrillTurn> {
  const answer = await attempt<DrillTurn>(parts, steps, name, async (signal) => {
    const run = await moveRun(parts, id, ['preparing'], { step: name });
    return run === undefined ? { next: 'end' } : work(run, signal);
  });
  if (answer.ok) return answer.value;
  return { next: 'report', report: JSON.stringify(failedReport(`${name} failed: ${answer.text}`)) };
}

/** Undefined when the run has ended meanwhile. Waits while another drill restores on this machine. */
async function restore({ parts, id, steps }: Drill, wish: DrillWish): Promise<DrillReport | undefined> {
  for (let tries = 0; tries < mostRestores; tries += 1) {
    const answer = await attempt(parts, steps, `restore ${tries}`, (signal) =>
      restoreBackup(parts, id, wish, signal),
    );
    if (!answer.ok) return failedReport(`restore failed: ${answer.text}`);
    if (answer.value.next === 'end') return undefined;
    if (answer.value.next === 'report') return readReport(answer.value.report);
    await steps.sleep(`restore wait ${tries}`, retryDelayMs(tries));
  }
  throw new RunGoesOn(`run ${id} waits for another drill`);
}

/** Why something of it is still there; undefined when nothing is. What is left, tending goes on with. */
async function discard({ parts, id, steps }: Drill): Promise<string | undefined> {
  let fault: string | undefined;
  for (let tries = 0; tries < mostDiscards; tries += 1) {
    const answer = await attempt(parts, steps, `discard ${tries}`, async () => {
      const run =
        (await moveRun(parts, id, ['preparing'], { step: 'discard' })) ?? (await parts.records.run(id));
      if (run !== undefined) await discardRestored(parts, run);
      return null;
    });
    if (answer.ok) return undefined;
    fault = answer.text;
    await steps.sleep(`discard wait ${tries}`, retryDelayMs(tries));
  }
  return fault;
}

/** Tried for as long as the store refuses: what was proven is not restored once more because of that. */
async function record(
  { parts, id, steps }: Drill,
  report: DrillReport,
  left: string | undefined,
): Promise<void> {
  for (let tries = 0; tries < mostRecords; tries += 1) {
    try {
      const answer = await attempt(parts, steps, `record ${tries}`, async () => {
        await recordDrill(parts, id, report, left);
        return null;
      });
      if (answer.ok) return;
    } catch (error) {
      // The store refuses; anything else ends this process.
      if (!(error instanceof StepFailed)) throw error;
    }
    await steps.sleep(`record wait ${tries}`, retryDelayMs(tries));
  }
  throw new RunGoesOn(`what drill ${id} came to could not be written down`);
}
