import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CheckedStatement, QueryCheckRequest } from '../../../../src/sdk.ts';
import { operationContext, operationsInput } from '../../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../../tests/support/postgres/server.ts';
import { createAccess } from '../access.ts';
import { checkQueries } from './check-queries.ts';
import { shopSchema } from './testing/ground.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.each([13, 16, 18] as const)('checkQueries on PostgreSQL %i', (major) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major });
    await server.query(shopSchema);
    await server.query(
      'CREATE TABLE shop.few (id int PRIMARY KEY, state text); ALTER TABLE shop.few OWNER TO dba',
    );
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function check(
    text: string,
    change: Partial<QueryCheckRequest> = {},
  ): Promise<readonly CheckedStatement[]> {
    const url = server.url('postgres', 'reader');
    const access = createAccess(
      operationsInput({ id: 'dev', url, actingUrl: server.url('postgres', 'dba') }),
    );
    const request = { file: 'q.sql', text, mostSequentialRows: 10_000, parameters: [], ...change };
    return (await checkQueries(access, request, operationContext())).statements;
  }

  const faultsOf = (statements: readonly CheckedStatement[]) =>
    statements.map(({ faults }) => faults.map(({ id }) => id));

  it('passes what an index serves, with its plan and time', async () => {
    const [statement] = await check('\n\nSELECT id FROM shop.visits WHERE id = 5;');

    expect(statement).toMatchObject({ line: 3, verdict: 'passed', faults: [], suggestions: [] });
    expect(statement?.text).toBe('SELECT id FROM shop.visits WHERE id = $1');
    expect(statement?.explain).toContain('using visits_pkey');
    expect(statement?.milliseconds).toBeGreaterThan(0);
  });

  it('fails a sequential scan above the limit, names the missing index, and leaves none behind', async () => {
    const [statement] = await check('SELECT id, note FROM shop.visits WHERE customer_id = 5');

    expect(statement?.verdict).toBe('failed');
    expect(faultsOf(statement === undefined ? [] : [statement])).toEqual([
      ['sequential_scan', 'missing_index'],
    ]);
    expect(statement?.suggestions).toEqual([
      expect.stringMatching(
        /^CREATE INDEX CONCURRENTLY "visits_customer_id_\w+_idx" ON "shop"."visits" \("customer_id"\)$/,
      ),
    ]);
    expect(await server.query(`SELECT 1 FROM pg_indexes WHERE tablename = 'visits'`)).toHaveLength(1);
  });

  it('lets a sequential scan pass within the limit and where no index would help', async () => {
    expect(faultsOf(await check('SELECT id FROM shop.few WHERE state = $$x$$'))).toEqual([[]]);
    expect(
      faultsOf(await check('SELECT count(note) FROM shop.visits', { mostSequentialRows: 50_000 })),
    ).toEqual([[]]);
  });

  it('judges by the text alone what must not run at all', async () => {
    const statements = await check(
      `SELECT * FROM shop.visits; DELETE FROM shop.visits; DO $$ BEGIN DELETE FROM shop.visits; END $$;
       EXPLAIN ANALYZE DELETE FROM shop.visits; WITH gone AS (DELETE FROM shop.visits RETURNING id) SELECT id FROM gone;
       CREATE INDEX x ON shop.visits (note);`,
    );

    expect(statements.map(({ verdict }) => verdict)).toEqual(Array.from({ length: 6 }, () => 'failed'));
    expect(faultsOf(statements).map(([first]) => first)).toEqual([
      'select_star',
      'delete_without_where',
      'do_block',
      'delete_without_where',
      'delete_without_where',
      'not_concurrently',
    ]);
    expect(await server.query('SELECT count(*)::int AS rows FROM shop.visits')).toEqual([{ rows: 40_000 }]);
  });

  it('plans what writes and never runs it', async () => {
    const statements = await check(
      `UPDATE shop.visits SET note = 'gone' WHERE id = 1; DELETE FROM shop.visits WHERE id = 2; INSERT INTO shop.few VALUES (1);
       WITH gone AS (DELETE FROM shop.visits WHERE id = 3 RETURNING id) SELECT id FROM gone; SELECT id FROM shop.visits WHERE id = 4 FOR UPDATE`,
    );

    expect(statements.map(({ verdict, milliseconds }) => [verdict, milliseconds])).toEqual(
      Array.from({ length: 5 }, () => ['passed', null]),
    );
    expect(await server.query(`SELECT count(*)::int AS rows FROM shop.visits WHERE note <> 'gone'`)).toEqual([
      { rows: 40_000 },
    ]);
  });

  it('refuses a function that writes inside of what seems to read', async () => {
    await server.query(
      `CREATE OR REPLACE FUNCTION shop.wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM shop.visits WHERE id = 9 RETURNING 1';
       ALTER FUNCTION shop.wipe() OWNER TO dba`,
    );

    const [statement] = await check('SELECT shop.wipe() AS wiped');

    expect(statement).toMatchObject({ verdict: 'failed', faults: [{ id: 'refused_by_server' }] });
    expect(statement?.faults[0]?.text).toContain('read-only transaction');
    expect(await server.query('SELECT 1 FROM shop.visits WHERE id = 9')).toHaveLength(1);
  });

  it('runs placeholders with the values given, and plans them for any value otherwise', async () => {
    const text = 'SELECT id FROM shop.visits WHERE id = $1 AND state = $2';

    const [run] = await check(text, { parameters: ['7', `o'pen`] });
    const [planned] = await check(text);

    expect(run).toMatchObject({ verdict: 'passed', milliseconds: expect.any(Number) });
    expect(planned).toMatchObject({ verdict: 'passed', milliseconds: null });
  });

  it('says what the server does not take, and goes on with the next statement', async () => {
    const statements = await check('SELECT nope FROM shop.visits; SELECT id FROM shop.visits WHERE id = 1');

    expect(statements).toMatchObject([
      { verdict: 'failed', faults: [{ id: 'refused_by_server' }] },
      { verdict: 'passed' },
    ]);
  });

  it('leaves alone an index that has the name of the one it would try', async () => {
    const text = 'SELECT id, note FROM shop.visits WHERE customer_id = 5';
    const name = (await check(text))[0]?.suggestions[0]?.match(/CONCURRENTLY "(\w+)"/)?.[1] ?? '';
    await server.query(`CREATE INDEX ${name} ON shop.few (state)`);

    await check(text);

    expect(await server.query(`SELECT 1 FROM pg_indexes WHERE indexname = '${name}'`)).toHaveLength(1);
    await server.query(`DROP INDEX shop.${name}`);
  });

  it('plans in a transaction that may only read, because planning calls functions', async () => {
    await server.query(
      `CREATE SEQUENCE shop.seen; ALTER SEQUENCE shop.seen OWNER TO dba;
       CREATE FUNCTION shop.sly() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN nextval('shop.seen'); END$$`,
    );

    await check('UPDATE shop.few SET state = $$x$$ WHERE id = shop.sly()');

    expect(await server.query('SELECT is_called AS called FROM shop.seen')).toEqual([{ called: false }]);
    await server.query('DROP FUNCTION shop.sly(); DROP SEQUENCE shop.seen');
  });

  it('names the line of a text that cannot be read', async () => {
    expect(await check('SELECT 1;\nSELEC 2;')).toMatchObject([
      { line: 2, verdict: 'failed', faults: [{ id: 'unreadable' }] },
    ]);
  });

  it('keeps no value of the file in its answer', async () => {
    const answer = await check(
      `SELECT id FROM shop.visits WHERE note = 'canary-9' /* canary-9 */; SELECT * FROM shop.visits WHERE note = 'canary-9'; SELECT note::int FROM shop.visits WHERE id = 1`,
    );

    expect(JSON.stringify(answer)).not.toContain('canary-9');
    // Nor a value of a row, which the server quotes in its message.
    expect(JSON.stringify(answer)).not.toContain('xxx');
    expect(JSON.stringify(answer)).toContain('SQLSTATE 22P02');
  });
});

describe('checkQueries', () => {
  it('cancels a statement that does not end', { timeout: 90_000 }, async () => {
    await using server = await startPostgres({ major: 16 });
    const access = createAccess(
      operationsInput({ url: server.superuserUrl, actingUrl: server.superuserUrl }),
    );
    const request = {
      file: 'q.sql',
      text: 'SELECT pg_sleep(60) AS slept',
      mostSequentialRows: 1,
      parameters: [],
    };

    const { statements } = await checkQueries(access, request, operationContext(AbortSignal.timeout(80_000)));

    expect(statements).toMatchObject([{ verdict: 'failed', faults: [{ id: 'timeout' }] }]);
  });
});
