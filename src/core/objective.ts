/**
 * The twelve success metrics. Each objective's meaning is fixed here once; engines say which of their metrics measure it, and operators
 * may override bound, window, `for`, severity and budget (see `objective-in-force.ts`).
 */

import type { Unit } from './metric.ts';
import type { Workload } from './workload.ts';

/** `page`: somebody must act now. `ticket`: somebody must act. */
export const severities = ['page', 'ticket'] as const;
export type Severity = (typeof severities)[number];

export interface ObjectiveDefinition {
  /** The success metric in one line. */
  readonly summary: string;
  /** Unit of the measured value. */
  readonly unit: Unit;
  /** Default bounds; an objective without any has to be given one by the operator and is unknown until then. */
  readonly bound: { readonly min?: number; readonly max?: number };
  /** The statistic that is compared with the bound. */
  readonly statistic: string;
  /** Window of the statistic; undefined for an instant or an age. */
  readonly windowMs?: number;
  /** Fewer observations than this in the window are unknown. */
  readonly minimumBasis?: number;
  /** How long the bound must be violated before a breach opens. */
  readonly forMs: number;
  /** How long the value must be on the good side of the bound, by the hysteresis, before a breach closes. */
  readonly clearForMs: number;
  /**
   * How far inside the bound a value must be to close a breach, as a share of the distance from the bound to the other end of what is
   * good (the other bound; 1 for a ratio; 0 for a maximum). 0: at the bound.
   */
  readonly hysteresis: number;
  /** Time that may be spent in breach, as a share of 30 days. */
  readonly budget: number;
  readonly severity: Severity;
  /** Only targets with one of these workloads; all targets when absent. */
  readonly workloads?: readonly Workload[];
  /** Judged only for what is found (replicas, migrations): a target without any has nothing to judge, which is not unknown. */
  readonly onlySubjects?: true;
  /** What a subject is: `database`, `replica`; for texts. */
  readonly subject: string;
  /** What a breach starts; undefined where evidence is attached to the page instead. */
  readonly pipeline?: string;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export const objectiveIds = [
  'oltp_query_seconds',
  'olap_query_seconds',
  'index_hit_ratio',
  'cache_hit_ratio',
  'migration_rows_lost',
  'restore_test_age_seconds',
  'migration_rollback_success_ratio',
  'replication_lag_seconds',
  'bigquery_spend_usd',
  'request_unit_utilization_ratio',
  'unused_index_bytes',
  'storage_bytes_forecast',
] as const;

export type ObjectiveId = (typeof objectiveIds)[number];

export const objectives: Readonly<Record<ObjectiveId, ObjectiveDefinition>> = {
  oltp_query_seconds: {
    summary: 'Query response time below 100 ms for OLTP',
    unit: 'seconds',
    bound: { max: 0.1 },
    statistic: 'calls-weighted p95 estimate of statement or operation latency (Redis: p99)',
    windowMs: 5 * minute,
    minimumBasis: 100,
    forMs: 5 * minute,
    clearForMs: 5 * minute,
    hysteresis: 0.1,
    budget: 0.01,
    severity: 'ticket',
    workloads: ['oltp'],
    subject: 'database or member',
    pipeline: 'query optimisation',
  },
  olap_query_seconds: {
    summary: 'Query response time below 5 s for OLAP',
    unit: 'seconds',
    bound: { max: 5 },
    statistic: 'p95 of job or statement time',
    windowMs: hour,
    minimumBasis: 5,
    forMs: 30 * minute,
    clearForMs: 30 * minute,
    hysteresis: 0.1,
    budget: 0.05,
    severity: 'ticket',
    workloads: ['olap'],
    subject: 'database, member or project',
    pipeline: 'query optimisation',
  },
  index_hit_ratio: {
    summary: 'Index hit ratio above 95 %',
    unit: 'ratio',
    bound: { min: 0.95 },
    statistic: 'index blocks hit / requested, from deltas',
    windowMs: 5 * minute,
    minimumBasis: 10_000,
    forMs: 10 * minute,
    clearForMs: 10 * minute,
    hysteresis: 0.1,
    budget: 0.01,
    severity: 'ticket',
    subject: 'database',
    pipeline: 'query optimisation',
  },
  cache_hit_ratio: {
    summary: 'Cache hit rate above 80 %',
    unit: 'ratio',
    bound: { min: 0.8 },
    statistic: 'hits / lookups, from deltas the agent does not distort',
    windowMs: 5 * minute,
    minimumBasis: 1_000,
    forMs: 10 * minute,
    clearForMs: 10 * minute,
    hysteresis: 0.1,
    budget: 0.05,
    severity: 'ticket',
    workloads: ['cache'],
    subject: 'target',
    pipeline: 'cache',
  },
  migration_rows_lost: {
    summary: 'Zero data loss during migrations',
    unit: 'none',
    bound: { max: 0 },
    statistic: 'undeclared deleted rows, per migration',
    forMs: 0,
    clearForMs: 0,
    hysteresis: 0,
    budget: 0.001,
    severity: 'page',
    onlySubjects: true,
    subject: 'migration',
    pipeline: 'migration',
  },
  restore_test_age_seconds: {
    summary: 'Backup restoration tested within a month',
    unit: 'seconds',
    bound: { max: (31 * day) / 1000 },
    statistic: 'age of the last verified restore of a retained backup',
    forMs: 0,
    clearForMs: 0,
    hysteresis: 0,
    budget: 0.01,
    severity: 'page',
    subject: 'database',
    pipeline: 'backup',
  },
  migration_rollback_success_ratio: {
    summary: 'Migration rollback success rate of 100 %',
    unit: 'ratio',
    bound: { min: 1 },
    statistic: 'verified rollbacks / attempted',
    windowMs: 90 * day,
    forMs: 0,
    clearForMs: 0,
    hysteresis: 0,
    budget: 0.01,
    severity: 'ticket',
    onlySubjects: true,
    subject: 'target',
    pipeline: 'migration',
  },
  replication_lag_seconds: {
    summary: 'Replication lag below 1 s',
    unit: 'seconds',
    bound: { max: 1 },
    statistic: 'lag of each replica, instant',
    forMs: 2 * minute,
    clearForMs: 2 * minute,
    hysteresis: 0.1,
    budget: 0.001,
    severity: 'page',
    onlySubjects: true,
    subject: 'replica',
  },
  bigquery_spend_usd: {
    summary: 'BigQuery spend stays within its budget',
    unit: 'usd',
    bound: {},
    statistic: 'month-end forecast of spend against the budget',
    forMs: 0,
    clearForMs: hour,
    hysteresis: 0.02,
    budget: 0.05,
    severity: 'ticket',
    subject: 'project',
    pipeline: 'warehouse',
  },
  request_unit_utilization_ratio: {
    summary: 'Cosmos DB RU/s utilisation between 70 % and 85 %',
    unit: 'ratio',
    bound: { min: 0.7, max: 0.85 },
    statistic: 'p95 of per-minute consumption / provisioned, per region and container',
    windowMs: 7 * day,
    minimumBasis: 1_440,
    forMs: 0,
    clearForMs: hour,
    hysteresis: 0.1,
    budget: 0.1,
    severity: 'ticket',
    subject: 'container and region',
    pipeline: 'throughput',
  },
  unused_index_bytes: {
    summary: 'Unused indexes removed every quarter',
    unit: 'bytes',
    bound: { max: 0 },
    statistic: 'bytes of indexes proven unused before the last quarter ended and not signed off',
    forMs: 0,
    clearForMs: 0,
    hysteresis: 0,
    budget: 0.25,
    severity: 'ticket',
    subject: 'database',
    pipeline: 'index management',
  },
  storage_bytes_forecast: {
    summary: 'Storage growth within its projection',
    unit: 'bytes',
    bound: {},
    statistic: "forecast at the projection's date",
    windowMs: 30 * day,
    forMs: 0,
    clearForMs: 6 * hour,
    hysteresis: 0.02,
    budget: 0.05,
    severity: 'ticket',
    subject: 'database',
    pipeline: 'storage growth',
  },
};
