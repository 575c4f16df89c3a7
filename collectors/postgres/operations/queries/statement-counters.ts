import { z } from 'zod';
import type { CounterReading, OperationContext, PlanDraft } from '../../../../src/sdk.ts';
import { findStatements } from '../../statement-source.ts';
import type { Access } from '../access.ts';
import { newIndexFacts } from './index-facts.ts';
import { withReadingSession } from './reading-session.ts';

const row = z.object({
  query_id: z.string(),
  seconds: z.number(),
  calls: z.number(),
  epoch: z.string().nullable(),
});

/** Total seconds and calls of the statements that an index is for, by query id, as pg_stat_statements counts them. */
export async function readServedCounters(
  { input }: Access,
  plan: Pick<PlanDraft, 'facts'>,
  { signal }: Pick<OperationContext, 'signal'>,
): Promise<CounterReading> {
  const { database, statements } = newIndexFacts(plan.facts);
  const ids = statements.map(({ queryId }) => queryId);
  return withReadingSession(input, signal, async (session) => {
    const source = await findStatements(session, signal);
    const epoch = source.info === undefined ? 'NULL' : `(SELECT stats_reset::text FROM ${source.info})`;
    const rows = await source.connection.query(
      `SELECT s.queryid::text AS query_id, sum(s.total_exec_time) / 1000 AS seconds, sum(s.calls)::float8 AS calls, ${epoch} AS epoch
         FROM ${source.view}(false) s JOIN pg_database d ON d.oid = s.dbid
        WHERE d.datname = $1 AND s.queryid::text = ANY ($2) ${source.has('toplevel') ? 'AND s.toplevel' : ''} GROUP BY 1`,
      row,
      signal,
      [database, ids],
    );
    const { statisticsEpoch, startedAt } = session.server;
    return {
      at: input.clock.now(),
      epoch: rows[0]?.epoch ?? `${statisticsEpoch} ${startedAt}`,
      series: Object.fromEntries(
        rows.map(({ query_id, seconds, calls }) => [`statement ${query_id}`, { sum: seconds, count: calls }]),
      ),
    };
  });
}
