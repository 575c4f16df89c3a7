import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { missingFromDebian, startDebianPostgres } from '../../../../tests/support/postgres/debian-server.ts';
import { operationContext, operationsInput } from '../../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../../tests/support/postgres/server.ts';
import { createAccess } from '../access.ts';
import { hypotheticalCost } from './hypothetical.ts';
import { shopSchema } from './testing/ground.ts';
import { prepareTrial } from './trial.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const missing = missingFromDebian('hypopg');
if (missing !== undefined) console.warn(`not tested with HypoPG: ${missing}`);

async function costOn(
  server: PostgresServer,
  text: string,
  column: string,
): Promise<number | false | undefined> {
  const url = server.url('postgres', 'dba');
  const access = createAccess(operationsInput({ url: server.url('postgres', 'reader'), actingUrl: url }));
  const { signal } = operationContext();
  const request = {
    sessionName: 'reeve/test',
    place: undefined,
    database: 'postgres',
    waitForLockMs: 0,
    signal,
  };
  return access.acting(request, async (session) => {
    const trial = await prepareTrial(session, 'tried', { queryId: '1', text }, signal);
    const columns = [{ column, descending: false, nulls: undefined }];
    const place = { schema: 'shop', table: 'visits', index: 'tried_idx', columns };
    return hypotheticalCost(session, place, [trial], signal);
  });
}

describe.skipIf(missing !== undefined)('hypotheticalCost on Debian', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startDebianPostgres();
    await server.query(
      `${shopSchema} CREATE SCHEMA "hy po"; CREATE EXTENSION hypopg SCHEMA "hy po"; GRANT USAGE ON SCHEMA "hy po" TO dba`,
    );
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('is what the statement costs with the index, which is never built', async () => {
    const cost = await costOn(server, 'SELECT id FROM shop.visits WHERE customer_id = $1', 'customer_id');

    expect(cost).toBeGreaterThan(0);
    expect(cost).toBeLessThan(100);
    expect(await server.query(`SELECT indexname FROM pg_indexes WHERE tablename = 'visits'`)).toEqual([
      { indexname: 'visits_pkey' },
    ]);
  });

  it('is false where the planner would not use it', async () => {
    expect(await costOn(server, 'SELECT id FROM shop.visits WHERE note = $1', 'note')).toBe(false);
  });
});

describe('hypotheticalCost', () => {
  it('says nothing where HypoPG is not installed', async () => {
    await using server = await startPostgres({ major: 18 });
    await server.query(shopSchema);

    expect(
      await costOn(server, 'SELECT id FROM shop.visits WHERE customer_id = $1', 'customer_id'),
    ).toBeUndefined();
  });
});
