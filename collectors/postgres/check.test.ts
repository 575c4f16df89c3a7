import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openCollector } from '../../tests/support/postgres/collect.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { preloadStatement } from './setting-rules.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.each([13, 18] as const)('check of PostgreSQL %i', (major) => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ major, settings: { shared_preload_libraries: 'auto_explain' } });
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  it('says what a bare role on a bare server lacks, and the statement that mends it', async () => {
    await server.query('CREATE ROLE "a ""b""" LOGIN CONNECTION LIMIT 1');
    await server.query('CREATE DATABASE open');
    await server.query('CREATE DATABASE closed');
    await server.query('CREATE DATABASE ignored');
    await server.query('REVOKE CONNECT ON DATABASE closed, ignored FROM PUBLIC');
    const databases = { include: ['*'], exclude: ['ignored'], max: 20 };
    await using collector = openCollector(server.url('postgres', encodeURIComponent('a "b"')), { databases });
    await collector.open();

    const items = await collector.check();

    expect(items.map(({ severity, subject, remedy }) => [severity, subject, remedy])).toEqual([
      ['blind', 'a "b"', 'GRANT pg_monitor TO "a ""b""";'],
      ['blind', 'a "b"', 'GRANT pg_monitor TO "a ""b""";'],
      ['blind', 'a "b"', 'GRANT pg_monitor TO "a ""b""";'],
      ['blind', 'a "b"', 'ALTER ROLE "a ""b""" CONNECTION LIMIT 4;'],
      ['advice', '', 'ALTER SYSTEM SET track_io_timing = on;\nSELECT pg_reload_conf();'],
      ['blind', 'closed', 'GRANT CONNECT ON DATABASE "closed" TO "a ""b""";'],
      ['blind', 'open', expect.stringContaining('Let the role log in')],
      ['blind', 'postgres', 'CREATE EXTENSION pg_stat_statements;\n-- in the database "postgres"'],
    ]);
    expect(items[0]?.groups).toContain('activity');
  });

  it('finds nothing once all of it is mended, and the preload statement leaves a server that starts', async () => {
    await server.query('CREATE ROLE reeve LOGIN IN ROLE pg_monitor');
    await server.query('ALTER SYSTEM SET track_io_timing = on');
    await using before = openCollector(server.url('postgres', 'reeve'));
    await before.open();
    const items = await before.check();
    const preload = items.find(({ remedy }) => remedy.includes('shared_preload_libraries'))?.remedy ?? '';
    await before.close();

    await server.query(preload);
    await server.restart();
    await server.query('CREATE EXTENSION pg_stat_statements', 'open');
    await server.query('GRANT CONNECT ON DATABASE closed, ignored TO reeve');
    await using after = openCollector(server.url('postgres', 'reeve'));
    await after.open();

    expect(preload).toContain("= 'auto_explain', 'pg_stat_statements';");
    expect(await after.check()).toEqual([]);
  });

  it('says that no index is proven unused until the members are declared complete', async () => {
    await using collector = openCollector(server.superuserUrl, {}, undefined, {
      target: { membersComplete: false },
    });
    await collector.open();

    expect(await collector.check()).toContainEqual(
      expect.objectContaining({
        severity: 'blind',
        remedy: expect.stringContaining('membersComplete: true'),
        metrics: ['unusedIndexes', 'unusedIndexBytes', 'overdueUnusedIndexBytes'],
      }),
    );
  });

  it('advises against a superuser', async () => {
    await using collector = openCollector(server.superuserUrl);
    await collector.open();

    expect((await collector.check()).map(({ message }) => message)).toEqual([
      'The role is a superuser; reading needs far less.',
    ]);
  });
});

describe('preloadStatement', () => {
  it.each([
    ['', "'pg_stat_statements'"],
    ['"$libdir/a", b', "'$libdir/a', 'b', 'pg_stat_statements'"],
  ])('adds to "%s" one name at a time', (current, list) => {
    expect(preloadStatement(current)).toBe(
      `ALTER SYSTEM SET shared_preload_libraries = ${list};\n-- then restart the server`,
    );
  });
});
