import { chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationContext } from '../../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../../tests/support/postgres/server.ts';
import { runCommand, runOrThrow } from '../../../../tests/support/run-command.ts';
import type { TempDir } from '../../../../tests/support/temp-dir.ts';
import { waitUntil } from '../../../../tests/support/wait-until.ts';
import {
  backupsAt,
  backupsOf,
  debianTools,
  drill,
  fillShop,
  missingTools,
  openFolder,
} from './testing/backup-ground.ts';

describe.skipIf(missingTools !== undefined)('the strategy for a server that nobody backs up', () => {
  let server: PostgresServer;
  let folder: TempDir;
  let root: string;

  beforeAll(async () => {
    folder = await openFolder('strategy');
    root = join(folder.path, 'store');
    const text = strategyOf().files.find(({ name }) => name === 'archiving.conf')?.text ?? '';
    const settings = Object.fromEntries(
      [...text.matchAll(/^(\w+) = (?:'(.*)'|(.*))$/gm)].map(([, name, quoted, plain]) => [
        name,
        quoted ?? plain,
      ]),
    );
    server = await startPostgres({ major: 15, settings });
    await fillShop(server);
    await mkdir(join(root, 'wal'), { recursive: true, mode: 0o755 });
    await runOrThrow('chmod', ['0711', root]);
    await runOrThrow('chmod', ['0777', join(root, 'wal')]);
    for (const file of strategyOf().files) {
      await writeFile(join(root, file.name), file.text, { mode: file.isExecutable ? 0o755 : 0o644 });
    }
    await chown(root, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await folder.remove();
  });

  const strategyOf = () => {
    const url = 'postgresql://reeve:very-secret@127.0.0.1:5432/shop';
    return backupsAt(url, {}).strategy(root);
  };
  const run = (script: string, ...args: readonly string[]) =>
    runCommand(join(root, script), args, {
      env: {
        PATH: `${debianTools}:/usr/bin:/bin`,
        PGHOST: server.socketDirectory,
        PGPORT: String(server.port),
        PGUSER: 'postgres',
      },
    });

  it('dumps, keeps as many as it says, and a drill proves what it made', async () => {
    // Where to find the server is the operator's to say; here it is in the environment.
    await writeFile(join(root, 'backup.env'), `BACKUP_ROOT='${root}'\nKEEP_DUMPS=2\nKEEP_BASES=1\n`);
    const dumps = join(root, 'dumps', 'shop');
    await mkdir(dumps, { recursive: true });
    for (const old of ['20200101T000000Z.dump', '20200102T000000Z.dump'])
      await writeFile(join(dumps, old), 'old');

    const first = await run('dump.sh', 'shop');
    const drilled = await drill(server, { backups: { nightly: { kind: 'pg_dump', path: dumps } } });

    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect((await readdir(dumps)).filter((name) => name.startsWith('2020'))).toEqual([
      '20200102T000000Z.dump',
    ]);
    expect(await readdir(join(root, 'dumps'))).toEqual(['globals.sql', 'shop']);
    expect(drilled.report.verdict).toBe('verified');
    expect(drilled.report.backup?.databases).toEqual(['shop']);
  });

  it('makes base backups of whose packed files the drill makes a server again, with the archived WAL', async () => {
    const made = await run('base-backup.sh');
    await server.query(`INSERT INTO customer VALUES (1000, 'late')`, 'shop');
    const [row] = await server.query('SELECT pg_walfile_name(pg_switch_wal()) AS segment');
    const segment = String(row?.['segment']);
    await waitUntil('the WAL to be archived', async () =>
      (await readdir(join(root, 'wal'))).includes(segment),
    );
    const settings = {
      backups: { base: { kind: 'base_backup', path: join(root, 'base'), wal: join(root, 'wal') } },
    } as const;

    const [found] = await backupsOf(server, settings).list(operationContext());
    const { report } = await drill(server, settings);

    expect(made).toMatchObject({ code: 0 });
    expect(found).toMatchObject({ chain: 'base', health: 'unknown' });
    expect(found?.detail).toContain('tar files');
    expect(report.text).toContain('came back on PostgreSQL 15');
    // What a person would have to type is all of what was done.
    const commands = report.steps.map(({ command }) => command).join('\n');
    expect(commands).toMatch(/tar -xf \S+\/base\.tar\.gz -C <data>$/m);
    expect(commands).toMatch(/tar -xf \S+\/pg_wal\.tar\.gz -C <data>\/pg_wal$/m);
    expect(commands).toContain(`archive_mode=off restore_command='cp ${join(root, 'wal')}/%f "%p"'`);
    expect(report.checks.filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
    expect(report.checks.find(({ name }) => name === 'rows of shop.public.customer')?.detail).toMatch(
      /^501 rows/,
    );
  });

  it('leaves nothing half made when the server cannot be reached', async () => {
    const unreachable = await runCommand(join(root, 'dump.sh'), ['shop'], {
      env: { PATH: `${debianTools}:/usr/bin:/bin`, PGHOST: '/nonexistent', PGUSER: 'postgres' },
    });

    expect(unreachable.code).not.toBe(0);
    expect((await readdir(join(root, 'dumps'))).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('quotes what is in names, for cron, systemd and the server each in its way', () => {
    const url = "postgresql://reeve:very-secret@127.0.0.1:5432/it's%20100%25";
    const { files, next } = backupsAt(url, {}).strategy("/srv/my 'old' 5%");
    const textOf = (ending: string) => files.find(({ name }) => name.endsWith(ending))?.text ?? '';

    expect(next.join('\n')).toContain(
      String.raw`30 1 * * * '/srv/my '\''old'\'' 5\%/dump.sh' 'it'\''s 100\%'`,
    );
    expect(textOf('.service')).toContain(
      String.raw`ExecStart=/bin/sh -c "exec '/srv/my '\\''old'\\'' 5%%/dump.sh' 'it'\\''s 100%%'"`,
    );
    expect(textOf('.service')).toContain(String.raw`-c "test \"$$(date +%%u)\" != 7 || exec `);
    expect(textOf('archiving.conf')).toContain(
      String.raw`cp %p ''/srv/my ''\\''''old''\\'''' 5%%/wal''/%f.part &&`,
    );
    expect(textOf('RESTORE.md')).toContain(
      String.raw`restore_command = 'cp ''/srv/my ''\\''''old''\\'''' 5%%/wal''/%f "%p"'`,
    );
  });

  it('holds no secret, and says what to do in order', () => {
    const strategy = strategyOf();

    expect(JSON.stringify(strategy)).not.toContain('very-secret');
    expect(strategy.configLines[1]).toBe(`  nightly: { kind: pg_dump, path: "${root}/dumps/shop" }`);
    expect(strategy.files.map(({ name }) => name)).toContain('RESTORE.md');
    // Commands that exist: the target is no option.
    expect(JSON.stringify(strategy)).not.toContain('--target');
    expect(strategy.next.at(-1)).toMatch(/reeve drill \S+$/);
  });
});
