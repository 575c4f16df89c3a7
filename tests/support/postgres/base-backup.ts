import { createHash } from 'node:crypto';
import { chmod, chown, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unprivilegedAccount } from '../account.ts';
import { waitUntil } from '../wait-until.ts';
import { type PostgresServer, rowsOf } from './server.ts';

export interface BaseBackupOptions {
  /** Folder of the chain; the backup becomes a folder in it. */
  readonly chain: string;
  /** Of the backup's folder. Default `base-1`. */
  readonly name?: string;
  /** Default true: with a `backup_manifest` as pg_basebackup writes it. */
  readonly manifest?: boolean;
  /** Folder that the server archives into: waits until the WAL of the backup is there. Absent: it brings its own. */
  readonly wal?: string;
}

/** Settings of a server that archives into a folder, for `startPostgres`. */
export function archivingInto(wal: string): Record<string, string> {
  return {
    wal_level: 'replica',
    archive_mode: 'on',
    archive_command: `test ! -f '${wal}/%f' && cp '%p' '${wal}/%f.part' && mv '${wal}/%f.part' '${wal}/%f'`,
  };
}

/** A folder into which the servers of tests may write. */
export async function makeArchive(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  const account = unprivilegedAccount('postgres');
  if (account !== undefined) await chown(path, account.uid, account.gid);
  return path;
}

/**
 * A base backup by copying files between pg_backup_start and pg_backup_stop, as where pg_basebackup is not installed. Copies what the
 * manual says has to be copied.
 *
 * @see https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 */
export async function takeBaseBackup(server: PostgresServer, options: BaseBackupOptions): Promise<string> {
  const { chain, name = 'base-1', manifest = true, wal } = options;
  const to = join(chain, name);
  await mkdir(to, { recursive: true, mode: 0o700 });
  await chmod(to, 0o700);
  const client = await server.connect();
  try {
    const [start, stop] =
      server.major >= 15
        ? [`pg_backup_start('${name}', fast => true)`, 'pg_backup_stop()']
        : [`pg_start_backup('${name}', true, false)`, 'pg_stop_backup(false)'];
    const [begin] = await rowsOf(
      client,
      `SELECT ${start} AS lsn, pg_walfile_name(pg_current_wal_lsn()) AS segment`,
    );
    await copyFolder(server.dataDirectory, to, '');
    const [end] = await rowsOf(client, `SELECT lsn, labelfile, pg_walfile_name(lsn) AS segment FROM ${stop}`);
    await writeFile(join(to, 'backup_label'), String(end?.['labelfile']), { mode: 0o600 });
    const last = String(end?.['segment']);
    if (wal === undefined) await bringWal(server, to, last);
    else
      await waitUntil('the WAL of a base backup to be archived', async () =>
        (await readdir(wal)).includes(last),
      );
    if (manifest) await writeManifest(to, { start: String(begin?.['lsn']), end: String(end?.['lsn']) });
    return to;
  } finally {
    await client.end();
  }
}

const leftOut =
  /^(?:postmaster\.(?:pid|opts)|backup_label|pg_(?:wal|replslot|dynshmem|notify|serial|snapshots|stat_tmp|subtrans)\/.*|pgsql_tmp.*)$/;

async function copyFolder(from: string, to: string, below: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (leftOut.test(path) || leftOut.test(entry.name)) continue;
    if (entry.isDirectory()) {
      await mkdir(join(to, entry.name), { recursive: true, mode: 0o700 });
      await copyFolder(join(from, entry.name), join(to, entry.name), path);
    } else if (entry.isFile()) {
      // A file may be dropped while others are copied: replaying the WAL does without it too.
      await copyFile(join(from, entry.name), join(to, entry.name)).catch(ignoreMissing);
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function bringWal(server: PostgresServer, to: string, last: string): Promise<void> {
  await server.query('SELECT pg_switch_wal()');
  const from = join(server.dataDirectory, 'pg_wal');
  const names = (await readdir(from)).filter((name) => /^[0-9A-F]{24}$/.test(name) && name <= last);
  for (const name of names) await copyFile(join(from, name), join(to, 'pg_wal', name));
}

async function writeManifest(
  folder: string,
  lsn: { readonly start: string; readonly end: string },
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const relative = path.slice(folder.length + 1);
    if (relative.startsWith('pg_wal/')) continue;
    const { size, mtime } = await stat(path);
    const checksum = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    const at = mtime.toISOString().replace('T', ' ').replace(/\..*/, ' GMT');
    files.push(
      `{ "Path": ${JSON.stringify(relative)}, "Size": ${size}, "Last-Modified": "${at}", "Checksum-Algorithm": "SHA256", "Checksum": "${checksum}" }`,
    );
  }
  const text = `{ "PostgreSQL-Backup-Manifest-Version": 1,
"Files": [
${files.join(',\n')}
],
"WAL-Ranges": [
{ "Timeline": 1, "Start-LSN": "${lsn.start}", "End-LSN": "${lsn.end}" }
],
`;
  const sum = createHash('sha256').update(text).digest('hex');
  await writeFile(join(folder, 'backup_manifest'), `${text}"Manifest-Checksum": "${sum}"}\n`, {
    mode: 0o600,
  });
}
