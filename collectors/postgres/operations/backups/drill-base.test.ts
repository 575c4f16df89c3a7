import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  archivingInto,
  makeArchive,
  takeBaseBackup,
} from '../../../../tests/support/postgres/base-backup.ts';
import { operationContext } from '../../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../../tests/support/postgres/server.ts';
import { runOrThrow } from '../../../../tests/support/run-command.ts';
import type { TempDir } from '../../../../tests/support/temp-dir.ts';
import { waitUntil } from '../../../../tests/support/wait-until.ts';
import { serverAccount } from './run-tool.ts';
import {
  backupsOf,
  type Drilled,
  drill,
  fillShop,
  openFolder,
  runningIn,
  type Settings,
  verdictsOf,
} from './testing/backup-ground.ts';
import { withoutNetwork } from './without-network.ts';

interface Ground {
  readonly server: PostgresServer;
  readonly folder: TempDir;
  readonly chain: string;
  readonly wal: string;
  readonly settings: Settings;
}

async function startGround(major: 13 | 18): Promise<Ground> {
  const folder = await openFolder(`base-${major}`);
  const wal = await makeArchive(join(folder.path, 'wal'));
  const server = await startPostgres({ major, settings: archivingInto(wal) });
  await fillShop(server);
  const chain = join(folder.path, 'base');
  await takeBaseBackup(server, { chain, wal });
  await server.query(`INSERT INTO customer VALUES (1000, 'late')`, 'shop');
  return {
    server,
    folder,
    chain,
    wal,
    settings: { binaries: server.binDirectory, backups: { base: { kind: 'base_backup', path: chain, wal } } },
  };
}

/** Makes the server archive what it has. */
async function archiveAll({ server, wal }: Ground): Promise<void> {
  const [row] = await server.query('SELECT pg_walfile_name(pg_switch_wal()) AS segment');
  const segment = String(row?.['segment']);
  await waitUntil('the WAL to be archived', async () =>
    (await readdir(wal)).some((name) => name >= segment && name.length === 24),
  );
}

/** The same chains without their archive. */
function unarchived({ backups }: Settings): NonNullable<Settings['backups']> {
  return Object.fromEntries(
    Object.entries(backups ?? {}).map(([name, chain]) => [name, { ...chain, wal: undefined }]),
  );
}

async function expectNothingLeft(
  { runningBefore, runningAfter }: Drilled,
  { server }: Ground,
): Promise<void> {
  expect(runningBefore).toEqual([]);
  expect(runningAfter).toEqual([]);
  expect(await server.query('SELECT count(*)::int AS rows FROM purchase', 'shop')).toEqual([{ rows: 5_000 }]);
}

