import { statSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { guardDirectory, TEMP_PREFIX } from './watchdog.ts';

/** A system account, for programs that refuse to run as root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface TempDir extends AsyncDisposable {
  readonly path: string;
  remove(): Promise<void>;
}

/** A fresh directory of mode 0700, removed when disposed and at the latest when this process ends. */
export async function createTempDir(name: string, owner?: Account): Promise<TempDir> {
  const path = await mkdtemp(join(tempRoot(), `${TEMP_PREFIX}${name}-`));
  guardDirectory(path);
  if (owner) await chown(path, owner.uid, owner.gid);
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5 });
  return { path, remove, [Symbol.asyncDispose]: remove };
}

/** The system's temporary directory, or `/tmp` where other accounts cannot enter that one (TMPDIR below /root, say). */
export function tempRoot(): string {
  return isOpenToAll(tmpdir()) ? tmpdir() : '/tmp';
}

/** Whether every account may read and enter the directory and all above it. */
export function isOpenToAll(path: string): boolean {
  for (let current = path; ; current = dirname(current)) {
    const needed = current === path ? 0o005 : 0o001;
    if ((statSync(current).mode & needed) !== needed) return false;
    if (current === dirname(current)) return true;
  }
}
