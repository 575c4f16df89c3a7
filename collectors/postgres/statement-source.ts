import { z } from 'zod';
import { CollectError, toCollectError } from '../../src/sdk.ts';
import type { Connection } from './client.ts';
import { quoteIdentifier } from './quote.ts';
import type { Session } from './session.ts';

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
 * Finds the extension in the first database that has it, the main one first; the others are not asked. A database that cannot be read
 * matters only when no other has it.
 *
 * @throws {CollectError} `unsupported` when no database in scope has it; the error of the first that could not be read when one of those
 * might.
 */
export async function findStatements(session: Session, signal: AbortSignal): Promise<StatementSource> {
  const unread: { readonly name: string; readonly error: CollectError }[] = [];
  for (const name of session.databases) {
    try {
      const found = await probe(await session.connectionTo(name, signal), signal);
      if (found !== undefined) return found;
    } catch (thrown) {
      signal.throwIfAborted();
      unread.push({ name, error: toCollectError(thrown) });
    }
  }
  throw notFound(session.databases, unread);
}

function notFound(
  databases: readonly string[],
  unread: readonly { readonly name: string; readonly error: CollectError }[],
): CollectError {
  const [first] = unread;
  const asked = databases.filter((name) => !unread.some((each) => each.name === name));
  const missing = `pg_stat_statements is not installed in ${asked.map((name) => JSON.stringify(name)).join(', ')}`;
  if (first === undefined) {
    const advice =
      'add it to shared_preload_libraries, restart the server, and run CREATE EXTENSION pg_stat_statements in one of them';
    return new CollectError('unsupported', `${missing}: ${advice}`);
  }
  const others = unread.length === 1 ? '' : ` (and ${unread.length - 1} more)`;
  const reason = `database ${JSON.stringify(first.name)}${others}, which may have it, cannot be read: ${first.error.message}`;
  return new CollectError(first.error.code, asked.length === 0 ? reason : `${missing}; ${reason}`, {
    cause: first.error,
  });
}

async function probe(connection: Connection, signal: AbortSignal): Promise<StatementSource | undefined> {
  const [found] = await connection.query(sql, row, signal);
  if (found === undefined) return undefined;
  const columns = new Set(found.columns);
  const schema = quoteIdentifier(found.schema);
  return {
    connection,
    view: `${schema}.pg_stat_statements`,
    info: columns.has('pg_stat_statements_info.dealloc') ? `${schema}.pg_stat_statements_info` : undefined,
    has: (column) => columns.has(`pg_stat_statements.${column}`),
  };
}
