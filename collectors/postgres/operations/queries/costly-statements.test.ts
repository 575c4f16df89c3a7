import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DetailRow, Snapshot } from '../../../../src/sdk.ts';
import { operationContext, operationsInput } from '../../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../../tests/support/postgres/server.ts';
import { readCostlyStatements, type StatementCosts } from './costly-statements.ts';
import { withReadingSession } from './reading-session.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('readCostlyStatements', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ major: 18 });
    await server.query('CREATE EXTENSION pg_stat_statements; CREATE TABLE t (id int)');
    await server.query('CREATE DATABASE other');
  });
  beforeEach(() => server.query('SELECT pg_stat_statements_reset()'));
  afterAll(() => server[Symbol.asyncDispose]());

  function read(statements?: readonly DetailRow[]): Promise<StatementCosts> {
    const input = operationsInput({ url: server.superuserUrl });
    const { signal } = operationContext();
    const snapshot = statements === undefined ? undefined : snapshotWith(input.target, statements);
    return withReadingSession(input, signal, (session) =>
      readCostlyStatements(session, snapshot, session.databases, signal),
    );
  }

  it('names those with most of the time of their own database, without utility statements', async () => {
    await server.query(`SELECT pg_sleep(0.3), 'secret' AS word`);
    await server.query('SELECT pg_sleep(0.05) AS short', 'other');
    await server.query('SELECT 1 AS quick');
    await server.query('VACUUM FULL pg_class');
    await server.query('DO $$ BEGIN PERFORM pg_sleep(0.4); END $$');

    const { window, statements } = await read();

    expect(window).toBe('lifetime');
    expect(statements).toMatchObject([
      { database: 'postgres', text: 'SELECT pg_sleep($1), $2 AS word', calls: 1, rowsPerCall: 1 },
      { database: 'other', text: 'SELECT pg_sleep($1) AS short', calls: 1 },
    ]);
    expect(statements[1]?.share).toBeCloseTo(1, 1);
  });

  it('judges by what was added since the latest reading, when that is enough', async () => {
    await server.query('SELECT pg_sleep(1.2) AS recent');
    const [recent] = (await read()).statements;
    await server.query('SELECT pg_sleep(0.9), 1 AS old');
    const [, old] = (await read()).statements;

    const before = (statement: typeof recent, share: number): DetailRow => ({
      database: 'postgres',
      queryId: statement?.queryId ?? '',
      calls: 0,
      totalSeconds: (statement?.seconds ?? 0) * share,
    });
    const costs = await read([before(recent, 0), { ...before(old, 1), calls: 1 }]);
    const little = await read([
      { ...before(recent, 1), calls: 1 },
      { ...before(old, 1), calls: 1 },
    ]);

    expect(costs).toMatchObject({
      window: 'recent',
      statements: [{ text: 'SELECT pg_sleep($1) AS recent' }],
    });
    expect(costs.statements).toHaveLength(1);
    expect(little).toMatchObject({ window: 'lifetime', statements: [{}, {}] });
  });
});

function snapshotWith(target: Snapshot['target'], statements: readonly DetailRow[]): Snapshot {
  const reading = {
    group: 'top_statements',
    state: 'ok',
    at: 0,
    durationMs: 0,
    errors: [],
    samples: [],
    findings: [],
    details: { statements },
    truncatedRows: 0,
  } as const;
  return { target, server: {}, up: true, failure: undefined, at: 0, readings: [reading], samples: [] };
}
