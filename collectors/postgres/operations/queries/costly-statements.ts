import { z } from 'zod';
import type { DetailRow, Snapshot } from '../../../../src/sdk.ts';
import type { Session } from '../../session.ts';
import { ownPattern, queryPattern } from '../../statement-rows.ts';
import { findStatements } from '../../statement-source.ts';
import { longestStatement, presentable } from './statement-text.ts';

/** A statement that takes a large part of a database's time. */
export interface CostlyStatement {
  readonly database: string;
  readonly queryId: string;
  /** Normalised, without comments. */
  readonly text: string;
  readonly calls: number;
  readonly seconds: number;
  /** Of the time of all statements of its database, 0 to 1. */
  readonly share: number;
  /** Rows that a call gave or changed on average, since it entered. */
  readonly rowsPerCall: number;
  /** Since it entered pg_stat_statements. */
  readonly total: { readonly calls: number; readonly seconds: number };
}

export interface StatementCosts {
  /** Since the collector's latest reading of statements; since they entered pg_stat_statements where that is too little to judge by. */
  readonly window: 'recent' | 'lifetime';
  readonly statements: readonly CostlyStatement[];
}

/** Smaller parts are not what an objective is breached by. */
const leastShare = 0.05;
const leastMeanSeconds = 0.001;
const mostRows = 100;
/** Less time than this since the latest reading says nothing. */
const leastRecentSeconds = 1;

const row = z.object({
  database: z.string(),
  query_id: z.string(),
  calls: z.number(),
  seconds: z.number(),
  rows: z.number(),
  text: z.string(),
});

type Row = z.infer<typeof row>;
type Counted = Row & { readonly total: { readonly calls: number; readonly seconds: number } };

/** The statements that took most of the time of each database, without utility statements and Reeve's own; most costly first. */
export async function readCostlyStatements(
  session: Session,
  snapshot: Snapshot | undefined,
  databases: readonly string[],
  signal: AbortSignal,
): Promise<StatementCosts> {
  const source = await findStatements(session, signal);
  const rows = await source.connection.query(
    `SELECT d.datname::text AS database, s.queryid::text AS query_id, sum(s.calls)::float8 AS calls,
            sum(s.total_exec_time) / 1000 AS seconds, sum(s.rows)::float8 AS rows,
            max(left(s.query, ${longestStatement + 1})) AS text
       FROM ${source.view}(true) s JOIN pg_database d ON d.oid = s.dbid
      WHERE d.datname = ANY ($2) AND s.queryid IS NOT NULL ${source.has('toplevel') ? 'AND s.toplevel' : ''}
        AND s.query ~* $3 AND s.query NOT LIKE $4
      GROUP BY 1, 2 ORDER BY seconds DESC LIMIT $1`,
    row,
    signal,
    [mostRows, databases, queryPattern, ownPattern],
  );
  const all = rows.map((each): Counted => ({ ...each, total: { calls: each.calls, seconds: each.seconds } }));
  const recent = growth(all, earlier(snapshot));
  const isEnough = sumSeconds(recent) >= leastRecentSeconds;
  const counted = isEnough ? recent : all;
  return { window: isEnough ? 'recent' : 'lifetime', statements: await costliest(counted) };
}

async function costliest(rows: readonly Counted[]): Promise<readonly CostlyStatement[]> {
  const found: CostlyStatement[] = [];
  for (const { database, query_id, calls, seconds, rows: given, text, total } of rows) {
    const share = seconds / sumSeconds(rows.filter((each) => each.database === database));
    if (!(share >= leastShare) || calls <= 0 || seconds / calls < leastMeanSeconds) continue;
    const shown = await presentable(text);
    if (shown !== undefined)
      found.push({
        database,
        queryId: query_id,
        text: shown,
        calls,
        seconds,
        share,
        rowsPerCall: given / total.calls,
        total,
      });
  }
  return found.toSorted((one, other) => other.seconds - one.seconds);
}

function earlier(snapshot: Snapshot | undefined): readonly DetailRow[] | undefined {
  return snapshot?.readings.find(({ group }) => group === 'top_statements')?.details['statements'];
}

/** What was added since; a statement that was not among the costliest had at most as much as the last of those. */
function growth(rows: readonly Counted[], before: readonly DetailRow[] | undefined): readonly Counted[] {
  if (before === undefined) return [];
  const least = Math.min(...before.map(({ totalSeconds }) => Number(totalSeconds)), Number.POSITIVE_INFINITY);
  return rows.flatMap((now) => {
    const then = before.filter(
      ({ database, queryId }) => database === now.database && queryId === now.query_id,
    );
    const sum = (key: string): number => then.reduce((total, each) => total + Number(each[key]), 0);
    const seconds = now.seconds - (then.length === 0 ? least : sum('totalSeconds'));
    const calls = now.calls - sum('calls');
    // A reset in between, or nothing new.
    return seconds > 0 && calls > 0 ? [{ ...now, seconds, calls }] : [];
  });
}

function sumSeconds(rows: readonly Row[]): number {
  return rows.reduce((total, { seconds }) => total + seconds, 0);
}
