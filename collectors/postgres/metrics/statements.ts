import { defineMetrics } from '../../../src/sdk.ts';

const shared = {
  stability: 'stable',
  since: '13',
  group: 'statements',
  docs: 'https://www.postgresql.org/docs/current/pgstatstatements.html',
  cost: 'one pass over pg_stat_statements without texts, once a minute; texts only when an unknown statement runs',
} as const;
const labels = { database: 'The database.' } as const;
const estimate =
  'an estimate, not a percentile: the calls of each statement are spread log-normally by its mean and deviation in each interval.';
const mixture =
  'pg_stat_statements: growth of calls, total_exec_time and stddev_exec_time, top-level queries only';

export const statementMetrics = defineMetrics({
  statementMeanSeconds: {
    ...shared,
    name: 'reeve_postgres_statement_mean_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'Mean execution time of queries in the last five minutes (or the window set for oltp_query_seconds), without utility statements and those of Reeve.',
    labels,
    source: 'pg_stat_statements: growth of total_exec_time / growth of calls',
  },
  statementP50Seconds: {
    ...shared,
    name: 'reeve_postgres_statement_p50_estimate_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: `Execution time that half of the queries of the last five minutes (or the window set for oltp_query_seconds) stayed below; ${estimate}`,
    labels,
    source: mixture,
  },
  statementP95Seconds: {
    ...shared,
    name: 'reeve_postgres_statement_p95_estimate_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: `Execution time that 95 % of the queries of the last five minutes (or the window set for oltp_query_seconds) stayed below; ${estimate}`,
    labels,
    source: mixture,
  },
  statementP99Seconds: {
    ...shared,
    name: 'reeve_postgres_statement_p99_estimate_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: `Execution time that 99 % of the queries of the last five minutes (or the window set for oltp_query_seconds) stayed below; ${estimate}`,
    labels,
    source: mixture,
  },
  statementHourlyP95Seconds: {
    ...shared,
    name: 'reeve_postgres_statement_hourly_p95_estimate_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: `Execution time that 95 % of the queries of the last hour (or the window set for olap_query_seconds) stayed below; ${estimate}`,
    labels,
    source: mixture,
  },
  statementCalls: {
    ...shared,
    name: 'reeve_postgres_statement_calls_total',
    kind: 'counter',
    unit: 'none',
    help: 'Queries executed since Reeve watches the database, without utility statements and those of Reeve.',
    labels,
    source: 'pg_stat_statements.calls',
  },
  statementSeconds: {
    ...shared,
    name: 'reeve_postgres_statement_seconds_total',
    kind: 'counter',
    unit: 'seconds',
    help: 'Execution time of queries since Reeve watches the database, without utility statements and those of Reeve.',
    labels,
    source: 'pg_stat_statements.total_exec_time',
  },
  statementsTracked: {
    ...shared,
    name: 'reeve_postgres_statements_tracked',
    kind: 'gauge',
    unit: 'none',
    help: 'Statements that pg_stat_statements holds for the databases in scope.',
    labels: {},
    source: 'pg_stat_statements',
  },
  statementsMaximum: {
    ...shared,
    name: 'reeve_postgres_statements_max',
    kind: 'gauge',
    unit: 'none',
    help: 'Statements that pg_stat_statements can hold for the whole server before it pushes some out.',
    labels: {},
    source: 'pg_stat_statements.max',
  },
  statementEvictions: {
    ...shared,
    since: '14',
    name: 'reeve_postgres_statement_evictions_total',
    kind: 'counter',
    unit: 'none',
    help: 'Times pg_stat_statements pushed out its least executed statements, since Reeve watches the server.',
    labels: {},
    source: 'pg_stat_statements_info.dealloc',
  },
  newStatements: {
    ...shared,
    group: 'top_statements',
    name: 'reeve_postgres_new_statements',
    kind: 'gauge',
    unit: 'none',
    help: 'Statements that Reeve saw for the first time within the last day; absent where a cap hides some.',
    labels: {},
    source: 'pg_stat_statements.queryid, compared with the history of Reeve',
    cost: 'two passes over pg_stat_statements every 5 minutes, one with texts',
  },
});
