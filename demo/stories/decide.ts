import { isOpen, type Run } from '../../src/core/remediation/run.ts';
import type { Agent } from '../agent.ts';
import { type Operator, planExcerpt } from '../operator.ts';
import { sleep } from '../sleep.ts';

const lookEveryMs = 250;
/** What stood in the way, such as a lock, is mostly gone after a moment. */
const retryAfterMs = 1_500;
const mostTries = 4;

/** Where runs are seen and decided on. */
export interface Desk {
  readonly operator: Operator;
  readonly agent: Pick<Agent, 'runs'>;
  /** Waits; real time unless it is given. */
  readonly pause?: typeof sleep;
}

/** Waits until the agent has a run like that, however long it takes. */
export async function waitForRun(
  { agent, pause = sleep }: Omit<Desk, 'operator'>,
  isWanted: (run: Run) => boolean,
  signal: AbortSignal,
): Promise<Run> {
  for (;;) {
    signal.throwIfAborted();
    // While the agent is busy it does not answer: the next look asks again.
    const runs = await agent.runs(signal).catch(() => []);
    const found = runs.find(isWanted);
    if (found !== undefined) return found;
    await pause(lookEveryMs, signal);
  }
}

/**
 * Sees a run to its end as an operator does: reads the plan, approves exactly that one, waits for what becomes of it, and asks again when
 * something stood in the way.
 *
 * @returns the run in the state that it ended in.
 */
export async function seeThrough(desk: Desk, id: string, signal: AbortSignal): Promise<Run> {
  const { operator, pause = sleep } = desk;
  for (let tries = 1; ; tries += 1) {
    const ended = await decideOnce(desk, id, signal);
    operator.note(`run ${id} ${ended.state.replaceAll('_', ' ')}: ${ended.reason}`);
    if (!mayBeTriedAgain.has(ended.state) || tries === mostTries) return ended;
    await pause(retryAfterMs, signal);
    await operator.ask(['runs', 'retry', id], signal);
  }
}

const mayBeTriedAgain: ReadonlySet<Run['state']> = new Set(['refused', 'nothing_to_do', 'failed', 'expired']);

async function decideOnce(desk: Desk, id: string, signal: AbortSignal): Promise<Run> {
  const isDue = (run: Run): boolean => run.id === id && (run.state === 'waiting' || !isOpen(run.state));
  const due = await waitForRun(desk, isDue, signal);
  if (due.state !== 'waiting') return due;
  await desk.operator.ask(['runs', 'show', id], signal, planExcerpt);
  // As many digits of the hash as the answer shows at its end: `--plan` takes no fewer than twelve.
  const hash = (due.planHash ?? '').slice(0, 12);
  await desk.operator.ask(['runs', 'approve', id, '--plan', hash], signal);
  return waitForRun(desk, (run) => run.id === id && !isOpen(run.state), signal);
}

/** A change is made once: there is nothing to tell again. */
export async function restUntilEnd(signal: AbortSignal): Promise<void> {
  await sleep(2_147_483_647, signal);
}
