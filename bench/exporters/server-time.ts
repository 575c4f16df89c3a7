import type { Client } from 'pg';
import { type PostgresServer, rowsOf } from '../../tests/support/postgres/server.ts';

/** Time the server spent planning and executing one statement of a role, by pg_stat_statements. */
interface StatementTime {
  readonly calls: number;
  readonly totalMs: number;
  readonly query: string;
}

export interface ServerTime {
  /** Statements that ran (nearly) every poll: their time a poll, in milliseconds. */
  readonly everyPollMs: number;
  readonly everyPollStatements: number;
  /** All statements: their time a poll, in milliseconds. */
  readonly allMs: number;
  /** The most expensive ones, by time a call. */
  readonly costliest: readonly { readonly query: string; readonly calls: number; readonly meanMs: number }[];
}

/**
 * Measures what a role costs the server from now until the returned function is called with the number of polls that were made.
 * Parsing and sending are not in it. The clock is the server's, so waiting for a core is.
 */
export async function watchServerTime(
  server: PostgresServer,
  role: string,
): Promise<(polls: number) => Promise<ServerTime>> {
  const before = await readStatements(server, role);
  return async (polls) => {
    const after = await readStatements(server, role);
    const spent = [...after].map(([id, { calls, totalMs, query }]) => ({
      query,
      calls: calls - (before.get(id)?.calls ?? 0),
      totalMs: totalMs - (before.get(id)?.totalMs ?? 0),
    }));
    const sum = (list: readonly { readonly totalMs: number }[]): number =>
      list.reduce((total, { totalMs }) => total + totalMs, 0);
    const everyPoll = spent.filter(({ calls }) => calls >= polls / 2);
    const costliest = spent
      .filter(({ calls }) => calls > 0)
      .map(({ query, calls, totalMs }) => ({ query, calls, meanMs: totalMs / calls }))
      .sort((a, b) => b.meanMs - a.meanMs)
      .slice(0, 12);
    return {
      everyPollMs: sum(everyPoll) / polls,
      everyPollStatements: everyPoll.length,
      allMs: sum(spent) / polls,
      costliest,
    };
  };
}

async function readStatements(
  server: PostgresServer,
  role: string,
): Promise<ReadonlyMap<string, StatementTime>> {
  const client: Client = await server.connect('bench');
  try {
    const rows = await rowsOf(
      client,
      `SELECT concat_ws(' ', dbid, queryid, toplevel) AS id, calls::float8 AS calls,
              (total_plan_time + total_exec_time)::float8 AS total_ms,
              left(regexp_replace(query, '\\s+', ' ', 'g'), 120) AS query
       FROM pg_stat_statements WHERE userid = '${role}'::regrole`,
    );
    return new Map(
      rows.map((row) => [
        String(row['id']),
        { calls: Number(row['calls']), totalMs: Number(row['total_ms']), query: String(row['query']) },
      ]),
    );
  } finally {
    await client.end();
  }
}
