import { changelogStep } from './changelog.ts';
import { type Execution, RunGoesOn, retryDelayMs, type Stage } from './execution.ts';
import { followUpStep } from './follow-up.ts';
import { moveRun } from './journal.ts';
import { type Look, readLook } from './journaled.ts';
import { loadRun } from './loaded-run.ts';
import { takeLook } from './looks.ts';
import { lossText } from './migration-proofs.ts';
import { attempt } from './points.ts';
import { endSoak, isWorseNow } from './soak-verdict.ts';

/** More looks than this a process does not take; a soak of a year needs fewer. */
const mostLooks = 300;
const firstPauseMs = 15_000;
const growth = 1.1;
const mostVerdicts = 100;

/** Watches a change: often at first, then less often, until it got worse or the time is over. */
export async function soakStage(execution: Execution): Promise<Stage> {
  const { parts, steps } = execution;
  const begun = await attempt(parts, steps, 'soak', () => beginSoak(execution));
  if (!begun.ok) throw new RunGoesOn(begun.text);
  if (begun.value === null) return 'end';
  const { endsAt, soakMs } = begun.value;
  const looks: Look[] = [];
  let now = begun.value.now;
  let pauseMs = Math.max(1, Math.min(firstPauseMs, soakMs / 20));
  for (let count = 0; count < mostLooks; count += 1) {
    const answer = await attempt(parts, steps, `verify ${count}`, (signal) => look(execution, looks, signal));
    if (answer.ok && answer.value.next !== 'soak') return answer.value.next;
    if (answer.ok) {
      looks.push(readLook(answer.value.look));
      ({ now } = answer.value);
    } else now += pauseMs;
    if (now >= endsAt) return finish(execution, looks);
    const last = count === mostLooks - 2;
    await steps.sleep(`soak ${count}`, Math.max(1, last ? endsAt - now : Math.min(pauseMs, endsAt - now)));
    pauseMs *= growth;
  }
  return finish(execution, looks);
}

interface Begun {
  readonly [key: string]: number;
  readonly now: number;
  readonly endsAt: number;
  readonly soakMs: number;
}

async function beginSoak({ parts, id }: Execution): Promise<Begun | null> {
  const loaded = await loadRun(parts, id, 'verify', ['executing', 'soaking']);
  if (loaded === undefined) return null;
  if ('id' in loaded) throw new Error(loaded.text);
  const { soakMs } = loaded.plan.caps;
  const now = parts.input.clock.now();
  const until = new Date((loaded.run.state === 'soaking' ? loaded.run.since : now) + soakMs).toISOString();
  const run = await moveRun(parts, id, ['executing', 'soaking'], {
    state: 'soaking',
    reason: `the change is in force and watched until ${until}; it is taken back by itself when something gets worse${await lossText(parts, id)}`,
  });
  return run === undefined ? null : { now, endsAt: run.since + soakMs, soakMs };
}

interface Looked {
  readonly [key: string]: string | number;
  readonly next: Stage;
  readonly look: string;
  readonly now: number;
}

async function look({ parts, id }: Execution, before: readonly Look[], signal: AbortSignal): Promise<Looked> {
  const now = parts.input.clock.now();
  const loaded = await loadRun(parts, id, 'verify', ['soaking', 'executing', 'half_applied']);
  if (loaded === undefined) return { next: 'end', look: '{}', now };
  if ('id' in loaded) throw new Error(loaded.text);
  if (loaded.run.step === 'undo') return { next: 'undo', look: '{}', now };
  const taken = await takeLook(parts, loaded, signal);
  const isWorse = await isWorseNow(parts, loaded, [...before, taken]);
  return { next: isWorse ? 'undo' : 'soak', look: JSON.stringify(taken), now };
}

/** The end of the soak: what it came to, and what is left to write. */
async function finish(execution: Execution, looks: readonly Look[]): Promise<Stage> {
  const { parts, id, steps } = execution;
  const judged = await verdictOf(execution, looks);
  if (judged === 'undo' || judged === 'end') return judged;
  const { state, text } = judged;
  await attempt(parts, steps, 'changelog', () => changelogStep(parts, id, state, text));
  const followed = await attempt(parts, steps, 'follow up', () => followUpStep(parts, id));
  if (!followed.ok) throw new RunGoesOn(followed.text);
  const ended = await attempt(parts, steps, 'keep', async () => {
    await moveRun(
      parts,
      id,
      ['soaking'],
      { state, reason: text, step: 'changelog' },
      { event: 'run_ended', outcome: `${state}: ${text}` },
    );
    return null;
  });
  if (!ended.ok) throw new RunGoesOn(ended.text);
  return 'end';
}

interface Kept {
  readonly state: 'kept' | 'inconclusive';
  readonly text: string;
}

/** Tried again while the database cannot be asked: the looks are this process's, another one would have none. */
async function verdictOf(
  { parts, id, steps }: Execution,
  looks: readonly Look[],
): Promise<Kept | 'undo' | 'end'> {
  for (let tries = 0; tries < mostVerdicts; tries += 1) {
    const judged = await attempt(parts, steps, `verdict ${tries}`, async (signal) => {
      const loaded = await loadRun(parts, id, 'verify', ['soaking', 'executing', 'half_applied']);
      if (loaded === undefined) return null;
      if ('id' in loaded) throw new Error(loaded.text);
      if (loaded.run.step === 'undo') return { state: 'undo', text: '' } as const;
      return { ...(await endSoak(parts, loaded, looks, signal)) };
    });
    if (judged.ok) {
      if (judged.value === null) return 'end';
      const { state, text } = judged.value;
      return state === 'undo' ? 'undo' : { state, text };
    }
    await steps.sleep(`verdict wait ${tries}`, retryDelayMs(tries));
  }
  throw new RunGoesOn(`run ${id} could not be judged`);
}
