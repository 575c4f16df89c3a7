import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../../core/errors.ts';
import { StoreError } from '../store-error.ts';
import { isStoreLocked, lockStore } from './lock.ts';
import { readText } from './row.ts';
import { isUpToDate, migrate } from './schema.ts';
import { isDamage } from './sqlite-error.ts';

/** An open store: the only one in any process. */
export interface OpenDatabase {
  readonly database: DatabaseSync;
  readonly file: string;
  /** Closes the file and lets go of the lock. */
  close(): void;
}

/** How long SQLite waits for another user of the file, such as the sqlite3 shell: at the start, and while the agent runs. */
const busyTimeoutMs = { starting: 2_000, running: 10 } as const;

/**
 * Creates the directory where it is missing, takes the lock, opens and checks the file and brings its schema up to date.
 *
 * @throws {StoreError} with what to do; nothing is deleted or overwritten.
 */
export function openDatabase(directory: string, at: number): OpenDatabase {
  const file = fileIn(directory);
  try {
    makeDirectory(directory);
    const lock = lockStore(directory);
    try {
      const database = openFile(file, at);
      return {
        database,
        file,
        close: () => {
          database.close();
          lock.release();
        },
      };
    } catch (thrown) {
      lock.release();
      throw thrown;
    }
  } catch (thrown) {
    throw explain(thrown, directory, file);
  }
}

/**
 * Opens the file to read it, beside an agent that may have it open too: without the lock, and nothing is created or brought up to date.
 * Undefined where there is no store, or an older version of Reeve wrote it and none of this version has run since.
 *
 * @throws {StoreError} `newer`, `damaged` or `unusable`.
 */
export function openDatabaseToRead(
  directory: string,
): (Pick<OpenDatabase, 'database' | 'file'> & { readonly isInUse: boolean }) | undefined {
  const file = fileIn(directory);
  if (!existsSync(file)) return undefined;
  try {
    const isInUse = isStoreLocked(directory);
    const database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs.starting });
    try {
      if (isUpToDate(database, file)) return { database, file, isInUse };
    } catch (thrown) {
      database.close();
      throw thrown;
    }
    database.close();
    return undefined;
  } catch (thrown) {
    throw explain(thrown, directory, file);
  }
}

function fileIn(directory: string): string {
  return join(directory, 'reeve.sqlite');
}

/**
 * Level by level: Node's `recursive` (seen in 24) tries for ever where the file system says ENOENT below a directory that exists, as /proc does.
 * To be undone when `mkdirSync('/proc/x/y', { recursive: true })` throws.
 */
export function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (thrown) {
    // Somebody else was faster.
    if (!existsSync(directory)) throw thrown;
  }
}

function openFile(file: string, at: number): DatabaseSync {
  // SQLite gives its companion files the permissions of this one.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs.starting });
  try {
    const verdict = readText(database.prepare('PRAGMA quick_check(1)').get(), 'quick_check');
    if (verdict !== 'ok') throw damage(file, verdict);
    migrate(database, file, at);
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864',
    );
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs.running}`);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function explain(thrown: unknown, directory: string, file: string): StoreError {
  if (thrown instanceof StoreError) return thrown;
  if (isDamage(thrown)) return damage(file, messageOf(thrown), thrown);
  return new StoreError(
    'unusable',
    `the store ${directory} cannot be opened: ${messageOf(thrown)}; store.path must be a directory that this user may write, ` +
      'on a disk with free space',
    { cause: thrown },
  );
}

/** What to do about a store that was opened and then did not hold what was written. */
export function explainDamage(file: string, thrown: unknown): unknown {
  const isRead = thrown instanceof StoreError && thrown.code === 'damaged';
  return isRead || isDamage(thrown) ? damage(file, messageOf(thrown), thrown) : thrown;
}

function damage(file: string, found: string, cause?: unknown): StoreError {
  return new StoreError(
    'damaged',
    `the store ${file} is damaged (${found}): restore it from a backup, or move it and its -wal and -shm files away to start with an ` +
      'empty history (unused indexes are then watched anew); nothing was deleted',
    { cause },
  );
}
