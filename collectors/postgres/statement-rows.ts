import { z } from 'zod';
import { CollectError } from '../../src/sdk.ts';
import type { StatementSource } from './statement-source.ts';

/** What pg_stat_statements holds of one statement of one role in one database, since it entered. */
export interface StatementRow {
  readonly key: string;
  readonly queryId: string;
  readonly database: string;
  readonly calls: number;
  readonly seconds: number;
  /** Sum of the squares of each call's seconds. */
  readonly squares: number;
  /** When the row began, where the extension says it (1.11). */
  readonly since: string;
}

export interface StatementRows {
  readonly rows: readonly StatementRow[];
  /** Rows in scope, also those beyond the cap. */
  readonly total: number;
  /** Changes when all statements were reset. */
  readonly epoch: string;
  /** Statements pushed out by others since the server started counting; undefined before PostgreSQL 14. */
  readonly evictions: number | undefined;
  readonly maximum: number | undefined;
}

export interface StatementScope {
  readonly databases: readonly string[];
  readonly maxRows: number;
}

const reply = z.object({
  total: z.number(),
  hidden: z.number(),
  lines: z.string().nullable(),
  names: z.record(z.string(), z.string()),
  epoch: z.string().nullable(),
  evictions: z.number().nullable(),
  maximum: z.coerce.number().nullable(),
});

/**
 * All statements in one text: an object a row would cost the agent five times as much. Without query texts, whose file the server would
 * have to read. Statements inside functions are part of the statement that called them.
 */
function rowsSql(source: StatementSource): string {
  const since = source.has('stats_since') ? 'extract(epoch FROM stats_since)' : "''";
  const info = (column: string, type: string): string =>
    source.info === undefined ? `NULL::${type}` : `(SELECT ${column}::${type} FROM ${source.info})`;
  return `
  WITH scope AS MATERIALIZED (SELECT oid, datname FROM pg_database WHERE datname = ANY ($2)),
  statement AS MATERIALIZED (
    SELECT userid, dbid, queryid, calls, total_exec_time, stddev_exec_time, ${since} AS since
      FROM ${source.view}(false)
     WHERE dbid IN (SELECT oid FROM scope) ${source.has('toplevel') ? 'AND toplevel' : ''}),
  capped AS (SELECT * FROM statement WHERE queryid IS NOT NULL ORDER BY calls DESC, queryid LIMIT $1)
  SELECT (SELECT count(*) FROM statement) AS total,
         (SELECT count(*) FROM statement WHERE queryid IS NULL) AS hidden,
         (SELECT string_agg(concat_ws(' ', userid, dbid, queryid, calls, total_exec_time, stddev_exec_time, since), E'\\n') FROM capped) AS lines,
         (SELECT json_object_agg(oid, datname) FROM scope) AS names,
         ${info('stats_reset', 'text')} AS epoch, ${info('dealloc', 'int8')} AS evictions,
         current_setting('pg_stat_statements.max', true) AS maximum`;
}

/** @throws {CollectError} `denied` when statements of other roles are hidden, because part of them is no picture of all. */
export async function readStatementRows(
  source: StatementSource,
  scope: StatementScope,
  signal: AbortSignal,
): Promise<StatementRows> {
  const values = [scope.maxRows, scope.databases];
  const [found] = await source.connection.query(rowsSql(source), reply, signal, values);
  if (found === undefined) throw new CollectError('malformed', 'pg_stat_statements gave no reply');
  if (found.hidden > 0)
    throw new CollectError(
      'denied',
      `${found.hidden} statements of other roles are hidden: GRANT pg_read_all_stats to the agent's role`,
    );
  const lines = found.lines === null ? [] : found.lines.split('\n');
  return {
    rows: lines.map((line) => parseRow(line, found.names)),
    total: found.total,
    epoch: found.epoch ?? '',
    evictions: found.evictions ?? undefined,
    maximum: found.maximum ?? undefined,
  };
}

function parseRow(line: string, names: Readonly<Record<string, string>>): StatementRow {
  const [user = '', database = '', queryId = '', callsText, totalText, deviationText, since = ''] =
    line.split(' ');
  const calls = Number(callsText);
  const seconds = Number(totalText) / 1000;
  const deviation = Number(deviationText) / 1000;
  const mean = calls > 0 ? seconds / calls : 0;
  return {
    key: `${user} ${database} ${queryId}`,
    queryId,
    database: names[database] ?? '',
    calls,
    seconds,
    squares: calls * (deviation * deviation + mean * mean),
    since,
  };
}

const queryIdRow = z.object({ query_id: z.string() });

/** What begins with one of these, after comments and parentheses, is a query; the rest are utility statements. */
export const queryPattern = String.raw`^(\s|\(|/\*.*?\*/|--[^\n]*\n)*(select|insert|update|delete|merge|with|values|table)\M`;

/** How client.ts marks Reeve's own statements. */
export const ownPattern = '%/* reeve */';

/** Query ids of utility statements and of Reeve's own; reads the texts on the server, which costs, so only for ids not yet known. */
export async function readLeftOutQueryIds(
  source: StatementSource,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const sql = `SELECT DISTINCT queryid::text AS query_id FROM ${source.view}(true)
                WHERE queryid IS NOT NULL AND (query !~* $1 OR query LIKE $2)`;
  const rows = await source.connection.query(sql, queryIdRow, signal, [queryPattern, ownPattern]);
  return new Set(rows.map(({ query_id }) => query_id));
}

const keysRow = z.object({ total: z.number(), keys: z.string().nullable() });

/** Keys of the statements with most time, as many as the cap allows. */
export async function readStatementKeys(
  source: StatementSource,
  scope: StatementScope,
  signal: AbortSignal,
): Promise<{ readonly keys: readonly string[]; readonly leftOut: number }> {
  const sql = `
  WITH statement AS MATERIALIZED (
    SELECT userid, dbid, queryid, total_exec_time FROM ${source.view}(false)
     WHERE queryid IS NOT NULL AND dbid IN (SELECT oid FROM pg_database WHERE datname = ANY ($2))
           ${source.has('toplevel') ? 'AND toplevel' : ''})
  SELECT (SELECT count(*) FROM statement) AS total,
         (SELECT string_agg(concat_ws(' ', userid, dbid, queryid), E'\\n')
            FROM (SELECT * FROM statement ORDER BY total_exec_time DESC LIMIT $1) capped) AS keys`;
  const values = [scope.maxRows, scope.databases];
  const [found] = await source.connection.query(sql, keysRow, signal, values);
  const keys = found?.keys?.split('\n') ?? [];
  return { keys, leftOut: (found?.total ?? keys.length) - keys.length };
}
