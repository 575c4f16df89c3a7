import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../store-error.ts';
import { isBusy } from './sqlite-error.ts';

export interface StoreLock {
  release(): void;
}

/**
 * Makes this process the only one that has the store open: a transaction that is never finished, on a file of its own, so that the
 * operating system ends it with the process, however that dies.
 *
 * @throws {StoreError} `locked` when another process has it.
 */
export function lockStore(directory: string): StoreLock {
  const holderFile = join(directory, 'lock.pid');
  const database = new DatabaseSync(lockFileIn(directory), { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (thrown) {
    database.close();
    if (!isBusy(thrown)) throw thrown;
    throw new StoreError(
      'locked',
      `the store ${directory} is in use by another Reeve${readHolder(holderFile)}: stop that one, or give this one another ` +
        'store.path; two agents share one store only on PostgreSQL (store.url)',
      { cause: thrown },
    );
  }
  writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 });
  return { release: () => database.close() };
}

/** Whether a process has the store open at this moment; asking takes nothing from one that opens it. */
export function isStoreLocked(directory: string): boolean {
  if (!existsSync(lockFileIn(directory))) return false;
  const database = new DatabaseSync(lockFileIn(directory), { readOnly: true, timeout: 0 });
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (thrown) {
    if (isBusy(thrown)) return true;
    throw thrown;
  } finally {
    database.close();
  }
}

function lockFileIn(directory: string): string {
  return join(directory, 'lock.sqlite');
}

/** Who has the lock, for the message only; the lock itself never depends on it. */
function readHolder(file: string): string {
  const [process] = readIfThere(file).match(/^\d+/) ?? [];
  return process === undefined ? '' : ` (process ${process})`;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The holder has not come to write it, or somebody removed it: the message is less precise.
    return '';
  }
}
