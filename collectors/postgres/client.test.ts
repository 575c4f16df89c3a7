import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Secret } from '../../src/sdk.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { type Connection, connect, PreparedStatements } from './client.ts';
import { boundSession } from './session-bounds.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let server: PostgresServer;

const opened: Connection[] = [];
const signal = AbortSignal.timeout(60_000);
const anything = z.record(z.string(), z.unknown());

async function open(database = 'postgres'): Promise<Connection> {
  const url = new Secret(server.url('postgres', 'reeve'));
  const connection = await connect({
    statements: new PreparedStatements(),
    url,
    database,
    applicationName: 'reeve/test',
    lockTimeoutMs: 100,
    signal,
  });
  opened.push(connection);
  return connection;
}

beforeAll(async () => {
  server = await startPostgres({
    major: 18,
    settings: { idle_session_timeout: '10s', statement_timeout: '7s' },
  });
  await server.query('CREATE ROLE reeve LOGIN IN ROLE pg_read_all_data');
  await server.query('CREATE TABLE t (id int)');
});

afterAll(async () => {
  await Promise.all(opened.map((connection) => connection.close()));
  await server?.[Symbol.asyncDispose]();
});

describe('connect', () => {
  it('bounds the session on the server, whatever the server defaults to', async () => {
    const connection = await open();
    await boundSession(connection, 1_500, signal);

    const settings = await connection.query(
      `SELECT name, setting FROM pg_settings WHERE name = ANY ($1) ORDER BY name`,
      z.object({ name: z.string(), setting: z.string() }),
      signal,
      [
        [
          'statement_timeout',
          'lock_timeout',
          'idle_session_timeout',
          'default_transaction_read_only',
          'application_name',
        ],
      ],
    );

    expect(settings.map(({ setting }) => setting)).toEqual(['reeve/test', 'on', '0', '100', '1500']);
  });

  it('writes nothing and gives way to locks', async () => {
    const connection = await open();
    const holder = await server.connect();
    await holder.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');

    const locked = connection.query('SELECT * FROM t', anything, signal);
    await expect(locked).rejects.toMatchObject({ code: 'locked' });
    await holder.end();
    await expect(connection.query('CREATE TABLE u ()', anything, signal)).rejects.toThrow(
      /read-only transaction/,
    );
    expect(connection.alive).toBe(true);
  });

  it('reads names of a database in another encoding', async () => {
    await server.query(
      `CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    await server.query('CREATE TABLE "Größe" ()', 'latin');
    const connection = await open('latin');

    const rows = await connection.query(
      `SELECT relname AS name FROM pg_class WHERE relname LIKE 'Gr%'`,
      z.object({ name: z.string() }),
      signal,
    );

    expect(rows).toEqual([{ name: 'Größe' }]);
  });

  it('is of no use any more after its prepared statements were discarded, so that the next poll opens a new one', async () => {
    const connection = await open();
    const one = (): Promise<unknown> => connection.query('SELECT 1 AS one', anything, signal);
    await one();
    await connection.query('DEALLOCATE ALL', anything, signal);

    await expect(one()).rejects.toThrow(/does not exist/);
    expect(connection.alive).toBe(false);
  });

  it('says which value of a row is not what it expected', async () => {
    const connection = await open();

    const wrong = connection.query(`SELECT 'x' AS one`, z.object({ one: z.number() }), signal);

    await expect(wrong).rejects.toMatchObject({ code: 'malformed', message: expect.stringContaining('one') });
  });
});

describe('boundSession', () => {
  const answering = (row: unknown, processId: number): Connection => ({
    database: 'postgres',
    processId,
    alive: true,
    query: (_, shape) => Promise.resolve([shape.parse(row)]),
    close: () => Promise.resolve(),
  });

  it('refuses a pooler that hands out sessions of its own', async () => {
    const pooler = answering({ pid: 7, read_only: 'off', statement_timeout: '0' }, 9);

    await expect(boundSession(pooler, 2_000, signal)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('the URL of the server itself'),
    });
  });

  it('notices that another process answers than login named', async () => {
    const row = { pid: 7, read_only: 'on', statement_timeout: '2000' };

    expect(await boundSession(answering(row, 9), 2_000, signal)).toEqual({ isProxied: true });
    expect(await boundSession(answering(row, 7), 2_000, signal)).toEqual({ isProxied: false });
  });
});
