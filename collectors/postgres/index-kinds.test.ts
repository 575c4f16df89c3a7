import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DetailRow, GroupReading } from '../../src/sdk.ts';
import { openCollector, valueOf } from '../../tests/support/postgres/collect.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Quotes, a line break and three-byte characters: 63 bytes, the most a name can have. */
const strange = `a"b'c\n${'索'.repeat(19)}`;

const schema = `
  CREATE TABLE customer (id int PRIMARY KEY, mail text UNIQUE, region int, EXCLUDE USING btree (region WITH =));
  CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customer, alias int REFERENCES customer,
                       other int REFERENCES customer, a int, b int, c text);
  CREATE INDEX fk_only ON orders (customer);
  CREATE INDEX fk_partial ON orders (alias) WHERE alias IS NOT NULL;
  CREATE INDEX plain ON orders (a);
  CREATE INDEX twin ON orders (a);
  CREATE INDEX longer ON orders (a, b) INCLUDE (c);
  CREATE INDEX descending ON orders (a DESC);
  CREATE INDEX hashed ON orders USING hash (a);
  CREATE INDEX collated ON orders (c COLLATE "C");
  CREATE INDEX collated_longer ON orders (c, b);
  CREATE INDEX expression_one ON orders (lower(c));
  CREATE INDEX expression_two ON orders   (  lower(c)  );
  CREATE INDEX partial_one ON orders (b) WHERE a > 5;
  CREATE INDEX partial_two ON orders (b, a) WHERE a > 6;
  CREATE TABLE logged (id int NOT NULL, x int); CREATE UNIQUE INDEX identity ON logged (id);
  ALTER TABLE logged REPLICA IDENTITY USING INDEX identity;
  CREATE INDEX clustered ON logged (x); ALTER TABLE logged CLUSTER ON clustered;
  CREATE UNLOGGED TABLE fast (id int); CREATE INDEX unlogged ON fast (id);
  CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (9);
  CREATE INDEX parts_id ON parts (id);
  CREATE TABLE owned (id int); CREATE INDEX owned_id ON owned (id); ALTER EXTENSION pg_stat_statements ADD TABLE owned;
  CREATE TABLE twice (id int); INSERT INTO twice VALUES (1), (1);
  CREATE INDEX "${strange.replaceAll('"', '""')}" ON twice (id)`;

function rowOf(reading: GroupReading, kind: string, key: string, name: string): DetailRow | undefined {
  return reading.details[kind]?.find((row) => row[key] === name);
}

describe.each([13, 18] as const)('indexes of every kind on PostgreSQL %i', (major) => {
  let server: PostgresServer;
  let reading: GroupReading;

  beforeAll(async () => {
    server = await startPostgres({ major });
    await server.query(`CREATE EXTENSION pg_stat_statements; ${schema}`);
    await server.query('CREATE UNIQUE INDEX CONCURRENTLY invalid ON twice (id)').catch(() => undefined);
    await using collector = openCollector(server.superuserUrl, {}, undefined, {
      target: { unusedAfterMs: 1000 },
    });
    await collector.read('indexes', Date.now());
    reading = await collector.read('indexes', Date.now() + 2_000);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it.each([
    ['customer_pkey', 'kept', ['primary', 'unique', 'constraint_backing']],
    ['customer_mail_key', 'kept', ['unique', 'constraint_backing']],
    ['customer_region_excl', 'kept', ['exclusion', 'constraint_backing']],
    ['fk_only', 'kept', ['only_index_for_foreign_key']],
    ['fk_partial', 'kept', ['only_index_for_foreign_key']],
    ['plain', 'unused', []],
    ['partial_one', 'unused', []],
    ['expression_one', 'kept', ['expression_index']],
    ['identity', 'kept', ['unique', 'replica_identity']],
    ['clustered', 'kept', ['clustered']],
    ['unlogged', 'kept', ['unlogged']],
    ['part_1_id_idx', 'kept', ['partition_member']],
    ['owned_id', 'kept', ['extension_owned']],
    [strange, 'unused', []],
  ])('judges %j as %s', (name, verdict, reasons) => {
    expect(rowOf(reading, 'indexes', 'index', name)).toMatchObject({ verdict, reasons });
  });

  it('never calls an invalid index unused, and counts it as invalid', async () => {
    await using collector = openCollector(server.superuserUrl);
    const relations = await collector.read('relations');

    expect(rowOf(reading, 'indexes', 'index', 'invalid')).toMatchObject({ verdict: 'kept' });
    expect(rowOf(reading, 'indexes', 'index', 'invalid')?.['reasons']).toContain('invalid');
    expect(valueOf(relations, 'reeve_postgres_invalid_indexes', 'postgres')).toBe(1);
  });

  it('finds exact duplicates and leading columns, and nothing that sorts, collates, filters or stores differently', () => {
    const overlaps = reading.details['overlapping_indexes']?.map((row) => [
      row['kind'],
      row['index'],
      row['coveredBy'],
    ]);

    expect(overlaps?.toSorted()).toEqual([
      ['duplicate', 'expression_two', 'expression_one'],
      ['duplicate', 'twin', 'plain'],
      ['redundant', 'plain', 'longer'],
    ]);
    expect(valueOf(reading, 'reeve_postgres_duplicate_indexes', 'postgres')).toBe(2);
    expect(valueOf(reading, 'reeve_postgres_redundant_indexes', 'postgres')).toBe(1);
  });

  it('finds foreign keys without an index', () => {
    expect(reading.details['foreign_keys_without_index']).toMatchObject([
      { table: 'orders', foreignKey: 'orders_other_fkey', columns: ['other'] },
    ]);
    expect(valueOf(reading, 'reeve_postgres_foreign_keys_without_index', 'postgres')).toBe(1);
  });

  it('reads the largest indexes and says how many it left out', async () => {
    await using collector = openCollector(server.superuserUrl, { maxRows: 5 });

    const capped = await collector.read('indexes');

    expect(capped.truncatedRows).toBeGreaterThan(10);
    expect(valueOf(capped, 'reeve_postgres_foreign_keys_without_index', 'postgres')).toBeUndefined();
  });
});
