import { describe, expect, it, vi } from 'vitest';
import { openCollector, samplesOf, valueOf } from '../../tests/support/postgres/collect.ts';
import { startPostgres } from '../../tests/support/postgres/server.ts';
import { type PostgresGroup, postgresGroups } from './groups.ts';
import { quoteIdentifier } from './quote.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Quotes, a backslash that looks like an escape, a line break, and characters of two and three bytes: 63 bytes in all. */
const filler = `${'索'.repeat(16)}ééé`;
const names = {
  database: `d"'\\n\n\t\\0${filler}`,
  schema: `s"'\\n\n\t\\0${filler}`,
  table: `t"'\\n\n\t\\0${filler}`,
  index: `i"'\\n\n\t\\0${filler}`,
  twin: `j"'\\n\n\t\\0${filler}`,
  role: `r"'\\n\n\t\\0${filler}`,
  slot: `slot_${'x'.repeat(58)}`,
} as const;

const quoted = (name: keyof typeof names): string => quoteIdentifier(names[name]);

describe.each([13, 18] as const)('strange names of 63 bytes on PostgreSQL %i', (major) => {
  it('stay as they are in every group, label, detail and remedy', async () => {
    await using server = await startPostgres({ major, settings: { wal_level: 'logical' } });
    const { database } = names;
    for (const statement of [`CREATE DATABASE ${quoted('database')}`, `CREATE ROLE ${quoted('role')} LOGIN`])
      await server.query(statement);
    const table = `${quoted('schema')}.${quoted('table')}`;
    await server.query(
      `CREATE SCHEMA ${quoted('schema')};
       CREATE EXTENSION pg_stat_statements SCHEMA ${quoted('schema')};
       CREATE TABLE ${table} (id int PRIMARY KEY, parent int REFERENCES ${table});
       CREATE INDEX ${quoted('index')} ON ${table} (parent); CREATE INDEX ${quoted('twin')} ON ${table} (parent);
       INSERT INTO ${table} SELECT g FROM generate_series(1, 1000) g; ANALYZE`,
      database,
    );
    await server.query(`SELECT pg_create_logical_replication_slot('${names.slot}', 'pgoutput')`, database);
    await using collector = openCollector(server.superuserUrl);
    const groups = Object.keys(postgresGroups).filter(isGroup);
    await collector.poll(groups, 0);

    const readings = await collector.poll(groups, 60_000);

    for (const name of Object.values(names)) expect(Buffer.byteLength(name)).toBe(63);
    expect(readings.flatMap(({ errors }) => errors)).toEqual([]);
    const of = (group: PostgresGroup) => {
      const found = readings.find((reading) => reading.group === group);
      if (found === undefined) throw new Error(`no reading of ${group}`);
      return found;
    };
    expect(valueOf(of('relations'), 'reeve_postgres_relations', database, 'index')).toBe(3);
    expect(valueOf(of('indexes'), 'reeve_postgres_duplicate_indexes', database)).toBe(1);
    expect(valueOf(of('slots'), 'reeve_postgres_slot_active', names.slot)).toBe(0);
    expect(samplesOf(of('statements'), 'reeve_postgres_statement_calls_total')).toHaveLength(2);
    const { schema, table: tableName } = names;
    expect(of('indexes').details['overlapping_indexes']).toMatchObject([
      { database, schema, table: tableName, index: names.twin, coveredBy: names.index },
    ]);
    expect(of('sizes').details['biggest_relations']).toContainEqual(
      expect.objectContaining({ database, schema, relation: tableName }),
    );
    const remedy = of('settings').findings.find(({ subject }) => subject === names.role)?.remedy;
    await server.query(remedy ?? 'there is no remedy');
  });

  it('can be connected to by the URL', async () => {
    await using server = await startPostgres({ major });
    for (const statement of [`CREATE DATABASE ${quoted('database')}`, `CREATE ROLE ${quoted('role')} LOGIN`])
      await server.query(statement);
    const [database, role] = [names.database, names.role].map(encodeURIComponent);
    await using collector = openCollector(server.url(database ?? '', role));

    const reading = await collector.read('transactions');

    expect(valueOf(reading, 'reeve_postgres_commits_total', names.database)).toBeTypeOf('number');
  });
});

function isGroup(name: string): name is PostgresGroup {
  return Object.hasOwn(postgresGroups, name);
}
