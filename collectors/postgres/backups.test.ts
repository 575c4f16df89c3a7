import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeBaseBackup } from '../../tests/support/postgres/base-backup.ts';
import { openCollector, valueOf } from '../../tests/support/postgres/collect.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { createTempDir, type TempDir } from '../../tests/support/temp-dir.ts';

describe('the group backups', () => {
  let server: PostgresServer;
  let folder: TempDir;
  let chain: string;

  beforeAll(async () => {
    folder = await createTempDir('backups');
    chain = join(folder.path, 'base');
    server = await startPostgres({ major: 17 });
    await takeBaseBackup(server, { chain });
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await folder.remove();
  });

  const read = async (
    backups: NonNullable<Parameters<typeof openCollector>[1]>['backups'],
    now = Date.now(),
  ) => {
    await using collector = openCollector(server.superuserUrl, { backups: backups ?? {} });
    return await collector.read('backups', now);
  };

  it('says that none is configured', async () => {
    const reading = await read({});

    expect(reading.findings.map(({ code, severity }) => ({ code, severity }))).toEqual([
      { code: 'no_backups_configured', severity: 'info' },
    ]);
    expect(reading.samples).toEqual([]);
  });

  it('knows the age and size of the newest, and that nothing is wrong with it', async () => {
    const reading = await read({ base: { kind: 'base_backup', path: chain } }, Date.now() + 600_000);

    expect(valueOf(reading, 'reeve_backup_age_seconds', 'base')).toBeGreaterThanOrEqual(600);
    expect(valueOf(reading, 'reeve_backup_age_seconds', 'base')).toBeLessThan(900);
    expect(valueOf(reading, 'reeve_backup_recoverable_age_seconds', 'base')).toBeGreaterThanOrEqual(600);
    expect(valueOf(reading, 'reeve_backup_bytes', 'base')).toBeGreaterThan(10_000_000);
    expect(valueOf(reading, 'reeve_backups_damaged', 'base')).toBe(0);
    expect(reading.findings).toEqual([]);
  });

  it('warns of one that is older than a day and two hours', async () => {
    const reading = await read({ base: { kind: 'base_backup', path: chain } }, Date.now() + 27 * 3_600_000);

    expect(reading.findings.map(({ code, severity, subject }) => ({ code, severity, subject }))).toEqual([
      { code: 'backup_old', severity: 'warning', subject: 'base' },
    ]);
  });

  it('keeps a chain that cannot be read from hiding the others', async () => {
    const reading = await read({
      base: { kind: 'base_backup', path: chain },
      gone: { kind: 'pg_dump', path: join(folder.path, 'gone') },
    });

    expect(reading.state).toBe('partial');
    expect(reading.errors.map(({ subject }) => subject)).toEqual(['gone']);
    expect(valueOf(reading, 'reeve_backups_damaged', 'base')).toBe(0);
    expect(valueOf(reading, 'reeve_backups_damaged', 'gone')).toBeUndefined();
  });

  it('lets the check name the tool that a drill would lack', async () => {
    const backups = { base: { kind: 'base_backup', path: chain } } as const;
    await using lacking = openCollector(server.superuserUrl, { backups, binaries: '/nonexistent' });
    await using complete = openCollector(server.superuserUrl, { backups, binaries: server.binDirectory });
    await lacking.open();
    await complete.open();

    const items = (await lacking.check()).filter(({ subject }) => subject === 'base');
    const none = (await complete.check()).filter(({ subject }) => subject === 'base');

    expect(items).toMatchObject([
      { severity: 'advice', message: expect.stringContaining('cannot be proven') },
    ]);
    expect(items[0]?.remedy).toMatch(
      /^-- postgres of PostgreSQL 17 is not here; looked in \/nonexistent\. Install postgresql-17/,
    );
    expect(none).toEqual([]);
  });

  it('finds damage, and shows no age of what cannot be restored', async () => {
    const [name = ''] = await readdir(chain);
    await rm(join(chain, name, 'base'), { recursive: true });

    const reading = await read({ base: { kind: 'base_backup', path: chain } });

    expect(valueOf(reading, 'reeve_backups_damaged', 'base')).toBe(1);
    expect(valueOf(reading, 'reeve_backup_age_seconds', 'base')).toBeUndefined();
    expect(reading.findings.map(({ code, severity }) => ({ code, severity }))).toEqual([
      { code: 'backup_damaged', severity: 'critical' },
      { code: 'backup_missing', severity: 'warning' },
    ]);
  });
});
