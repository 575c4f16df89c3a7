import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { createSocketRemediation } from '../../../src/cli/socket-remediation.ts';
import type { RemediationControl } from '../../../src/core/remediation/control.ts';
import { isOpen, type Run } from '../../../src/core/remediation/run.ts';
import type { PipelineId } from '../../../src/core/remediation/settings.ts';
import { findFreePort } from '../net/free-port.ts';
import { type ReeveProcess, spawnReeve } from '../process.ts';
import { createTempDir } from '../temp-dir.ts';
import { waitUntil } from '../wait-until.ts';
import type { CrashGround } from './crash-ground.ts';
import { pointsPassed } from './points-passed.ts';

const entry = fileURLToPath(new URL('mortal-agent.program.ts', import.meta.url));

export interface LifeOptions {
  readonly ground: CrashGround;
  readonly pipeline: PipelineId;
  /** A point, `each` or `none`. */
  readonly deadly: string;
  /** Default 2s. */
  readonly soak?: string;
  /** Called again and again while an agent lives. */
  readonly during?: (moment: Moment) => Promise<void>;
}

export interface Moment {
  readonly run: Run;
  readonly control: RemediationControl;
  readonly agent: ReeveProcess;
  /** Where agents came so far. */
  readonly points: readonly string[];
}

/** How a run ended that many agents worked on, one after the other, on one embedded store. */
export interface Life extends AsyncDisposable {
  readonly run: Run;
  /** Agents that died by SIGKILL. */
  readonly deaths: number;
  readonly points: readonly string[];
  /** Of the agent that lives on. */
  readonly control: RemediationControl;
}

/** Asks for one run, approves its plan once, and starts an agent again each time that one died, until the run has ended. */
export async function liveThrough(options: LifeOptions): Promise<Life> {
  const folder = await createTempDir('mortal');
  const pointsFile = join(folder.path, 'points');
  const configPath = join(folder.path, 'reeve.yaml');
  const port = await findFreePort();
  const control = createSocketRemediation(join(folder.path, 'data', 'control.sock'));
  const spawnAgent = (deadly = options.deadly): Promise<ReeveProcess> =>
    spawnReeve([pointsFile, deadly, 'run', '-c', configPath], {
      entry,
      cwd: folder.path,
      env: {
        ACTING_URL: options.ground.target.url('postgres', 'dba'),
        ACTING_DEV_URL: options.ground.rehearsal.url('postgres', 'dba'),
      },
    });
  await writeFile(configPath, stringify(configOf(options, port, '1s')));
  let agent = await spawnAgent('none');
  let deaths = 0;
  let hasExited = watch(agent);
  const close = async (): Promise<void> => {
    await agent[Symbol.asyncDispose]();
    await folder.remove();
  };
  try {
    await watchUntilProven(port);
    agent.signal('SIGTERM');
    await agent.exit;
    await writeFile(configPath, stringify(configOf(options, port, '60s')));
    agent = await spawnAgent();
    hasExited = watch(agent);
    const ended = await waitUntil(
      `the end of a run of ${options.pipeline}`,
      async () => {
        if (hasExited()) {
          const { signal } = await agent.exit;
          if (signal !== 'SIGKILL') return 'an agent ended by itself' as const;
          deaths += 1;
          agent = await spawnAgent();
          hasExited = watch(agent);
        }
        const points = await pointsPassed(pointsFile);
        const run = await goOn(options, { control, agent, points });
        // Whoever ended the run may be about to die.
        return run !== undefined && deaths >= deathsDue(options.deadly, points) ? run : undefined;
      },
      { timeoutMs: 200_000, everyMs: 40 },
    ).catch(async (error: unknown) => {
      throw new Error(
        `${deaths} deaths, at last after ${(await pointsPassed(pointsFile)).at(-1)}; the last agent said:\n${agent.stderr}`,
        { cause: error },
      );
    });
    if (typeof ended === 'string') throw new Error(`${ended}:\n${agent.stderr}`);
    const points = await pointsPassed(pointsFile);
    return { run: ended, deaths, points, control, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is known of the indexes is old enough from here on, and fresh for as long as the agents die. */
async function watchUntilProven(port: number): Promise<void> {
  await waitUntil(
    'an index proven unused',
    async () => {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return /^reeve_postgres_unused_indexes\{[^}]*\} 1$/m.test(page);
    },
    { timeoutMs: 30_000 },
  );
}

/** The run once it has ended. An agent may die in any of these calls: whoever comes next asks again. */
async function goOn(
  { pipeline, during }: LifeOptions,
  moment: Omit<Moment, 'run'>,
): Promise<Run | undefined> {
  const { control } = moment;
  const runs = await control.runs({});
  const run = runs.find((each) => each.state !== 'nothing_to_do');
  if (run === undefined) {
    // Until an index is proven unused there is nothing to do: a run that says so is asked for again.
    if (runs.every(({ state }) => !isOpen(state)))
      await control.start({ pipeline, target: 'orders', by: 'alice' });
    return undefined;
  }
  if (run.state === 'waiting' && run.planHash !== undefined)
    await control.approve(run.id, { planHash: run.planHash, by: 'bob', comment: '' });
  await during?.({ ...moment, run });
  return isOpen(run.state) ? undefined : run;
}

function deathsDue(deadly: string, points: readonly string[]): number {
  return deadly === 'each' ? points.length : points.filter((point) => point === deadly).length;
}

function watch({ exit }: ReeveProcess): () => boolean {
  let exited = false;
  void exit.finally(() => {
    exited = true;
  });
  return () => exited;
}

function configOf(
  { ground: { target, rehearsal }, soak = '2s' }: LifeOptions,
  port: number,
  indexesEvery: string,
): object {
  return {
    metrics: { listen: `127.0.0.1:${port}` },
    store: { path: './data' },
    remediation: { baseline: '1s', soak },
    targets: [
      {
        id: 'orders',
        engine: 'postgres',
        url: target.url('postgres', 'reader'),
        interval: '1s',
        unusedAfter: '1s',
        membersComplete: true,
        remediation: {
          mode: 'approve',
          rehearsal: 'orders-dev',
          credentials: { env: 'ACTING_URL' },
        },
        groups: { indexes: { every: indexesEvery } },
      },
      {
        id: 'orders-dev',
        engine: 'postgres',
        url: rehearsal.url('postgres', 'reader'),
        membersComplete: true,
        remediation: { credentials: { env: 'ACTING_DEV_URL' } },
      },
    ],
  };
}
