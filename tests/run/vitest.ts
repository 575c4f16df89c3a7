import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { root, toolEnvironment } from './command.ts';
import { formatSeconds } from './step.ts';
import type { Totals } from './totals.ts';

/** Agents are started hundreds of times; compiled once they start in half the time. */
const compileCache = join(root, 'node_modules/.cache/compiled');
/** A run that takes longer hangs. */
const longestRunMs = 20 * 60_000;

/** What `vitest-reporter.ts` leaves behind. */
const tally = z.strictObject({
  passed: z.number(),
  failed: z.number(),
  skipped: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
});

export type Tally = z.infer<typeof tally>;

/** Runs vitest with its output on the terminal, then says what was skipped and why. A test skipped without a reason has failed. */
export async function runVitest(
  args: readonly string[],
  output: 'inherit' | 'ignore' = 'inherit',
): Promise<Totals> {
  const startedMs = performance.now();
  const directory = await mkdtemp(join(tmpdir(), 'reeve-tally-'));
  const file = join(directory, 'tally.json');
  try {
    const ending = await spawnVitest(args, file, output);
    const found = await readTally(file);
    for (const { name, reason } of found?.skipped ?? [])
      console.log(`skipped  ${name}: ${reason === '' ? 'NO REASON GIVEN' : reason}`);
    const unexplained = found?.skipped.filter(({ reason }) => reason === '').length ?? 0;
    const { passed = 0, failed = 0 } = found ?? {};
    // A failed run without a failed test: a threshold, an error between tests, or a crash.
    const broken = ending !== 0 && failed === 0 ? 1 : 0;
    const total = { passed, failed: failed + unexplained + broken };
    const verdict = total.failed === 0 ? 'ok    tests' : `FAIL  tests (vitest: ${ending})`;
    console.log(
      `${verdict}  ${passed} passed, ${found?.skipped.length ?? 0} skipped  ${formatSeconds(startedMs)}`,
    );
    return total;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function spawnVitest(
  args: readonly string[],
  tallyFile: string,
  output: 'inherit' | 'ignore',
): Promise<number | string> {
  const reporters = ['--reporter=default', `--reporter=${join(import.meta.dirname, 'vitest-reporter.ts')}`];
  const child = spawn('vitest', ['run', ...reporters, ...args], {
    cwd: root,
    env: { ...toolEnvironment(), REEVE_TALLY_FILE: tallyFile, NODE_COMPILE_CACHE: compileCache },
    stdio: ['ignore', output, output],
    timeout: longestRunMs,
    killSignal: 'SIGKILL',
  });
  await once(child, 'close');
  return child.signalCode ?? child.exitCode ?? 'no exit code';
}

/** Undefined when vitest died before its end. */
async function readTally(file: string): Promise<Tally | undefined> {
  try {
    return tally.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}
