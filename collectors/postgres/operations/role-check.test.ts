import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { operationsInput } from '../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../tests/support/postgres/server.ts';
import { createPostgresOperations } from './operations.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ major: 14 });
  await server.query(`
    CREATE ROLE owner; CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader;
    CREATE ROLE nosy LOGIN; GRANT owner, pg_write_all_data TO nosy;
    CREATE ROLE scribe LOGIN;
    CREATE ROLE acts LOGIN; GRANT owner TO acts;
    CREATE ROLE weak LOGIN CREATEDB;
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders (id int PRIMARY KEY); ALTER TABLE shop.orders OWNER TO owner;
    GRANT USAGE, CREATE ON SCHEMA shop TO acts; GRANT USAGE ON SCHEMA shop TO scribe; GRANT UPDATE ON shop.orders TO scribe`);
});
afterAll(() => server[Symbol.asyncDispose]());

/** What is said of a collecting and an acting login, with the remedies. */
async function itemsFor(collecting: string, acting?: string): Promise<readonly string[]> {
  const operations = createPostgresOperations(
    operationsInput({
      url: server.url('postgres', collecting),
      ...(acting === undefined ? {} : { actingUrl: server.url('postgres', acting) }),
    }),
  );
  const items = await operations.check(AbortSignal.timeout(20_000));
  return items.map(
    ({ severity, subject, message, remedy }) => `${severity} ${subject}: ${message} ${remedy}`,
  );
}

describe('the check of both logins', () => {
  it('has nothing to say when one reads and the other owns what it changes', async () => {
    expect(await itemsFor('reader', 'acts')).toEqual([]);
    expect(await itemsFor('reader')).toEqual([]);
  });

  it('says what lets the collecting login act, and takes it away', async () => {
    const nosy = await itemsFor('nosy', 'acts');
    const scribe = await itemsFor('scribe');
    const superuser = await itemsFor('postgres');

    expect(nosy.join('\n')).toContain('REVOKE pg_write_all_data FROM "nosy";');
    expect(nosy.join('\n')).toContain('REVOKE "owner" FROM "nosy";');
    expect(scribe.join('\n')).toContain(
      'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON shop.orders FROM "scribe", PUBLIC;',
    );
    expect(superuser.join('\n')).toContain('NOSUPERUSER');
  });

  it('says what the login that acts lacks, and what it has too much', async () => {
    const weak = (await itemsFor('reader', 'weak')).join('\n');

    expect(weak).toContain('GRANT "owner" TO "weak";');
    expect(weak).toContain('GRANT USAGE, CREATE ON SCHEMA "shop" TO "weak";');
    expect(weak).toContain('ALTER ROLE "weak" NOCREATEDB;');
  });

  it('says that both are one, and that the one that acts is a superuser or cannot log in', async () => {
    expect((await itemsFor('acts', 'acts')).join()).toContain('a role of its own');
    expect((await itemsFor('reader', 'postgres')).join()).toContain('superuser');
    expect((await itemsFor('reader', 'nobody_there')).join()).toContain('CREATE ROLE reeve_remediation');
  });

  it('can really do with its remedies what it must', async () => {
    for (const statement of [
      `GRANT owner TO weak`,
      `GRANT USAGE, CREATE ON SCHEMA shop TO weak`,
      `ALTER ROLE weak NOCREATEDB`,
    ])
      await server.query(statement);

    expect(await itemsFor('reader', 'weak')).toEqual([]);
  });
});
