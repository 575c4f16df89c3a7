import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { spawnServer } from '../../tests/support/server-process.ts';
import { createTempDir } from '../../tests/support/temp-dir.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';

/** A program with doubles in it, in a process of its own. */
export interface DoubleProcess extends AsyncDisposable {
  readonly pid: number;
  /** What the program has written to its file: JSON. */
  read(suffix?: string): Promise<unknown>;
}

export interface DoubleProgram {
  /** Of what it is a double; for people. */
  readonly of: string;
  /** Its last argument is the file that it writes. */
  readonly program: URL;
  readonly args: readonly string[];
  /** It is ready when its file with this suffix is there. */
  readonly readySuffix?: string;
}

/** @throws {Error} with its log when it ends before it is ready. */
export async function startDoubleProcess({
  of,
  program,
  args,
  readySuffix = '',
}: DoubleProgram): Promise<DoubleProcess> {
  const folder = await createTempDir('double');
  const file = `${folder.path}/description.json`;
  const child = await spawnServer({
    command: process.execPath,
    args: [fileURLToPath(program), ...args, file],
    cwd: folder.path,
    logFile: `${folder.path}/log`,
  });
  const stop = async (): Promise<void> => {
    await child.stop();
    await folder.remove();
  };
  try {
    await waitUntil(
      `the double of ${of}`,
      () => child.exit() !== undefined || existsSync(file + readySuffix),
      { timeoutMs: 120_000 },
    );
    if (child.exit() !== undefined) throw new Error(`the double of ${of} ended:\n${await child.logTail()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  const read = async (suffix = ''): Promise<unknown> => JSON.parse(await readFile(file + suffix, 'utf8'));
  return { pid: child.pid, read, [Symbol.asyncDispose]: stop };
}
