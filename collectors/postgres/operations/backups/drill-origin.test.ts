import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../../tests/support/postgres/server.ts';
import { runOrThrow } from '../../../../tests/support/run-command.ts';
import type { TempDir } from '../../../../tests/support/temp-dir.ts';
import { debianTools, drill, fillShop, missingTools, openFolder } from './testing/backup-ground.ts';

describe.skipIf(missingTools !== undefined)('a restore drill of a dump that restores well', () => {
  let server: PostgresServer;
  let folder: TempDir;

  beforeAll(async () => {
    folder = await openFolder('origin');
    server = await startPostgres({ major: 15 });
    await fillShop(server);
    await server.query('CREATE TABLE visit (id int); INSERT INTO visit VALUES (1)', 'shop');
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await folder.remove();
  });

  const drillDump = async (...options: readonly string[]) => {
    const chain = join(folder.path, `dumps${options.join('')}`);
    await mkdir(chain);
    await runOrThrow(join(debianTools, 'pg_dump'), [
      '-Fc',
      `--dbname=${server.url('shop')}`,
      `--file=${join(chain, 'shop.dump')}`,
      ...options,
    ]);
    return async () =>
      (await drill(server, { backups: { nightly: { kind: 'pg_dump', path: chain } } })).report;
  };

  it.each([
    ['definitions only', '--schema-only', /public\.customer.* and not the rows: .*--schema-only/],
    ['no rows of one table', '--exclude-table-data=purchase', /public\.purchase and not the rows/],
    [
      'not every table',
      '--exclude-table=purchase --exclude-table=spent',
      /not in it, and on the target with rows: public\.purchase;/,
    ],
    ['only one table', '--table=customer', /not in it, and on the target with rows: public\.purchase;/],
  ])('fails for one with %s', async (_, option, text) => {
    const report = await (await drillDump(...option.split(' ')))();

    expect(report.verdict).toBe('failed');
    expect(report.text).toMatch(text);
  });

  it('is verified though tables were made, renamed and dropped since', async () => {
    const start = await drillDump();
    await server.query(
      `ALTER TABLE visit RENAME TO sight; CREATE TABLE later (id int); INSERT INTO later VALUES (1);
       DROP TABLE purchase CASCADE`,
      'shop',
    );

    const report = await start();

    expect(report.verdict).toBe('verified');
    expect(report.checks.filter(({ verdict }) => verdict !== 'passed')).toMatchObject([
      { name: 'a whole dump of shop', verdict: 'not_done', detail: expect.stringContaining('public.later') },
    ]);
  });

  it('fails for one of another server with a database of that name', async () => {
    const start = await drillDump('--no-comments');
    await server.query('ALTER DATABASE shop RENAME TO former');
    await server.query('CREATE DATABASE shop');
    await server.query('CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL)', 'shop');

    const report = await start();

    expect(report.verdict).toBe('failed');
    expect(report.text).toContain('it is a dump of another server');
  });
});
