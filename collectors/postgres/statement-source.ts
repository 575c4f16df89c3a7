import { z } from 'zod';
import { CollectError } from '../../src/sdk.ts';
import type { Connection } from './client.ts';
import type { PostgresContext, Session } from './session.ts';

/** Where pg_stat_statements is: one database of the server is enough, its view shows them all. */
export interface StatementSource {
  readonly connection: Connection;
  /** Schema-qualified and quoted; the function takes whether to read texts. */
  readonly view: string;
  readonly info: string | undefined;
  readonly has: (column: string) => boolean;
}

const row = z.object({ schema: z.string(), columns: z.array(z.string()) });

/** An old extension on a new server has the old columns, so the view itself is asked. */
const sql = `
  SELECT n.nspname AS schema,
         ARRAY(SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE c.relnamespace = n.oid AND c.relname IN ('pg_stat_statements', 'pg_stat_statements_info') AND a.attnum > 0) AS columns
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
   WHERE e.extname = 'pg_stat_statements'`;

/**
 * Finds the extension, in the main database first.
 *
 * @throws {CollectError} `unsupported` when no database in scope has it.
 */
export async function findStatements(session: Session, context: PostgresContext): Promise<StatementSource> {
  const found = (await probe(session.main, context.signal)) ?? (await probeOthers(session, context));
  if (found !== undefined) return found;
  throw new CollectError(
    'unsupported',
    `pg_stat_statements is not installed in ${session.databases.map((name) => JSON.stringify(name)).join(', ')}: ` +
      'add it to shared_preload_libraries, restart the server, and run CREATE EXTENSION pg_stat_statements in one of them',
  );
}

async function probe(connection: Connection, signal: AbortSignal): Promise<StatementSource | undefined> {
  const [found] = await connection.query(sql, row, signal);
  if (found === undefined) return undefined;
  const columns = new Set(found.columns);
  const schema = `"${found.schema.replaceAll('"', '""')}"`;
  return {
    connection,
    view: `${schema}.pg_stat_statements`,
    info: columns.has('pg_stat_statements_info.dealloc') ? `${schema}.pg_stat_statements_info` : undefined,
    has: (column) => columns.has(`pg_stat_statements.${column}`),
  };
}

/** A database that cannot be reached only matters if the extension is nowhere else. */
async function probeOthers(session: Session, context: PostgresContext): Promise<StatementSource | undefined> {
  let found: StatementSource | undefined;
  await session.eachDatabase(context, async (connection, inner) => {
    found ??= await probe(connection, inner.signal);
  });
  return found;
}
