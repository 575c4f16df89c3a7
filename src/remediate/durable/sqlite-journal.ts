import { chmodSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BackendSqlite } from 'openworkflow/sqlite';
import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { DurableError } from './durable-error.ts';
import type { Journal } from './journal.ts';

/** How long our own statements wait for another user of the file, such as the sqlite3 shell. OpenWorkflow's do not wait: they are repeated. */
const busyTimeoutMs = 2_000;

/** Primary result codes, https://www.sqlite.org/rescode.html. */
const damage: readonly number[] = [11, 26]; // CORRUPT, NOTADB
const ourMistake: readonly number[] = [18, 19, 20, 21, 25]; // TOOBIG, CONSTRAINT, MISMATCH, MISUSE, RANGE

const unfinishedRows = z.array(
  z
    .object({
      runId: z.string(),
      id: z.string(),
      name: z.string(),
      status: z.string(),
      isHeld: z.number(),
      createdAt: z.string(),
    })
    .transform(({ isHeld, createdAt, ...row }) => ({
      ...row,
      isHeld: isHeld === 1,
      createdAt: Date.parse(createdAt),
    })),
);

/**
 * The journal of one daemon, in `runs.sqlite` (mode 0600) in the directory of its store, whose exclusive lock the daemon holds.
 *
 * Two connections to one file: OpenWorkflow's and ours. Both are synchronous and neither keeps a transaction open from one call to the
 * next, so they never meet.
 *
 * @throws {DurableError}
 */
export function openSqliteJournal(directory: string): Journal {
  const file = join(directory, 'runs.sqlite');
  const { backend, database } = openFile(file);
  const release = database.prepare(
    "UPDATE workflow_runs SET available_at = ?, worker_id = NULL WHERE status = 'running' AND worker_id IS NOT NULL",
  );
  const find = database.prepare(
    'SELECT 1 FROM workflow_runs WHERE workflow_name = ? AND idempotency_key = ? LIMIT 1',
  );
  const unfinished = database.prepare(
    "SELECT id AS runId, coalesce(idempotency_key, id) AS id, workflow_name AS name, status, worker_id IS NOT NULL AS isHeld, created_at AS createdAt FROM workflow_runs WHERE status IN ('pending', 'running', 'sleeping') AND (?1 IS NULL OR idempotency_key = ?1) ORDER BY created_at, rowid",
  );
  const prune = database.prepare('DELETE FROM workflow_runs WHERE finished_at < ?');
  return {
    backend,
    place: file,
    isShared: false,
    bounded: (call) => call(),
    releaseLeases: async () => Number(release.run(new Date().toISOString()).changes),
    has: async (name, id) => find.get(name, id) !== undefined,
    unfinished: async (id) => unfinishedRows.parse(unfinished.all(id ?? null)),
    prune: async (endedBefore) => void prune.run(new Date(endedBefore).toISOString()),
    isUnavailable: (thrown) => {
      const code = resultCode(thrown);
      return code !== undefined && !ourMistake.includes(code);
    },
    close: async () => {
      database.close();
      await backend.stop();
    },
  };
}

function openFile(file: string): { readonly backend: BackendSqlite; readonly database: DatabaseSync } {
  let backend: BackendSqlite | undefined;
  try {
    // SQLite gives its companion files the permissions of this one.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    backend = BackendSqlite.connect(file);
    const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    database.exec('PRAGMA foreign_keys = ON');
    return { backend, database };
  } catch (thrown) {
    // What cannot be closed is no worse than what could not be opened.
    void backend?.stop().catch(() => undefined);
    throw explain(file, thrown);
  }
}

function explain(file: string, thrown: unknown): DurableError {
  const code = resultCode(thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown);
  if (code !== undefined && damage.includes(code))
    return new DurableError(
      'damaged',
      `the journal of runs ${file} is damaged (${messageOf(thrown)}): restore it from a backup, or move it and its -wal and -shm files away; ` +
        'runs that were under way are then reconciled from the audit and the target, not continued; nothing was deleted',
      { cause: thrown },
    );
  return new DurableError(
    'unusable',
    `the journal of runs ${file} cannot be opened: ${messageOf(thrown)}; it must be in a directory that this user may write, on a disk with free space`,
    { cause: thrown },
  );
}

function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number')
    return undefined;
  return thrown.errcode & 0xff;
}