describe('a restore drill of a base backup', () => {
  let ground: Ground;

  beforeAll(async () => {
    ground = await startGround(18);
    await archiveAll(ground);
    await ground.server.query('CREATE TABLE nothing ()', 'shop');
    await archiveAll(ground);
  });

  afterAll(async () => {
    await ground.server[Symbol.asyncDispose]();
    await ground.folder.remove();
  });

  /** A chain of its own, with a copy of the good backup that was changed. */
  const changed = async (
    name: string,
    change: (backup: string) => Promise<unknown>,
    wal = ground.wal,
  ): Promise<Settings> => {
    const path = join(ground.folder.path, name);
    await mkdir(path);
    // Links, so that only what is changed is written.
    await runOrThrow('cp', ['-al', join(ground.chain, 'base-1'), path]);
    await change(join(path, 'base-1'));
    return { ...ground.settings, backups: { [name]: { kind: 'base_backup', path, wal } } };
  };

  /** A page of the purchases' table. */
  const flip = async (backup: string): Promise<void> => {
    const [row] = await ground.server.query(`SELECT pg_relation_filepath('purchase') AS path`, 'shop');
    const path = join(backup, String(row?.['path']));
    const page = await readFile(path);
    page.writeUInt16LE(0x5aa5, 8_192 * 3 + 4_000);
    await rm(path);
    await writeFile(path, page);
  };

  it('replays the archived WAL to its end and verifies what came out', async () => {
    const drilled = await drill(ground.server, ground.settings);

    const { report } = drilled;
    expect(report.text).toContain('base-1 of chain base came back on PostgreSQL 18');
    expect(report.verdict).toBe('verified');
    expect(report.checks.filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
    expect(report.subjects).toContain('shop');
    expect(report.checks.find(({ name }) => name === 'rows of shop.public.customer')?.detail).toMatch(
      /^501 rows/,
    );
    expect(verdictsOf(report)).toMatchObject({
      'files against the manifest': 'passed',
      'archived WAL without a gap': 'passed',
      'indexes of shop': 'passed',
    });
    expect(report.recoveryMs).toBeGreaterThan(100);
    expect(report.lossMs).toBeLessThan(120_000);
    expect(report.place).toContain(ground.server.dataDirectory);
    if (await withoutNetwork(await serverAccount(), AbortSignal.timeout(10_000)))
      expect(report.place).toContain('cut off from every network');
    // A promoted server that archived would write its new timeline there.
    expect((await readdir(ground.wal)).filter((name) => name.startsWith('00000002'))).toEqual([]);
    await expectNothingLeft(drilled, ground);
  });

  it('does not begin with a backup that lacks a file', async () => {
    const settings = await changed('lacking', async (backup) =>
      rm(join(backup, 'global', 'pg_filenode.map')),
    );

    const [found] = await backupsOf(ground.server, settings).list(operationContext());
    const drilled = await drill(ground.server, settings);

    expect(found).toMatchObject({ health: 'damaged', chain: 'lacking' });
    expect(drilled.report).toMatchObject({ verdict: 'failed', steps: [] });
    expect(drilled.report.text).toContain('global/pg_filenode.map is missing');
  });

  it('finds a page that was changed, by the manifest', async () => {
    const settings = await changed('flipped', flip);

    const drilled = await drill(ground.server, settings);

    expect(drilled.report.verdict).toBe('failed');
    expect(drilled.report.text).toMatch(/is damaged: base\/\d+\/\d+ has another checksum/);
    await expectNothingLeft(drilled, ground);
  });

  it('finds it by reading, where there is no manifest', async () => {
    const settings = await changed('bare', async (backup) => {
      await flip(backup);
      await rm(join(backup, 'backup_manifest'));
    });

    const drilled = await drill(ground.server, settings);

    expect(drilled.report.verdict).toBe('failed');
    expect(drilled.report.text).toMatch(/public\.purchase cannot be read: .*invalid page/);
    expect(verdictsOf(drilled.report)).toMatchObject({ 'files against the manifest': 'not_done' });
    await expectNothingLeft(drilled, ground);
  });

  it('finds rows that a file of a table lacks at its end, where there is no manifest', async () => {
    const [row] = await ground.server.query(`SELECT pg_relation_filepath('purchase') AS path`, 'shop');
    const settings = await changed('short', async (backup) => {
      const path = join(backup, String(row?.['path']));
      const whole = await readFile(path);
      await rm(path);
      await writeFile(path, whole.subarray(0, 8_192 * 10));
      await rm(join(backup, 'backup_manifest'));
    });

    const { report } = await drill(ground.server, settings);

    expect(report.verdict).toBe('failed');
    expect(report.text).toMatch(/public\.purchase .*primary key/);
  });

  it('fails for one of another server', async () => {
    await using other = await startPostgres({ major: 18 });
    const path = join(ground.folder.path, 'other');
    await takeBaseBackup(other, { chain: path });

    const { report } = await drill(ground.server, {
      ...ground.settings,
      backups: { other: { kind: 'base_backup', path } },
    });

    expect(report.verdict).toBe('failed');
    expect(report.text).toContain('it is a backup of another server');
  });

  it('takes its age from what it says, not from when it was copied', async () => {
    const backup = join(ground.chain, 'base-1');
    const label = (await readFile(join(backup, 'backup_label'), 'utf8')).replace(
      /^START TIME: .*$/m,
      'START TIME: 2026-01-02 03:04:05 CET',
    );
    const relabel = (copy: string) =>
      rm(join(copy, 'backup_label')).then(() => writeFile(join(copy, 'backup_label'), label));
    const bare = await changed('copied-bare', async (copy) => {
      await relabel(copy);
      await rm(join(copy, 'backup_manifest'));
    });
    const listed = await changed('copied', async (copy) => {
      await relabel(copy);
      await utimes(
        join(copy, 'backup_manifest'),
        new Date(Date.now() + 3_600_000),
        new Date(Date.now() + 3_600_000),
      );
    });

    const [without] = await backupsOf(ground.server, { ...bare, backups: unarchived(bare) }).list(
      operationContext(),
    );
    const [within] = await backupsOf(ground.server, { ...listed, backups: unarchived(listed) }).list(
      operationContext(),
    );

    expect(without?.takenAt).toBe(Date.parse('2026-01-02T15:04:05Z'));
    expect(within?.takenAt).toBeLessThanOrEqual(Date.now());
  });

  it('fails where archived WAL is missing, and says which', async () => {
    const wal = join(ground.folder.path, 'wal-with-gap');
    await cp(ground.wal, wal, { recursive: true });
    const segments = (await readdir(wal)).filter((name) => /^[0-9A-F]{24}$/.test(name)).sort();
    const own = await startSegment(join(ground.chain, 'base-1'));
    const missing = segments[segments.indexOf(own) + 1] ?? '';
    await rm(join(wal, missing));
    await rm(join(wal, own));
    const needed = await changed('headless', () => Promise.resolve(), wal);
    await cp(join(ground.wal, own), join(wal, own));

    const withGap = await drill(ground.server, {
      ...ground.settings,
      backups: { gap: { kind: 'base_backup', path: ground.chain, wal } },
    });
    await rm(join(wal, own));
    const withoutStart = await drill(ground.server, needed);

    expect(withGap.report.verdict).toBe('failed');
    expect(withGap.report.text).toContain(`${missing} is missing from ${wal}`);
    expect(withoutStart.report.verdict).toBe('failed');
    expect(withoutStart.report.text).toContain('cannot be made consistent');
  });

  it.each([
    {
      where: 'in the data directory of the target',
      place: () => join(ground.server.dataDirectory, 'base', 'drill'),
    },
    { where: 'in a folder of backups', place: () => join(ground.chain, 'drill') },
    { where: 'in the archived WAL', place: () => join(ground.wal, 'drill') },
  ])('refuses a place $where', async ({ place }) => {
    await mkdir(place());

    const { report } = await drill(ground.server, ground.settings, { folder: place() });
    await rm(place(), { recursive: true });

    expect(report).toMatchObject({ verdict: 'failed', steps: [] });
    expect(report.text).toMatch(
      /^refused: .* lies in .*, which is the target's own\. Nothing was restored\./,
    );
  });

  it('refuses the data directory of a running server, whoever it belongs to', async () => {
    const { report } = await drill(ground.server, ground.settings, { folder: ground.server.dataDirectory });

    expect(report.text).toMatch(/^refused: /);
    expect(await ground.server.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('leaves nothing that cannot be ended when the agent is killed', async () => {
    await using scratch = await openFolder('killed');
    const folder = join(scratch.path, 'drill');
    await mkdir(folder, { mode: 0o700 });
    const program = fileURLToPath(new URL('testing/drill.program.ts', import.meta.url));
    const agent = spawn(process.execPath, [
      program,
      ground.server.url('shop'),
      ground.chain,
      ground.wal,
      ground.server.binDirectory,
      folder,
    ]);
    let said = '';
    agent.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await waitUntil('the drill to verify', () => said.includes('verify'), { timeoutMs: 60_000 });

    agent.kill('SIGKILL');
    await once(agent, 'exit');
    const before = await runningIn(folder);
    await backupsOf(ground.server, ground.settings).discard?.(folder);

    expect(before.length).toBeGreaterThan(0);
    expect(await runningIn(folder)).toEqual([]);
    expect(await ground.server.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a restore drill to a point in time', () => {
  it('brings back what was there then, on 13', async () => {
    const ground = await startGround(13);
    await using _server = ground.server;
    await using _folder = ground.folder;
    const [row] = await ground.server.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now');
    await ground.server.query(`DELETE FROM customer WHERE id = 1000`, 'shop');
    await archiveAll(ground);
    await rename(ground.chain, `${ground.chain}s`);
    const settings = {
      ...ground.settings,
      backups: { base: { kind: 'base_backup', path: `${ground.chain}s`, wal: ground.wal } },
    } as const;

    const { report } = await drill(ground.server, settings, {
      request: { until: Math.ceil(Number(row?.['now'])) },
    });

    expect(report.text).toContain('came back on PostgreSQL 13');
    expect(report.verdict).toBe('verified');
    expect(report.checks.find(({ name }) => name === 'rows of shop.public.customer')?.detail).toMatch(
      /^501 rows/,
    );
  });
});

async function startSegment(backup: string): Promise<string> {
  return /file ([0-9A-F]{24})/.exec(await readFile(join(backup, 'backup_label'), 'utf8'))?.[1] ?? '';
}
