import { z } from 'zod';
import type { CollectorInput, DetailRow, Finding } from '../../src/sdk.ts';
import type { PostgresOptions } from './config.ts';
import type { PostgresContext, PostgresReader, Session } from './session.ts';
import { ownPattern, queryPattern, readStatementKeys } from './statement-rows.ts';
import { findStatements, type StatementSource } from './statement-source.ts';

export type TopStatementsInput = Pick<CollectorInput<PostgresOptions>, 'target' | 'history'>;

const row = z.object({
  key: z.string(),
  database: z.string(),
  role: z.string().nullable(),
  query_id: z.string(),
  calls: z.number(),
  total_seconds: z.number(),
  mean_seconds: z.number(),
  max_seconds: z.number(),
  rows: z.number(),
  text: z.string(),
  /** Of all statements that match, also those beyond the limit. */
  matching: z.number(),
});

type TopStatement = z.infer<typeof row>;

/** Texts are PostgreSQL's normalised ones: constants are `$1`. */
function topSql(source: StatementSource, where: string): string {
  return `
  SELECT concat_ws(' ', s.userid, s.dbid, s.queryid) AS key, d.datname AS database, r.rolname AS role, s.queryid::text AS query_id,
         s.calls, s.total_exec_time / 1000 AS total_seconds, s.mean_exec_time / 1000 AS mean_seconds,
         s.max_exec_time / 1000 AS max_seconds, s.rows, left(s.query, 1000) AS text, count(*) OVER () AS matching
    FROM ${source.view}(true) s JOIN pg_database d ON d.oid = s.dbid LEFT JOIN pg_roles r ON r.oid = s.userid
   WHERE d.datname = ANY ($2) AND s.queryid IS NOT NULL ${source.has('toplevel') ? 'AND s.toplevel' : ''}
     AND s.query ~* $3 AND s.query NOT LIKE $4 ${where}
   ORDER BY s.total_exec_time DESC LIMIT $1`;
}

const newForMs = 24 * 60 * 60_000;
/** A new statement is worth a finding once it took this much in all. */
const worthSeconds = 10;
const mostFindings = 10;

/** The statements that took most time since they entered, and those that appeared within the last day; texts only for these. */
export function createTopStatementsReader(input: TopStatementsInput): PostgresReader {
  return async (session, context) => {
    const source = await findStatements(session, context.signal);
    const { topStatements } = session.options;
    const values = [topStatements, session.databases, queryPattern, ownPattern];
    const top = await source.connection.query(topSql(source, ''), row, context.signal, values);
    context.detail(
      'statements',
      top.map((statement) => detailOf(statement, undefined)),
    );
    await findNew(input, session, source, context);
  };
}

async function findNew(
  input: TopStatementsInput,
  session: Session,
  source: StatementSource,
  context: PostgresContext,
): Promise<void> {
  const { databases, options, server } = session;
  const keys = await readStatementKeys(source, { databases, maxRows: options.maxRows }, context.signal);
  // A statement beyond the cap would look new as soon as it rises above it.
  if (keys.leftOut > 0) return context.truncate(keys.leftOut);
  // Query ids change with the major version.
  const scope = `statements:${input.target.id}:${Math.floor(server.versionNumber / 10_000)}`;
  const { baseline, times } = await input.history.firstSeen(scope, keys.keys, context.now);
  const isNew = (at: number): boolean => at > baseline && context.now - at < newForMs;
  const fresh = [...times].filter(([, at]) => isNew(at)).map(([key]) => key);
  const where = `AND concat_ws(' ', s.userid, s.dbid, s.queryid) = ANY ($5)`;
  const values = [options.topStatements, databases, queryPattern, ownPattern, fresh];
  const found =
    fresh.length === 0
      ? []
      : await source.connection.query(topSql(source, where), row, context.signal, values);
  context.record('newStatements', found[0]?.matching ?? 0, {});
  context.detail(
    'new_statements',
    found.map((statement) => detailOf(statement, times.get(statement.key))),
  );
  for (const statement of found.filter((each) => each.total_seconds >= worthSeconds).slice(0, mostFindings)) {
    context.find(newStatement(statement));
  }
}

function newStatement({ database, query_id, total_seconds, calls }: TopStatement): Finding {
  return {
    code: 'new_statement',
    severity: 'info',
    subject: `${database}: ${query_id}`,
    message: `a statement that appeared within the last day took ${total_seconds.toFixed(1)} s in ${calls} calls`,
    remedy: 'Look at its text and plan in the details of this target (new_statements).',
  };
}

function detailOf(statement: TopStatement, firstSeenAt: number | undefined): DetailRow {
  const { database, role, query_id, calls, total_seconds, mean_seconds, max_seconds, rows, text } = statement;
  return {
    database,
    role,
    queryId: query_id,
    calls,
    totalSeconds: total_seconds,
    meanSeconds: mean_seconds,
    maxSeconds: max_seconds,
    rows,
    text,
    firstSeenAt: firstSeenAt ?? null,
  };
}
