import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupOperations, DrillReport, DrillRequest } from '../../../../../src/sdk.ts';
import { operationContext, operationsInput } from '../../../../../tests/support/postgres/operations-input.ts';
import type { PostgresServer } from '../../../../../tests/support/postgres/server.ts';
import { runOrThrow } from '../../../../../tests/support/run-command.ts';
import { createTempDir, type TempDir } from '../../../../../tests/support/temp-dir.ts';
import type { PostgresOptions } from '../../../config.ts';
import { createAccess } from '../../access.ts';
import { createBackups } from '../backups.ts';

export const debianTools = '/usr/lib/postgresql/15/bin';
/** Why dumps cannot be tested here; undefined when they can. */
export const missingTools = existsSync(join(debianTools, 'pg_restore'))
  ? undefined
  : 'PostgreSQL 15 of Debian is not installed: sudo apt-get install --no-install-recommends postgresql-15';

/** A folder that the server's account can walk through, as a folder for backups and scratch. */
export async function openFolder(name: string): Promise<TempDir> {
  const folder = await createTempDir(name);
  await chmod(folder.path, 0o711);
  return folder;
}

/** A shop: rows, a foreign key, a check, a view, a large object, and a role that owns some of it. */
export async function fillShop(server: PostgresServer): Promise<void> {
  await server.query('CREATE DATABASE shop');
  await server.query(
    `CREATE ROLE seller;
     CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL);
     CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id int REFERENCES customer, amount int CHECK (amount > 0), note text);
     ALTER TABLE purchase OWNER TO seller;
     INSERT INTO customer SELECT g, 'name ' || g FROM generate_series(1, 500) g;
     INSERT INTO purchase SELECT g, 1 + g % 500, g, repeat(md5(g::text), 4) FROM generate_series(1, 5000) g;
     CREATE INDEX purchase_customer ON purchase (customer_id);
     CREATE VIEW spent AS SELECT customer_id, sum(amount) FROM purchase GROUP BY 1;
     CREATE SEQUENCE receipts;
     ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
     CREATE POLICY own_customers ON customer TO seller USING (id < 100);
     SELECT lo_from_bytea(0, 'receipt')`,
    'shop',
  );
}

export async function dumpTo(server: PostgresServer, path: string, database = 'shop'): Promise<void> {
  await runOrThrow(join(debianTools, 'pg_dump'), [
    '-Fc',
    '-h',
    server.socketDirectory,
    '-p',
    String(server.port),
    '-U',
    'postgres',
    '-d',
    database,
    '-f',
    path,
  ]);
}

export type Settings = Partial<Pick<PostgresOptions, 'backups' | 'binaries' | 'drillDeadline'>>;

export function backupsOf(server: PostgresServer, settings: Settings): BackupOperations {
  return backupsAt(server.url('shop'), settings);
}

export function backupsAt(url: string, settings: Settings): BackupOperations {
  const input = operationsInput({ url });
  return createBackups(createAccess({ ...input, options: { ...input.options, ...settings } }));
}

export interface Drilled {
  readonly report: DrillReport;
  /** What still ran in the folder before it was discarded, and after. */
  readonly runningBefore: readonly string[];
  readonly runningAfter: readonly string[];
}

export interface DrillOptions {
  readonly request?: Partial<DrillRequest>;
  readonly onStep?: (step: string, folder: string) => void;
  /** Instead of a fresh folder. */
  readonly folder?: string;
}

/** A drill as the agent runs it: a folder of its own, discarded and wiped afterwards. */
export async function drill(
  server: PostgresServer,
  settings: Settings,
  options: DrillOptions = {},
): Promise<Drilled> {
  const backups = backupsOf(server, settings);
  await using scratch = await openFolder('scratch');
  const folder = options.folder ?? join(scratch.path, 'drill');
  if (options.folder === undefined) await mkdir(folder, { mode: 0o700 });
  const report = await backups.drill?.(
    { chain: undefined, backup: undefined, until: undefined, ...options.request },
    { ...operationContext(), folder, onStep: (step) => options.onStep?.(step, folder) },
  );
  const runningBefore = await runningIn(folder);
  await backups.discard?.(folder);
  const runningAfter = await runningIn(folder);
  if (options.folder === undefined) await rm(folder, { recursive: true });
  if (report === undefined) throw new Error('no drill');
  return { report, runningBefore, runningAfter };
}

/** Command lines of what works in a folder. */
export async function runningIn(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (cwd === folder || cwd.startsWith(`${folder}/`))
      found.push(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  }
  return found;
}

/** A folder of PostgreSQL's programs in which some are scripts of the test; `$real` is the folder of the real ones. */
export async function toolsWith(folder: TempDir, scripts: Readonly<Record<string, string>>): Promise<string> {
  const bin = join(folder.path, `bin-${Object.keys(scripts).join('-')}`);
  await mkdir(bin);
  await chmod(bin, 0o755);
  for (const name of ['postgres', 'initdb', 'pg_restore', 'pg_dump']) {
    const script = scripts[name];
    if (script === undefined) await symlink(join(debianTools, name), join(bin, name));
    else await writeFile(join(bin, name), `#!/bin/sh\nreal=${debianTools}\n${script}\n`, { mode: 0o755 });
  }
  return bin;
}

export function verdictsOf(report: DrillReport): Record<string, string> {
  return Object.fromEntries(report.checks.map(({ name, verdict }) => [name, verdict]));
}
