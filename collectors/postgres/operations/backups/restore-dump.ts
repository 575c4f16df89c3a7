import { randomBytes } from 'node:crypto';
import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../../../src/sdk.ts';
import { quoteIdentifier } from '../../quote.ts';
import { BackupError } from './chain.ts';
import { type DumpArchive, readDumpArchive } from './dump-archive.ts';
import { compareObjects } from './dump-objects.ts';
import { quoteShell } from './quote-shell.ts';
import type { Restored, RestoreRequest } from './restore.ts';
import { lastLines, runOrFail, runTool } from './run-tool.ts';
import { type ScratchLogin, type ScratchServer, startScratch } from './scratch-server.ts';
import { tellError } from './tell-error.ts';
import { findTool } from './tools.ts';

const user = 'reeve_drill';

/** Restores a file of `pg_dump -Fc` into a cluster that is made for it. */
export async function restoreDump(request: RestoreRequest, path: string): Promise<Restored> {
  const { tools, journal, place, clock, signal, conceal } = request;
  const archive = await readDumpArchive(path);
  const major = majorOf(archive.serverVersion);
  const exact = { major, version: 'exact', signal } as const;
  const postgres = await findTool(tools, { name: 'postgres', ...exact });
  const initdb = await findTool(tools, { name: 'initdb', ...exact });
  const restore = await findTool(tools, {
    name: 'pg_restore',
    major: majorOf(archive.dumpVersion),
    version: 'at_least',
    signal,
  });

  const login = { user, password: randomBytes(24).toString('base64url') };
  conceal(login.password);
  await journal.step('create a cluster', 'initdb -D <data> && pg_ctl -D <data> start', () =>
    initialise(request, initdb.path, login),
  );
  const server = await startScratch({
    place,
    postgres,
    login,
    settings: {},
    needsNetwork: false,
    clock,
    signal,
  });
  try {
    const notes = await journal.step(
      'create the database',
      `createdb -T template0 ${quoteShell(archive.database)}   # and the roles that own things in it`,
      () => createDatabase(server, archive, signal),
    );
    await journal.step(
      'restore',
      `pg_restore --exit-on-error --jobs=2 -d ${quoteShell(archive.database)} ${quoteShell(path)}   # the drill left out grants, tablespaces and subscriptions: make their roles first; --no-subscriptions until the old server is gone`,
      () => runRestore(request, { program: restore.path, path, database: archive.database, login }),
    );
    await compareObjects(server, archive, journal, signal);
    return {
      server,
      major,
      newestAt: Math.min(archive.begunAt, request.backup.found.takenAt),
      notes: [...notes, ...lacking],
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

const lacking = [
  'roles, their passwords and grants are not in a file of pg_dump: keep one of pg_dumpall --globals-only beside it',
];

function majorOf(version: string): number {
  const major = Number.parseInt(version, 10);
  if (Number.isNaN(major) || major < 10)
    throw new BackupError(`the file is of PostgreSQL ${version}, which is not supported`);
  return major;
}

async function initialise(
  { place, signal }: RestoreRequest,
  program: string,
  login: ScratchLogin,
): Promise<void> {
  const { folder, data, account } = place;
  const secret = join(folder, 'password');
  await writeFile(secret, `${login.password ?? ''}\n`, { mode: 0o600 });
  if (account !== undefined) await chown(secret, account.uid, account.gid);
  const args = [
    '-D',
    data,
    '-U',
    login.user,
    `--pwfile=${secret}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ];
  await runOrFail({
    program,
    args: args.filter((arg) => arg !== '--no-instructions'),
    cwd: folder,
    drill: folder,
    account,
    signal,
  });
}

interface RestoreRun {
  readonly program: string;
  readonly path: string;
  readonly database: string;
  readonly login: ScratchLogin;
}

async function runRestore({ place, signal }: RestoreRequest, run: RestoreRun): Promise<void> {
  const { code, stderr } = await runTool({
    program: run.program,
    args: [
      '--exit-on-error',
      '--no-privileges',
      '--no-tablespaces',
      '--no-subscriptions',
      '--jobs=2',
      '--no-password',
      `--host=${place.socket}`,
      '--port=5432',
      `--username=${run.login.user}`,
      `--dbname=${run.database}`,
      run.path,
    ],
    env: { PGPASSWORD: run.login.password ?? '', PGSSLMODE: 'disable', PGAPPNAME: 'reeve drill' },
    cwd: place.folder,
    drill: place.folder,
    signal,
  });
  if (code === 0) return;
  const said = lastLines(tellError(stderr), 6) || 'it did not say why';
  throw new BackupError(`pg_restore ${code === null ? 'was killed' : `ended with ${code}`}: ${said}`);
}

/** As the file says; in the language of nobody where this machine lacks the one of production. */
async function createDatabase(
  server: ScratchServer,
  archive: DumpArchive,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return server.writing('postgres', signal, async (session) => {
    const nothing = z.object({});
    for (const role of rolesOf(archive)) {
      const [known] = await session.query(
        'SELECT 1 AS one FROM pg_roles WHERE rolname = $1',
        nothing,
        signal,
        [role],
      );
      if (known === undefined) await session.execute(`CREATE ROLE ${quoteIdentifier(role)} NOLOGIN`, signal);
    }
    if (archive.database === 'postgres') return [];
    const written = archive.entries.find(({ kind }) => kind === 'DATABASE')?.definition;
    try {
      if (written === undefined) throw new BackupError('the file does not say how its database was made');
      await session.execute(written.replace(/\bTABLESPACE = (?:"[^"]*"|\w+)/, ''), signal);
      return [];
    } catch (thrown) {
      const encoding = /client_encoding = '(\w+)'/.exec(
        archive.entries.find(({ kind }) => kind === 'ENCODING')?.definition ?? '',
      )?.[1];
      const name = quoteIdentifier(archive.database);
      await session.execute(
        `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding ?? 'UTF8'}' LOCALE 'C'`,
        signal,
      );
      return [
        `restored with locale C, because ${messageOf(thrown)}: the order of texts is not production's here`,
      ];
    }
  });
}

/** Who owns something in it, and whom its policies name: without them it cannot be restored. */
function rolesOf(archive: DumpArchive): ReadonlySet<string> {
  const named = archive.entries
    .filter(({ kind }) => kind === 'POLICY')
    .flatMap(
      ({ definition }) => / TO ([^;]+?)(?: USING | WITH CHECK |;)/.exec(definition)?.[1]?.split(', ') ?? [],
    )
    .map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name));
  const owners = archive.entries.map(({ owner }) => owner);
  return new Set(
    [...owners, ...named].filter((name) => name !== '' && !/^(?:pg_|PUBLIC$|public$)/.test(name)),
  );
}
