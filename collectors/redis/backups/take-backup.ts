import { constants } from 'node:fs';
import { copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BackupFound,
  CollectError,
  messageOf,
  type OperationContext,
  type Refusal,
  sessionName,
} from '../../../src/sdk.ts';
import type { Connection } from '../connection.ts';
import {
  isPrimary,
  openActing,
  type RedisOperationsInput,
  readInfo,
  withMembers,
} from '../operations/place.ts';
import { checkRdb, writtenAt } from './rdb-file.ts';

const lookEveryMs = 200;
/** A snapshot that takes longer is left to the server's own schedule. */
const longestMs = 3_600_000;

/** Has the server write a snapshot, and keeps a copy of it in the chain; only where the agent can read the server's file. */
export async function takeBackup(
  input: RedisOperationsInput,
  wanted: string | undefined,
  context: OperationContext,
): Promise<BackupFound | Refusal> {
  const chains = Object.entries(input.options.backups);
  const [chain, place] =
    chains.find(([name, { kind }]) => (wanted === undefined ? kind === 'rdb' : name === wanted)) ?? [];
  if (chain === undefined || place === undefined)
    return refuse(
      'chain_known',
      `no chain ${wanted ?? 'of kind rdb'} is configured under backups of target "${input.target.id}"`,
    );
  const isFolder = await stat(place.path).then(
    (status) => status.isDirectory(),
    () => false,
  );
  if (place.kind !== 'rdb' || !isFolder)
    return refuse(
      'chain_takes',
      `chain ${chain} is not a folder of snapshots (kind rdb): Reeve adds nothing to it`,
    );
  try {
    const source = await saveThere(input, context);
    return typeof source === 'string'
      ? await keep(input, { chain, folder: place.path, source }, context)
      : source;
  } catch (thrown) {
    context.signal.throwIfAborted();
    return refuse('backup_taken', `no backup was taken: ${messageOf(thrown)}`);
  }
}

/** Where the server wrote its snapshot. */
async function saveThere(
  input: RedisOperationsInput,
  { signal, runId }: OperationContext,
): Promise<string | Refusal> {
  return withMembers(input, signal, async ([primary]) => {
    if (primary === undefined || !isPrimary(primary))
      return refuse('is_primary', 'the target is a replica: take the backup of its primary');
    const connection = await openActing(
      input,
      primary.address,
      sessionName(input.applicationName, runId),
      signal,
    );
    try {
      if ((await readInfo(connection, signal)).text('run_id') !== primary.info.text('run_id'))
        return refuse(
          'same_server',
          'remediation.credentials lead to another server than the url of the target',
        );
      const path = join(
        await settingOf(connection, 'dir', signal),
        await settingOf(connection, 'dbfilename', signal),
      );
      const writable = await stat(path).then(
        () => true,
        () => false,
      );
      const before = (await readInfo(connection, signal)).number('rdb_saves') ?? 0;
      if (!writable && before > 0)
        return refuse(
          'file_reachable',
          `the server writes ${path}, which the agent cannot read: run it beside the server, or let cron run redis-cli --rdb (reeve backup init)`,
        );
      return await waitForSave(input, connection, path, signal);
    } finally {
      connection.close();
    }
  });
}

async function waitForSave(
  { clock }: RedisOperationsInput,
  connection: Connection,
  path: string,
  signal: AbortSignal,
): Promise<string | Refusal> {
  const began = await readInfo(connection, signal);
  const startSeconds = Math.floor((began.number('server_time_usec') ?? clock.now() * 1_000) / 1e6);
  await connection.call(['BGSAVE'], signal);
  const endMs = clock.monotonicMs() + longestMs;
  for (;;) {
    await clock.sleep(lookEveryMs, signal);
    const info = await readInfo(connection, signal);
    if (info.number('rdb_bgsave_in_progress') === 0) {
      if (info.text('rdb_last_bgsave_status') !== 'ok')
        return refuse(
          'snapshot_ok',
          "BGSAVE failed: read the server's log (disk space, memory for the fork)",
        );
      return checkFresh(path, startSeconds, signal);
    }
    if (clock.monotonicMs() > endMs) return refuse('snapshot_ok', 'BGSAVE takes longer than an hour');
  }
}

/** The path is the server's; that the agent sees the same file there shows in when it was written. */
async function checkFresh(
  path: string,
  startSeconds: number,
  signal: AbortSignal,
): Promise<string | Refusal> {
  const unreachable = refuse(
    'file_reachable',
    `the server wrote ${path}, and the agent cannot read that file: run it beside the server as a user who may, or let cron run redis-cli --rdb (reeve backup init)`,
  );
  try {
    const { head } = await checkRdb(path, 'marks', signal);
    return (writtenAt(head) ?? 0) >= startSeconds * 1_000 ? path : unreachable;
  } catch {
    signal.throwIfAborted();
    return unreachable;
  }
}

async function settingOf(connection: Connection, name: string, signal: AbortSignal): Promise<string> {
  const reply = await connection.call(['CONFIG', 'GET', name], signal);
  const value: unknown = Array.isArray(reply) ? reply[1] : undefined;
  if (typeof value !== 'string') throw new CollectError('unsupported', `CONFIG GET ${name} gave nothing`);
  return value;
}

interface Keeping {
  readonly chain: string;
  readonly folder: string;
  readonly source: string;
}

/** Under a name of its own, whole or not at all. */
async function keep(
  { clock, target }: RedisOperationsInput,
  { chain, folder, source }: Keeping,
  { signal }: OperationContext,
): Promise<BackupFound | Refusal> {
  const stamp = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-');
  const name = `${target.id}-${stamp}.rdb`;
  const unfinished = join(folder, `.${name}.partial`);
  try {
    await copyFile(source, unfinished, constants.COPYFILE_EXCL);
    const { health, detail, head } = await checkRdb(unfinished, 'checksum', signal);
    if (health === 'damaged') return refuse('copy_whole', `the copy of ${source} is damaged: ${detail}`);
    const file = await open(unfinished, 'r+');
    try {
      await file.chmod(0o600);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, join(folder, name));
    const { size } = await stat(join(folder, name));
    const takenAt = writtenAt(head) ?? clock.now();
    const base = { chain, kind: 'rdb', name, takenAt, recoverableUntil: takenAt, bytes: size } as const;
    return { ...base, databases: undefined, health, detail, isRetained: true };
  } finally {
    await rm(unfinished, { force: true });
  }
}

function refuse(id: string, text: string): Refusal {
  return { id, text };
}
