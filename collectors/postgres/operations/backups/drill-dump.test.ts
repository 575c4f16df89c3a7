import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationContext } from '../../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../../tests/support/postgres/server.ts';
import type { TempDir } from '../../../../tests/support/temp-dir.ts';
import {
  backupsAt,
  backupsOf,
  type Drilled,
  debianTools,
  drill,
  dumpTo,
  fillShop,
  missingTools,
  openFolder,
  type Settings,
  toolsWith,
  verdictsOf,
} from './testing/backup-ground.ts';
import { mountSmall } from './testing/small-disk.ts';

describe.skipIf(missingTools !== undefined)('a restore drill of a file of pg_dump', () => {
  let server: PostgresServer;
  let folder: TempDir;
  let settings: Settings;
  let path: string;

  beforeAll(async () => {
    server = await startPostgres({ major: 15 });
    await fillShop(server);
    await server.query('CREATE ROLE reader LOGIN; ANALYZE', 'shop');
    folder = await openFolder('dumps');
    await mkdir(join(folder.path, 'nightly'));
    path = join(folder.path, 'nightly', 'shop.dump');
    await dumpTo(server, path);
    settings = { backups: { nightly: { kind: 'pg_dump', path: join(folder.path, 'nightly') } } };
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await folder.remove();
  });

  /** A chain of its own with a copy of the good file, changed. */
  const changed = async (name: string, change: (copy: string) => Promise<void>): Promise<Settings> => {
    const chain = join(folder.path, name);
    await mkdir(chain);
    await copyFile(path, join(chain, 'shop.dump'));
    await change(join(chain, 'shop.dump'));
    return { backups: { [name]: { kind: 'pg_dump', path: chain } } };
  };

  const expectNothingLeft = async ({ runningBefore, runningAfter }: Drilled): Promise<void> => {
    expect(runningBefore).toEqual([]);
    expect(runningAfter).toEqual([]);
    expect(await server.query('SELECT count(*)::int AS rows FROM purchase', 'shop')).toEqual([
      { rows: 5_000 },
    ]);
    expect(await server.query('SELECT count(*)::int AS databases FROM pg_database')).toEqual([
      { databases: 4 },
    ]);
  };

  it('restores it, reads all of it, and says how long that took and how old it is', async () => {
    const drilled = await drill(server, settings);

    const { report } = drilled;
    expect(report.text).toMatch(
      /^shop\.dump of chain nightly came back on PostgreSQL 15 within .* 2 tables with 5500 rows in shop\./,
    );
    expect(report.verdict).toBe('verified');
    expect(report.subjects).toEqual(['shop']);
    expect(report.checks.filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
    expect(Object.keys(verdictsOf(report))).toEqual([
      'objects of shop',
      'a whole dump of shop',
      'databases',
      'rows of shop.public.purchase',
      'rows of shop.public.customer',
      'rows of the rest of shop',
      'contents of shop.public.purchase',
      'contents of shop.public.customer',
      'constraints of shop',
      'the rest of shop',
      'indexes of shop',
    ]);
    expect(report.recoveryMs).toBeGreaterThan(100);
    expect(report.lossMs).toBeGreaterThan(0);
    expect(report.steps.map(({ name }) => name)).toEqual([
      'create a cluster',
      'create the database',
      'restore',
      'verify',
    ]);
    expect(JSON.stringify(report)).not.toContain('PGPASSWORD');
    await expectNothingLeft(drilled);
  });

  it('knows a file that was cut off by one byte, and does not begin', async () => {
    const cut = await changed('cut', async (copy) => truncate(copy, (await stat(copy)).size - 1));

    const [found] = await backupsOf(server, cut).list(operationContext());
    const drilled = await drill(server, cut);

    expect(found).toMatchObject({ health: 'damaged', name: 'shop.dump' });
    expect(drilled.report).toMatchObject({ verdict: 'failed', recoveryMs: undefined, steps: [] });
    expect(drilled.report.text).toContain('is cut off');
    await expectNothingLeft(drilled);
  });

  it('fails where the middle of the file is corrupt', async () => {
    const corrupt = await changed('corrupt', async (copy) => {
      await using file = await open(copy, 'r+');
      const { size } = await file.stat();
      await file.write(Buffer.alloc(64, 0xa5), 0, 64, Math.floor(size * 0.6));
    });

    const drilled = await drill(server, corrupt);

    expect(drilled.report.verdict).toBe('failed');
    expect(drilled.report.text).toMatch(
      /shop\.dump of chain corrupt did not come back: pg_restore ended with 1: .*Production was not touched/,
    );
    await expectNothingLeft(drilled);
  });

  it('calls a file that is none damaged', async () => {
    const foreign = await changed('foreign', async (copy) => {
      await pipeline(createReadStream(join(debianTools, 'pg_dump'), { end: 5_000 }), createWriteStream(copy));
    });

    const [found] = await backupsOf(server, foreign).list(operationContext());

    expect(found?.health).toBe('damaged');
    expect(found?.detail).toContain('does not begin with PGDMP');
  });

  it.each([
    {
      fault: 'the scratch server has another password',
      scripts: {
        initdb: `test "$1" = --version && exec $real/initdb --version; for each; do case $each in --pwfile=*) echo another >"\${each#--pwfile=}";; esac; done; exec $real/initdb "$@"`,
      },
      text: /password authentication failed/,
      deadline: 60_000,
    },
    {
      fault: 'pg_restore hangs',
      scripts: { pg_restore: `test "$1" = --version && exec $real/pg_restore --version; sleep 600` },
      text: /longer than drillDeadline allows \(3 s\)/,
      deadline: 3_000,
    },
    {
      fault: 'a tool is of an older version',
      scripts: { pg_restore: 'echo "pg_restore (PostgreSQL) 14.2"' },
      text: /pg_restore of PostgreSQL 15 or newer is not here; looked in .*Found was .* of version 14\. Install postgresql-client-15/,
      deadline: 60_000,
    },
    {
      fault: 'the server is of a newer version',
      scripts: { postgres: 'echo "postgres (PostgreSQL) 18.4"' },
      text: /postgres of PostgreSQL 15 is not here; .*of version 18\. Install postgresql-15/,
      deadline: 60_000,
    },
  ])('fails and leaves nothing when $fault', async ({ fault, scripts, text, deadline }) => {
    await using own = await openFolder(`tools-${fault.length}`);
    const binaries = await toolsWith(own, scripts);

    const drilled = await drill(server, { ...settings, binaries, drillDeadline: deadline });

    expect(drilled.report.verdict).toBe('failed');
    expect(drilled.report.text).toMatch(text);
    await expectNothingLeft(drilled);
  });

  it('makes a dump in its chain, whole or not at all', async () => {
    const chain = join(folder.path, 'taken');
    const own = { backups: { taken: { kind: 'pg_dump', path: chain } } } as const;

    const taken = await backupsOf(server, own).take?.(undefined, operationContext());
    const refused = await backupsOf(server, { ...own, binaries: '/nonexistent' }).take?.(
      'taken',
      operationContext(),
    );
    const denied = await backupsAt(server.url('shop', 'reader'), own).take?.('taken', operationContext());

    expect(taken).toMatchObject({ chain: 'taken', health: 'ok', databases: ['shop'], isRetained: false });
    expect(refused).toMatchObject({ id: 'backup_failed' });
    expect(JSON.stringify(refused)).toContain('pg_dump of PostgreSQL 15 or newer is not here');
    expect(JSON.stringify(denied)).toContain('GRANT pg_read_all_data');
    expect(await readdir(chain)).toEqual([expect.stringMatching(/^shop-\d{8}T\d{6}Z\.dump$/)]);
  });

  it('names the tool that is missing, and its package', async () => {
    const drilled = await drill(server, { ...settings, binaries: '/nonexistent' });

    expect(drilled.report.text).toContain(
      'postgres of PostgreSQL 15 is not here; looked in /nonexistent. Install postgresql-15',
    );
    await expectNothingLeft(drilled);
  });

  it('fails when the scratch server is killed while it restores', async () => {
    const drilled = await drill(server, settings, {
      onStep: (step, scratch) => {
        if (step === 'restore') void kill(scratch);
      },
    });

    expect(drilled.report.verdict).toBe('failed');
    expect(drilled.report.text).toContain('did not come back');
    expect(drilled.runningAfter).toEqual([]);
  });

  it('fails when the disk is full, and frees it', async ({ skip }) => {
    const disk = await mountSmall(46);
    skip(disk === undefined, 'only root may mount a small disk here');
    if (disk === undefined) return;
    await using _ = disk;
    const full = join(folder.path, 'wide');
    await mkdir(full);
    await server.query(`CREATE DATABASE wide`);
    await server.query(
      `CREATE TABLE t AS SELECT repeat('x', 1000) AS c FROM generate_series(1, 30000)`,
      'wide',
    );
    await dumpTo(server, join(full, 'wide.dump'), 'wide');
    await server.query('DROP DATABASE wide');

    const place = join(disk.path, 'drill');
    await mkdir(place, { mode: 0o700 });
    const drilled = await drill(
      server,
      { backups: { wide: { kind: 'pg_dump', path: full } } },
      { folder: place },
    );

    expect(drilled.report.verdict).toBe('failed');
    expect(drilled.report.text).toMatch(/No space left on device|Check free disk space/);
    await expectNothingLeft(drilled);
  });
});

async function kill(scratch: string): Promise<void> {
  const [pid = ''] = (await readFile(join(scratch, 'data', 'postmaster.pid'), 'utf8')).split('\n');
  process.kill(Number(pid), 'SIGKILL');
}
