import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { spawnServer } from '../../tests/support/server-process.ts';
import { createTempDir } from '../../tests/support/temp-dir.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';

export type DoubleKind = 'mongodb' | 'cosmosdb' | 'bigquery';

const descriptionSchema = z.object({
  /** As in reeve.yaml. */
  targets: z.array(z.record(z.string(), z.unknown())),
  /** What their secrets are read from. */
  env: z.record(z.string(), z.string()),
  /** Where it listens. */
  ports: z.array(z.number()),
});

export type DoubleDescription = z.infer<typeof descriptionSchema>;

/** A running double of an engine: not the real thing. */
export interface Double extends AsyncDisposable, DoubleDescription {
  readonly kind: DoubleKind;
  readonly pid: number;
}

/** Starts a process with doubles for so many targets. */
export async function startDouble(kind: DoubleKind, count: number): Promise<Double> {
  const folder = await createTempDir(`double-${kind}`);
  const file = `${folder.path}/targets.json`;
  const child = await spawnServer({
    command: process.execPath,
    args: [fileURLToPath(new URL('double.program.ts', import.meta.url)), kind, String(count), file],
    cwd: folder.path,
    logFile: `${folder.path}/log`,
  });
  const stop = async (): Promise<void> => {
    await child.stop();
    await folder.remove();
  };
  try {
    await waitUntil(`the double of ${kind}`, () => child.exit() !== undefined || existsSync(file), {
      timeoutMs: 120_000,
    });
    if (child.exit() !== undefined) throw new Error(`the double of ${kind} ended:\n${await child.logTail()}`);
    const description = descriptionSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    return { kind, pid: child.pid, ...description, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
