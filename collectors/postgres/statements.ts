import { alterAndRestart } from './alter-system.ts';
import type { PostgresContext, PostgresReader } from './session.ts';
import {
  readLeftOutQueryIds,
  readStatementRows,
  type StatementRow,
  type StatementRows,
} from './statement-rows.ts';
import { findStatements, type StatementSource } from './statement-source.ts';
import { type LatencyWindows, StatementWindow } from './statement-window.ts';

interface Known {
  readonly window: StatementWindow;
  /** Query id to whether it counts: neither utility nor Reeve's own. */
  counts: ReadonlyMap<string, boolean>;
  lastEvictions: number | undefined;
  evictions: number;
}

/** Latency and number of statements by database, from the growth of pg_stat_statements between readings. */
export function createStatementsReader(windows: LatencyWindows): PostgresReader {
  const known: Known = {
    window: new StatementWindow(windows),
    counts: new Map(),
    lastEvictions: undefined,
    evictions: 0,
  };
  return async (session, context) => {
    const source = await findStatements(session, context.signal);
    const scope = { databases: session.databases, maxRows: session.options.maxRows };
    const statements = await readStatementRows(source, scope, context.signal);
    context.truncate(statements.total - statements.rows.length);
    await follow(known, source, statements, context);
    recordEvictions(known, statements, context);
    context.record('statementsTracked', statements.total, {});
    context.record('statementsMaximum', statements.maximum, {});
    for (const database of session.databases) recordDatabase(known, database, context);
  };
}

async function follow(
  known: Known,
  source: StatementSource,
  statements: StatementRows,
  context: PostgresContext,
): Promise<void> {
  const startMs = known.window.lastAtMs;
  const grown = known.window.grownRows(context.monotonicMs, statements);
  if (grown.some(([{ queryId }]) => !known.counts.has(queryId))) {
    const leftOut = await readLeftOutQueryIds(source, context.signal);
    known.counts = countedOnes(statements.rows, leftOut);
  }
  if (startMs === undefined) return;
  known.window.count(
    startMs,
    context.monotonicMs,
    grown.filter(([{ queryId }]) => known.counts.get(queryId) === true),
  );
}

function countedOnes(
  rows: readonly StatementRow[],
  leftOut: ReadonlySet<string>,
): ReadonlyMap<string, boolean> {
  return new Map(rows.map(({ queryId }) => [queryId, !leftOut.has(queryId)]));
}

function recordEvictions(
  known: Known,
  { evictions, maximum }: StatementRows,
  context: PostgresContext,
): void {
  const grown = evictions === undefined ? 0 : Math.max(0, evictions - (known.lastEvictions ?? evictions));
  known.evictions += grown;
  known.lastEvictions = evictions;
  if (evictions !== undefined) context.record('statementEvictions', known.evictions, {});
  if (grown === 0) return;
  context.find({
    code: 'statements_evicted',
    severity: 'info',
    subject: '',
    message:
      'pg_stat_statements is full and pushed statements out since the last reading, so their calls are missing from latency and totals',
    remedy: alterAndRestart(`pg_stat_statements.max = ${Math.max(10_000, 2 * (maximum ?? 0))}`),
  });
}

function recordDatabase({ window }: Known, database: string, context: PostgresContext): void {
  const { short, long, calls, seconds } = window.read(database, context.monotonicMs);
  context.record('statementCalls', calls, { database });
  context.record('statementSeconds', seconds, { database });
  context.record('statementMeanSeconds', short.mean, { database }, short.calls);
  context.record('statementP50Seconds', short.quantile(0.5), { database }, short.calls);
  context.record('statementP95Seconds', short.quantile(0.95), { database }, short.calls);
  context.record('statementP99Seconds', short.quantile(0.99), { database }, short.calls);
  context.record('statementHourlyP95Seconds', long.quantile(0.95), { database }, long.calls);
}
