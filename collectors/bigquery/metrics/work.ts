import { defineMetrics, storageBytes } from '../../../src/sdk.ts';
import { api, jobs, projectLabel, regionLabel } from './sources.ts';

const inRegion = { project: projectLabel, region: regionLabel } as const;
const performance = { ...jobs, group: 'performance', labels: inRegion } as const;
const slots = {
  ...jobs,
  group: 'slots',
  unit: 'none',
  labels: inRegion,
  docs: 'https://docs.cloud.google.com/bigquery/docs/information-schema-jobs-timeline',
} as const;
const storage = {
  ...jobs,
  group: 'storage',
  docs: 'https://docs.cloud.google.com/bigquery/docs/information-schema-table-storage',
  cost: 'two queries a project and region, each billed for at least 10 MiB',
} as const;
const recommendations = {
  ...jobs,
  group: 'recommendations',
  labels: { ...inRegion, recommender: 'As BigQuery names it.' },
  docs: 'https://docs.cloud.google.com/bigquery/docs/information-schema-recommendations',
} as const;
const waitedFor =
  'interactive queries of others that ended well in the window of the objective (an hour, or what is configured up to a day)';

export const workMetrics = defineMetrics({
  apiResponseSeconds: {
    ...api,
    name: 'reeve_bigquery_api_response_seconds',
    unit: 'seconds',
    help: 'How long the API took to list one dataset of the project.',
    labels: { project: projectLabel },
    group: 'availability',
    source: 'datasets.list',
  },
  runningJobs: {
    ...api,
    name: 'reeve_bigquery_running_jobs',
    unit: 'none',
    help: 'Jobs of all users that run now; at least so many where the reading is marked as truncated.',
    labels: { project: projectLabel },
    group: 'running',
    source: 'jobs.list: stateFilter=running',
  },
  pendingJobs: {
    ...api,
    name: 'reeve_bigquery_pending_jobs',
    unit: 'none',
    help: 'Jobs of all users that wait to run now; at least so many where the reading is marked as truncated.',
    labels: { project: projectLabel },
    group: 'running',
    source: 'jobs.list: stateFilter=pending',
  },
  jobP95Seconds: {
    ...performance,
    name: 'reeve_bigquery_job_p95_seconds',
    unit: 'seconds',
    help: `Time from creation to end that 95 % of the ${waitedFor} stayed below.`,
    source: 'JOBS: APPROX_QUANTILES of end_time - creation_time',
  },
  jobP50Seconds: {
    ...performance,
    name: 'reeve_bigquery_job_p50_seconds',
    unit: 'seconds',
    help: `Time from creation to end that half of the ${waitedFor} stayed below.`,
    source: 'JOBS: APPROX_QUANTILES of end_time - creation_time',
  },
  queuedP95Seconds: {
    ...performance,
    name: 'reeve_bigquery_queued_p95_seconds',
    unit: 'seconds',
    help: `Time from creation to start that 95 % of the ${waitedFor} stayed below.`,
    source: 'JOBS: APPROX_QUANTILES of start_time - creation_time',
  },
  finishedJobs: {
    ...performance,
    name: 'reeve_bigquery_finished_queries',
    unit: 'none',
    help: 'Interactive queries of others that ended well in the window of the objective (an hour, or what is configured up to a day).',
    source: 'JOBS: rows',
  },
  cacheHitRatio: {
    ...performance,
    name: 'reeve_bigquery_cache_hit_ratio',
    unit: 'ratio',
    help: `Part of the ${waitedFor} that was answered from the cache, for nothing.`,
    source: 'JOBS: cache_hit',
  },
  endedJobs: {
    ...performance,
    name: 'reeve_bigquery_ended_jobs',
    unit: 'none',
    help: 'Jobs of others, of every kind (loads, exports, batch queries too), that ended in the last hour, well or not.',
    source: 'JOBS: rows',
  },
  failedJobs: {
    ...performance,
    name: 'reeve_bigquery_failed_jobs',
    unit: 'none',
    labels: { ...inRegion, reason: 'As BigQuery names it, such as `quotaExceeded`; the ten most frequent.' },
    help: 'Jobs that failed in the last hour, by reason.',
    source: 'JOBS: error_result.reason',
  },
  slotsUsed: {
    ...slots,
    name: 'reeve_bigquery_slots_used',
    help: 'Slots in use, average of the last hour.',
    source: 'JOBS_TIMELINE: period_slot_ms',
  },
  slotsUsedMax: {
    ...slots,
    name: 'reeve_bigquery_slots_used_max',
    help: 'Slots in use in the busiest minute of the last hour.',
    source: 'JOBS_TIMELINE: period_slot_ms',
  },
  runnableUnits: {
    ...slots,
    name: 'reeve_bigquery_runnable_units',
    help: 'Units of work that could have run at once with more slots, average of the last hour.',
    source: 'JOBS_TIMELINE: period_estimated_runnable_units',
  },
  queuedJobs: {
    ...slots,
    name: 'reeve_bigquery_queued_jobs_max',
    help: 'Jobs that waited to start, average of the worst minute of the last hour.',
    source: "JOBS_TIMELINE: state = 'PENDING'",
  },
  storageBytes: {
    ...storageBytes,
    ...storage,
    labels: storageBytes.labels,
    stability: storageBytes.stability,
    source:
      'TABLE_STORAGE: active_physical_bytes (time travel included), long_term_physical_bytes, fail_safe_physical_bytes',
  },
  storageKindBytes: {
    ...storage,
    name: 'reeve_bigquery_storage_bytes',
    unit: 'bytes',
    help: 'What is stored in a project, deleted tables that can be brought back included; time travel is a part of the active physical bytes.',
    labels: {
      project: projectLabel,
      kind: 'active_logical, long_term_logical, active_physical, long_term_physical, time_travel or fail_safe.',
    },
    source: 'TABLE_STORAGE: *_bytes',
  },
  storageUsdPerMonth: {
    ...storage,
    name: 'reeve_bigquery_storage_month_usd',
    unit: 'usd',
    help: 'What a month of the present storage costs at the configured price, each dataset by its own billing model; the free 10 GiB are not subtracted.',
    labels: { project: projectLabel, model: 'logical or physical.' },
    source: 'TABLE_STORAGE, SCHEMATA_OPTIONS: storage_billing_model',
  },
  costlyTables: {
    ...jobs,
    name: 'reeve_bigquery_costly_tables',
    unit: 'none',
    help: 'Tables, among those whose queries of the last 7 days processed most, that lack a layout that spares bytes.',
    labels: { ...inRegion, problem: 'unpartitioned, no_partition_filter or unclustered.' },
    group: 'tables',
    source: 'JOBS: referenced_tables; COLUMNS, TABLE_OPTIONS',
    cost: 'three queries a project and region, each billed for at least 10 MiB',
  },
  recommendations: {
    ...recommendations,
    name: 'reeve_bigquery_recommendations',
    unit: 'none',
    help: 'Active recommendations of BigQuery itself that save money.',
    source: 'RECOMMENDATIONS: state, primary_impact',
  },
  recommendedSavingsUsd: {
    ...recommendations,
    name: 'reeve_bigquery_recommended_savings_usd',
    unit: 'usd',
    help: 'What BigQuery expects its recommendations to save in a month, bytes at the on-demand price; absent where it says none.',
    source: 'RECOMMENDATIONS: additional_details.overview.bytesSavedMonthly',
    stability: 'experimental',
  },
});
