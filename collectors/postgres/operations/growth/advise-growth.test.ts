import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { operationContext, operationsInput } from '../../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../../tests/support/postgres/server.ts';
import { createPostgresOperations } from '../operations.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ major: 18, settings: { autovacuum: 'off' } });
  await server.query(`
    CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader;
    CREATE TABLE orders (id int PRIMARY KEY, note text);
    INSERT INTO orders SELECT g, repeat('n', 50) FROM generate_series(1, 20000) g; ANALYZE orders`);
});
afterAll(() => server[Symbol.asyncDispose]());

async function advised(): Promise<readonly { readonly title: string; readonly body: object }[]> {
  const operations = createPostgresOperations(operationsInput({ url: server.url('postgres', 'reader') }));
  return (await operations.advise?.('storage_growth', operationContext())) ?? [];
}

describe('advice on growth', () => {
  it('says what takes the space, and does not guess how fast it grows before it knows', async () => {
    const [first, ...rest] = await advised();

    expect(first?.title).toMatch(
      /^postgres takes [\d.]+ MiB: tables [\d.]+ MiB, indexes [\d.]+ KiB; the largest table is public.orders; how fast is not known yet/,
    );
    expect(first?.body).toMatchObject({
      tables: [{ name: 'public.orders', rows: 20_000, bytesPerDay: null }],
    });
    expect(rest).toEqual([]);
  });

  it('is about growth only', async () => {
    const operations = createPostgresOperations(operationsInput({ url: server.url('postgres', 'reader') }));

    expect(await operations.advise?.('index_management', operationContext())).toEqual([]);
  });

  it('names the slot that keeps WAL, with its statement, and drops nothing', async () => {
    await server.query(`SELECT pg_create_physical_replication_slot('left_over', true)`);
    // WAL moves on without being written: one segment a switch.
    await server.query(`DO $$ BEGIN FOR nth IN 1..17 LOOP
      PERFORM pg_logical_emit_message(false, 'x', 'y'); PERFORM pg_switch_wal(); END LOOP; END $$`);

    const slots = (await advised()).filter(({ title }) => title.startsWith('slot'));

    expect(slots.map(({ title }) => title)).toEqual([
      expect.stringMatching(
        /^slot left_over keeps 2\d\d MiB of WAL: nobody reads it: .*SELECT pg_drop_replication_slot\('left_over'\)/,
      ),
    ]);
    expect(await server.query('SELECT count(*)::int AS slots FROM pg_replication_slots')).toEqual([
      { slots: 1 },
    ]);
  });
});
