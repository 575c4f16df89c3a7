import { chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { findWrongContents } from './backup-manifest.ts';
import { findFaults, readBaseBackup } from './base-backup.ts';
import { BackupError, type ChainOf } from './chain.ts';
import { copyCluster, settle, unpackCluster } from './cluster-files.ts';
import { quoteSetting, quoteShell } from './quote-shell.ts';
import type { Restored, RestoreRequest } from './restore.ts';
import { makePrivate } from './scratch-place.ts';
import { type ScratchServer, startScratch } from './scratch-server.ts';
import { findTool, type Tool } from './tools.ts';
import { copyWal, reachOfWal, readWalArchive } from './wal-archive.ts';

/** Restores a base backup and replays the archived WAL, up to its end or a point in time. */
export async function restoreBase(
  request: RestoreRequest,
  chain: ChainOf<'base_backup'>,
  path: string,
): Promise<Restored> {
  const { place, journal, signal } = request;
  const backup = await readBaseBackup(path, signal);
  if (backup === undefined) throw new BackupError(`${path} holds no base backup`);
  const faults = await findFaults(backup, signal);
  if (faults.length > 0) throw new BackupError(`${path} is damaged: ${faults.join('; ')}`);
  if (backup.format === 'plain') await findServer(request, path);
  await makePrivate(place.data, place.account);
  await journal.step(
    'copy the base backup',
    backup.format === 'plain' ? `cp -a ${quoteShell(`${path}/.`)} <data>` : await unpackCommands(path),
    () => (backup.format === 'plain' ? copyCluster(path, place, signal) : unpackCluster(path, place, signal)),
  );
  const { manifest } = backup;
  if (manifest === undefined)
    journal.check(
      'files against the manifest',
      'not_done',
      'this backup has no backup_manifest: damage inside of a file is only found where it breaks something',
    );
  else {
    const wrong = await journal.step(
      'compare files with the manifest',
      `pg_verifybackup -n ${quoteShell(path)}`,
      () => findWrongContents(place.data, manifest, signal),
    );
    journal.check(
      'files against the manifest',
      wrong.length === 0 ? 'passed' : 'failed',
      wrong.length === 0
        ? `${manifest.files.length} files have the checksums that were written when they were backed up`
        : `${path} is damaged: ${wrong.join('; ')}`,
    );
    if (wrong.length > 0) throw new BackupError(`${path} is damaged: ${wrong.join('; ')}`);
  }
  const postgres = await findServer(request, place.data);
  await settle(place);
  const notes = chain.wal === undefined ? [] : await bringWal(request, chain.wal, backup.label?.startSegment);
  const restoreCommand =
    chain.wal === undefined ? 'false' : `cp ${quoteShell(join(place.folder, 'wal'))}/%f "%p"`;
  const shown = `archive_mode=off restore_command=${quoteSetting(await fetchCommand(chain.wal))} `;
  const restored = await recover(request, { postgres, restoreCommand, shown, notes, needsNetwork: false });
  return { ...restored, hasUnprovenFiles: manifest === undefined };
}

/** What a person types for what `unpackCluster` does; tablespaces go where their links lead. */
async function unpackCommands(path: string): Promise<string> {
  const files = (await readdir(path)).filter((file) => /^(?:base|pg_wal|\d+)\.tar/.test(file)).toSorted();
  const commands = files.map((file) => {
    const [name = ''] = file.split('.');
    const to = name === 'base' ? '<data>' : name === 'pg_wal' ? '<data>/pg_wal' : `<tablespace ${name}>`;
    return `mkdir -p -m 0700 ${to} && tar -xf ${quoteShell(join(path, file))} -C ${to}`;
  });
  return commands.join('\n');
}

/** How a server gets the archived WAL by itself; without an archive it is told so, because it does not recover without a command. */
async function fetchCommand(wal: string | undefined): Promise<string> {
  if (wal === undefined) return 'false';
  const folder = quoteShell(wal).replaceAll('%', '%%');
  const { segments } = await readWalArchive(wal);
  const endings = new Set(segments.map(({ name, file }) => file.slice(name.length)));
  const plain = `cp ${folder}/%f "%p"`;
  const ways = [
    ...(endings.has('.gz') ? [`gunzip -c ${folder}/%f.gz > "%p"`] : []),
    ...(endings.has('.zst') ? [`zstd -dcf ${folder}/%f.zst > "%p"`] : []),
  ];
  return [plain, ...ways].join(' || ');
}

export interface Recovery {
  readonly postgres: Tool;
  /** Of the server: `%f` and `%p`. */
  readonly restoreCommand: string;
  /** For people. */
  readonly shown: string;
  readonly notes: readonly string[];
  readonly needsNetwork: boolean;
}

/** Starts the server on the files that stand in the folder, and lets it recover. */
export async function recover(request: RestoreRequest, recovery: Recovery): Promise<Restored> {
  const { place, journal, until, clock, signal } = request;
  const target =
    until === undefined ? undefined : new Date(until).toISOString().replace('T', ' ').replace('Z', '+00');
  const signalFile = join(place.data, 'recovery.signal');
  await writeFile(signalFile, '', { mode: 0o600 });
  if (place.account !== undefined) await chown(signalFile, place.account.uid, place.account.gid);
  const goal = target === undefined ? '' : `recovery_target_time='${target}' `;
  const server = await journal.step(
    'start and replay WAL',
    `touch <data>/recovery.signal   # in <data>/postgresql.conf: ${recovery.shown}${goal}recovery_target_action='promote'; then pg_ctl -D <data> start`,
    () =>
      startScratch({
        place,
        postgres: recovery.postgres,
        login: { user: request.superuser, password: undefined },
        settings: {
          // The folder's path may hold what the server takes for a placeholder.
          restore_command: recovery.restoreCommand,
          recovery_target_timeline: 'latest',
          recovery_target_action: 'promote',
          ...(target === undefined ? {} : { recovery_target_time: target }),
        },
        needsNetwork: recovery.needsNetwork,
        clock,
        signal,
      }),
  );
  try {
    return {
      server,
      major: recovery.postgres.major,
      newestAt: Math.max(await newestCommit(server, signal), request.backup.found.takenAt),
      notes: recovery.notes,
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Of the version that the files are of. */
export async function findServer(request: RestoreRequest, folder: string): Promise<Tool> {
  const text = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => '');
  const major = Number.parseInt(text, 10);
  if (Number.isNaN(major))
    throw new BackupError(`${folder} does not say of which version it is: PG_VERSION is missing`);
  return findTool(request.tools, { name: 'postgres', major, version: 'exact', signal: request.signal });
}

/** @throws {BackupError} when a file is missing between those that are there. */
async function bringWal(
  request: RestoreRequest,
  folder: string,
  from: string | undefined,
): Promise<readonly string[]> {
  const { place, journal, signal } = request;
  const archive = await readWalArchive(folder);
  const start = from ?? archive.segments[0]?.name ?? '';
  const reach = await reachOfWal(archive, start);
  const to = join(place.folder, 'wal');
  await mkdir(to, { mode: 0o700 });
  const { files } = await journal.step(
    'bring the archived WAL',
    `ls ${quoteShell(folder)}   # from ${start} on`,
    () => copyWal(archive, start, to, signal),
    (value) => `${value.files} files`,
  );
  await giveAway(to, archive.segments.map(({ name }) => name).concat([...archive.histories.keys()]), request);
  journal.check(
    'archived WAL without a gap',
    reach.missing === undefined ? 'passed' : 'failed',
    reach.missing === undefined
      ? `${files} files from ${start} to ${reach.last?.name ?? 'nothing'} in ${folder}`
      : `${reach.missing} is missing from ${folder}: what was committed from there on is lost; take a new base backup now, and look why it was not archived`,
  );
  return [];
}

async function giveAway(
  folder: string,
  names: readonly string[],
  { place: { account } }: RestoreRequest,
): Promise<void> {
  if (account === undefined) return;
  for (const name of names) await chown(join(folder, name), account.uid, account.gid).catch(() => undefined);
  await chown(folder, account.uid, account.gid);
}

const replayed = z.object({ at: z.number().nullable() });

/** When the last transaction that was replayed had been committed; 0 when none was. */
async function newestCommit(server: ScratchServer, signal: AbortSignal): Promise<number> {
  const sql = 'SELECT extract(epoch FROM pg_last_xact_replay_timestamp())::float8 * 1000 AS at';
  const [row] = await server.reading('template1', signal, (connection) =>
    connection.query(sql, replayed, signal),
  );
  return row?.at ?? 0;
}
