import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type BackupFound, messageOf, type OperationContext, type Refusal } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { BackupError, type Chain } from './chain.ts';
import { type BackupSettings, listChain, toolPlaces } from './list.ts';
import { withoutPassword } from './login-text.ts';
import { lastLines, runTool } from './run-tool.ts';
import { findTool, type ServerTool } from './tools.ts';

interface Making {
  readonly access: Access;
  readonly name: string;
  readonly chain: Chain;
  readonly context: OperationContext;
}

/** Makes a backup now and keeps it in its chain: it appears there complete, or not at all. */
export async function takeBackup(
  access: Access,
  chain: string | undefined,
  context: OperationContext,
): Promise<BackupFound | Refusal> {
  const found = chooseChain(access.input.options, chain);
  if ('text' in found) return found;
  const making: Making = { access, ...found, context };
  try {
    const { major, database } = await serverOf(access, context.signal);
    const made =
      found.chain.kind === 'pg_dump' ? await dump(making, major, database) : await baseBackup(making, major);
    const listed = await listChain(found.name, found.chain, toolPlaces(access.input.options), context.signal);
    const backup = listed.find(({ found: each }) => each.name === made);
    if (backup === undefined) throw new BackupError(`${made} was made and is not found in its chain`);
    return { ...backup.found, isRetained: false };
  } catch (thrown) {
    context.signal.throwIfAborted();
    return { id: 'backup_failed', text: `no backup was made in chain ${found.name}: ${messageOf(thrown)}` };
  }
}

function chooseChain(
  { backups }: BackupSettings,
  wanted: string | undefined,
): { readonly name: string; readonly chain: Chain } | Refusal {
  const own = Object.entries(backups).filter(([name]) => wanted === undefined || name === wanted);
  const [found] = own.filter(([, { kind }]) => kind === 'pg_dump' || kind === 'base_backup');
  if (found !== undefined) return { name: found[0], chain: found[1] };
  const [other] = own;
  if (other === undefined)
    return { id: 'no_chain', text: `there is no chain ${wanted ?? ''} in the backups of this target` };
  return { id: 'other_tool', text: `chain ${other[0]} is made by ${other[1].kind}: run that tool` };
}

async function dump({ access, chain, context }: Making, major: number, database: string): Promise<string> {
  if (chain.kind !== 'pg_dump') throw new BackupError('not a chain of dumps');
  const { folder, pattern } = await folderOf(chain.path);
  const text = database.replaceAll(/[^\w-]/g, '_');
  const name = (pattern ?? `${text}-*.dump`).replaceAll('*', stampOf(access));
  await produce({ access, tool: 'pg_dump', major, context, folder, name }, (path) => [
    '--format=custom',
    '--no-password',
    `--file=${path}`,
  ]);
  return name;
}

async function baseBackup({ access, chain, context }: Making, major: number): Promise<string> {
  const { path } = chain.kind === 'base_backup' ? chain : { path: '' };
  const name = stampOf(access);
  await produce({ access, tool: 'pg_basebackup', major, context, folder: path, name }, (target) => [
    '--format=plain',
    '--wal-method=stream',
    '--checkpoint=fast',
    '--no-password',
    `--pgdata=${target}`,
  ]);
  return name;
}

interface Production {
  readonly access: Access;
  readonly tool: ServerTool;
  readonly major: number;
  readonly context: OperationContext;
  readonly folder: string;
  readonly name: string;
}

async function produce(
  { access, tool, major, context, folder, name }: Production,
  argumentsFor: (path: string) => readonly string[],
): Promise<void> {
  const { signal } = context;
  const { options, credentials } = access.input;
  const program = await findTool(toolPlaces(options), { name: tool, major, version: 'at_least', signal });
  const { url, password } = withoutPassword((credentials ?? options.url).reveal());
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `${name}.part`);
  try {
    const { code, stderr } = await runTool({
      program: program.path,
      args: [...argumentsFor(part), `--dbname=${url}`],
      cwd: '/',
      env: { PGPASSWORD: password, PGAPPNAME: access.input.applicationName },
      signal,
    });
    if (code !== 0)
      throw new BackupError(
        `${tool} ended with ${code ?? 'a signal'}: ${lastLines(stderr, 4)}${advice(stderr)}`,
      );
    await rename(part, join(folder, name));
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

function advice(text: string): string {
  if (/permission denied|must be superuser or replication role/i.test(text)) {
    return '. The login that acts (remediation.credentials) needs to read everything: GRANT pg_read_all_data (14 and later), or REPLICATION for a base backup.';
  }
  return '';
}

async function folderOf(
  path: string,
): Promise<{ readonly folder: string; readonly pattern: string | undefined }> {
  if (path.includes('*')) return { folder: dirname(path), pattern: path.slice(dirname(path).length + 1) };
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true)
    throw new BackupError(`${path} is one file: name a folder, or a pattern such as orders-*.dump`);
  return { folder: path, pattern: undefined };
}

/** `20261124T031542Z`. */
function stampOf({ input: { clock } }: Access): string {
  return new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

const serverRow = z.object({ version: z.coerce.number(), database: z.string() });

async function serverOf(
  access: Access,
  signal: AbortSignal,
): Promise<{ readonly major: number; readonly database: string }> {
  const sql = `SELECT current_setting('server_version_num') AS version, current_database()::text AS database`;
  const [row] = await access.reading(undefined, signal, (connection) =>
    connection.query(sql, serverRow, signal),
  );
  if (row === undefined) throw new BackupError('the server did not describe itself');
  return { major: Math.floor(row.version / 10_000), database: row.database };
}
