import { z } from 'zod';
import { type Assumption, type Clock, messageOf } from '../../src/sdk.ts';
import type { Session } from './session.ts';

/** One statement that says whether it holds (null: nothing here to try it on) and what it saw. */
interface Trial {
  readonly statement: string;
  readonly sql: string;
}

const row = z.object({ holds: z.boolean().nullable(), evidence: z.string() });

const trials: readonly Trial[] = [
  {
    statement: 'The session cannot write, and the server ends its statements by itself.',
    sql: `SELECT current_setting('default_transaction_read_only') = 'on' AND current_setting('statement_timeout') <> '0' AS holds,
                 'default_transaction_read_only = ' || current_setting('default_transaction_read_only')
                   || ', statement_timeout = ' || current_setting('statement_timeout') AS evidence`,
  },
  {
    statement: 'Use of indexes is counted in 64 bits, by index identity.',
    sql: `SELECT CASE count(*) WHEN 0 THEN NULL ELSE bool_and(pg_typeof(idx_scan)::text = 'bigint') AND count(*) = count(DISTINCT indexrelid) END AS holds,
                 count(*) || ' indexes of users' AS evidence FROM pg_stat_user_indexes`,
  },
  {
    statement: 'The name of the WAL file that a primary writes begins with its timeline.',
    sql: `SELECT CASE WHEN pg_is_in_recovery() THEN NULL
                      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
                           >= (SELECT timeline_id FROM pg_control_checkpoint()) END AS holds,
                 CASE WHEN pg_is_in_recovery() THEN 'a standby writes none'
                      ELSE pg_walfile_name(pg_current_wal_lsn()) || ', timeline of the last checkpoint '
                           || (SELECT timeline_id FROM pg_control_checkpoint()) END AS evidence`,
  },
  {
    statement: 'A replica that streams has a lag that is no negative interval, or none while idle.',
    sql: `SELECT CASE count(*) WHEN 0 THEN NULL ELSE bool_and(coalesce(replay_lag >= interval '0', true)) END AS holds,
                 count(*) || ' streaming, ' || count(replay_lag) || ' with a lag' AS evidence
            FROM pg_stat_replication WHERE state = 'streaming'`,
  },
  {
    statement: 'A reset of cumulative statistics shows in stats_reset.',
    sql: `SELECT stats_reset IS NOT NULL AS holds, 'pg_stat_archiver.stats_reset = ' || coalesce(stats_reset::text, 'null') AS evidence
            FROM pg_stat_archiver`,
  },
];

/** Tries what the readings take for granted, by reading only. */
export async function tryAssumptions(
  session: Session,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Assumption[]> {
  const tried: Assumption[] = [];
  for (const { statement, sql } of trials) {
    tried.push(
      await attempt(statement, async () => {
        const [answer] = await session.main.query(sql, row, signal);
        return { holds: answer?.holds ?? null, evidence: answer?.evidence ?? 'no row' };
      }),
    );
  }
  tried.push(await attempt('Counters only grow.', () => tryGrowth(session, clock, signal)));
  return tried;
}

type Outcome = z.infer<typeof row>;

async function attempt(statement: string, work: () => Promise<Outcome>): Promise<Assumption> {
  try {
    const { holds, evidence } = await work();
    return { statement, verdict: holds === null ? 'untested' : holds ? 'holds' : 'broken', evidence };
  } catch (thrown) {
    return { statement, verdict: 'untested', evidence: messageOf(thrown) };
  }
}

const countersRow = z.object({ name: z.string(), counters: z.array(z.number()), reset: z.string() });

const countersSql = `
  SELECT datname::text AS name, stats_reset::text AS reset,
         ARRAY[xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_inserted]::float8[] AS counters
    FROM (SELECT datname, coalesce(stats_reset, 'epoch') AS stats_reset, xact_commit, xact_rollback, blks_read, blks_hit,
                 tup_returned, tup_inserted FROM pg_stat_database WHERE datname IS NOT NULL) d`;

/** The server shows what other sessions did about a second late. */
const betweenMs = 1_500;

async function tryGrowth(session: Session, clock: Clock, signal: AbortSignal): Promise<Outcome> {
  const before = await session.main.query(countersSql, countersRow, signal);
  await clock.sleep(betweenMs, signal);
  const after = await session.main.query(countersSql, countersRow, signal);
  const fallen = after.flatMap(({ name, counters, reset }) => {
    const earlier = before.find((each) => each.name === name && each.reset === reset);
    return earlier?.counters.some((value, index) => value > (counters[index] ?? 0)) ? [name] : [];
  });
  return {
    holds: fallen.length === 0,
    evidence:
      fallen.length === 0
        ? `in ${after.length} databases over ${betweenMs} ms`
        : `fell in ${fallen.join(', ')}`,
  };
}
