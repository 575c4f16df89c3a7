import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { spawnServer } from '../../tests/support/server-process.ts';
import { createTempDir } from '../../tests/support/temp-dir.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';

/** A double with very many collections: not MongoDB. */
export interface LargeDouble extends AsyncDisposable {
  readonly pid: number;
  readonly uri: string;
  /** What its clients that are connected now have sent so far, by name; up to half a second old. */
  commands(): Promise<Readonly<Record<string, number>>>;
}

export async function startLargeDouble(collections: number): Promise<LargeDouble> {
  const folder = await createTempDir('double-large');
  const file = `${folder.path}/double.json`;
  const child = await spawnServer({
    command: process.execPath,
    args: [fileURLToPath(new URL('large.program.ts', import.meta.url)), String(collections), file],
    cwd: folder.path,
    logFile: `${folder.path}/log`,
  });
  const stop = async (): Promise<void> => {
    await child.stop();
    await folder.remove();
  };
  try {
    await waitUntil('the double', () => child.exit() !== undefined || existsSync(`${file}.commands`), {
      timeoutMs: 60_000,
    });
    if (child.exit() !== undefined) throw new Error(`the double ended:\n${await child.logTail()}`);
    const { uri } = z.object({ uri: z.string() }).parse(JSON.parse(await readFile(file, 'utf8')));
    const commands = async (): Promise<Readonly<Record<string, number>>> =>
      z.record(z.string(), z.number()).parse(JSON.parse(await readFile(`${file}.commands`, 'utf8')));
    return { pid: child.pid, uri, commands, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
