import { z } from 'zod';
import type { Connection } from './client.ts';
import type { PostgresContext, Session } from './session.ts';

const databaseRow = z.object({ bytes: z.number() });
const walRow = z.object({ bytes: z.number() });

/** From catalogs alone, because the size functions queue behind whoever has locked the relation. */
const biggestSql = `
  (SELECT 'table' AS kind, c.oid::int8 AS oid, n.nspname AS schema, c.relname AS relation, '' AS of_table,
          (c.relpages + coalesce(t.relpages, 0)) * current_setting('block_size')::float8 AS bytes, c.reltuples::float8 AS rows
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
    WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'
    ORDER BY bytes DESC, oid LIMIT $1)
  UNION ALL
  (SELECT 'index', c.oid::int8, n.nspname, c.relname, t.relname,
          c.relpages * current_setting('block_size')::float8 AS bytes, c.reltuples::float8
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = i.indrelid
    WHERE c.relkind = 'i' AND c.oid >= 16384 AND c.relpersistence <> 't' AND n.nspname <> 'pg_toast'
    ORDER BY bytes DESC, oid LIMIT $1)`;

const biggestRow = z.object({
  kind: z.string(),
  schema: z.string(),
  relation: z.string(),
  of_table: z.string(),
  bytes: z.number(),
  rows: z.number(),
});

/** How many of the largest tables, and of the largest indexes, a database keeps for reports. */
const biggest = 20;

/** Exact size of each database and of the write-ahead log, and the largest relations of each database. */
export async function readSizes(session: Session, context: PostgresContext): Promise<void> {
  await context.attempt('pg_wal', async (inner) => {
    const [wal] = await session.main.query(
      'SELECT coalesce(sum(size), 0) AS bytes FROM pg_ls_waldir()',
      walRow,
      inner.signal,
    );
    inner.record('walDirectoryBytes', wal?.bytes, {});
  });
  await session.eachDatabase(context, readDatabase);
}

async function readDatabase(connection: Connection, context: PostgresContext): Promise<void> {
  const { database } = connection;
  const sql = 'SELECT pg_database_size(current_database()) AS bytes';
  const [size] = await connection.query(sql, databaseRow, context.signal);
  context.record('storageBytes', size?.bytes, { database });
  const relations = await connection.query(biggestSql, biggestRow, context.signal, [biggest]);
  context.detail(
    'biggest_relations',
    relations.map(({ kind, schema, relation, of_table, bytes, rows }) => ({
      database,
      kind,
      schema,
      relation,
      table: of_table === '' ? null : of_table,
      bytes,
      rows: rows < 0 ? null : rows,
    })),
  );
}
