import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { runOrThrow } from '../run-command.ts';
import { createTempDir } from '../temp-dir.ts';
import { isPostgresInstalled, postgresMajors, prepareInstallation } from './installation.ts';
import { startPostgres } from './server.ts';

describe('startPostgres', { timeout: 30_000 }, () => {
  it.skipIf(!isPostgresInstalled(13)).each(postgresMajors)(
    'starts and answers as major %i',
    async (major) => {
      await using server = await startPostgres({ major });

      const rows = await server.query(
        'CREATE EXTENSION pg_stat_statements; SELECT version(), (SELECT system_identifier FROM pg_control_system())',
      );
      const client = new Client(server.superuserUrl);
      await client.connect();
      const overTcp = await client.query('SELECT count(*) >= 0 AS readable FROM pg_stat_statements');
      await client.end();

      expect(rows[0]?.['version']).toMatch(new RegExp(`^PostgreSQL ${major}\\.`));
      expect(overTcp.rows).toEqual([{ readable: true }]);
      expect(server.port).toBeLessThan(32_768);
    },
  );

  it('gives every server its own system identifier', async () => {
    await using one = await startPostgres({ major: 17 });
    await using two = await startPostgres({ major: 17 });
    const sql = 'SELECT system_identifier FROM pg_control_system()';

    const [a, b] = [await one.query(sql), await two.query(sql)];

    expect(a[0]?.['system_identifier']).not.toBe(b[0]?.['system_identifier']);
  });

  it('refuses a wrong password where one is set', async () => {
    await using server = await startPostgres({ major: 16, password: "it's right" });
    const right = new Client(server.superuserUrl);
    const wrong = new Client(server.url('postgres', 'postgres', 'wrong'));

    await right.connect();
    await right.end();
    const refused = wrong.connect();

    await expect(refused).rejects.toMatchObject({ code: '28P01' });
  });

  it('survives a crash and a restart with its data, port and new settings', async () => {
    await using server = await startPostgres({ major: 18, durable: true });
    await server.query('CREATE TABLE kept AS SELECT 42 AS answer');
    const { pid, port } = server;

    await server.kill();
    await expect(server.query('SELECT 1')).rejects.toThrow();
    await server.restart({ settings: { work_mem: '9MB' } });

    expect(await server.query('SELECT answer, current_setting($$work_mem$$) AS memory FROM kept')).toEqual([
      { answer: 42, memory: '9MB' },
    ]);
    expect(server.pid).not.toBe(pid);
    expect(server.port).toBe(port);
  });

  it('shows the log of a server that does not start', async () => {
    const started = startPostgres({ major: 15, settings: { work_mem: 'plenty' } });

    await expect(started).rejects.toThrow(/invalid value for parameter "work_mem"/);
  });

  it('removes its folder when disposed', async () => {
    const server = await startPostgres({ major: 14, initdb: ['--data-checksums'] });
    const { dataDirectory } = server;

    const checksums = await server.query('SHOW data_checksums');
    await server[Symbol.asyncDispose]();

    expect(checksums).toEqual([{ data_checksums: 'on' }]);
    expect(existsSync(dataDirectory)).toBe(false);
  });
});

describe('prepareInstallation', { timeout: 30_000 }, () => {
  it.skipIf(process.getuid?.() !== 0)(
    'copies binaries that the server account cannot read, with their links',
    async () => {
      await using folder = await createTempDir('unreadable');
      const original = fileURLToPath(new URL('../../node_modules/postgres-17', import.meta.url));
      const hidden = join(folder.path, 'package');
      await mkdir(hidden);
      await runOrThrow('cp', ['-a', join(original, 'native'), join(original, 'package.json'), hidden]);
      await runOrThrow('find', [join(hidden, 'native', 'lib'), '-type', 'l', '-delete']);
      await chmod(hidden, 0o700);

      const installation = await prepareInstallation(17, hidden);
      const { account } = installation;
      const version = await runOrThrow(join(installation.binDirectory, 'postgres'), ['--version'], {
        account,
      });

      expect(installation.root).not.toContain(hidden);
      expect(version).toContain('(PostgreSQL) 17.');
      expect(existsSync(join(installation.root, 'lib', 'libpq.so'))).toBe(true);
    },
  );
});
