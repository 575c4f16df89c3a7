import type { ObjectiveText } from './objective-text.ts';
import { scorecardStep } from './runbook-steps.ts';

/** Objectives about money and space. */
export const costTexts = {
  bigquery_spend_usd: {
    alert: 'ReeveBigquerySpendOverBudget',
    measured: 'Spend at the end of the month (the forecast, or what is spent already)',
    consequence: 'The month ends above its budget; spent money does not come back.',
    runbook: {
      meaning:
        'At this rate the month ends above the budget that the operator gave. A ticket says that the forecast (its median) is above; a page says that even the low end of the forecast is, or that the budget is spent already.',
      steps: [
        scorecardStep('bigquery_spend_usd'),
        'Who spends it? `SELECT user_email, COUNT(*) AS jobs, ROUND(SUM(total_bytes_billed) / POW(1024, 4) * 6.25, 2) AS usd FROM region-eu.INFORMATION_SCHEMA.JOBS_BY_PROJECT WHERE creation_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY) GROUP BY 1 ORDER BY usd DESC LIMIT 10` (name your region; 6.25 USD a TiB is the list price on demand, yours may differ).',
        'One query or many? The same by job: `SELECT job_id, user_email, total_bytes_billed, query … ORDER BY total_bytes_billed DESC LIMIT 10`. A schedule that runs too often and a missing partition filter are the usual causes.',
        'Stop the bleeding: pause the scheduled query, or set a custom quota of bytes per day and user in the project. Tell its owner before you do.',
      ],
      afterwards:
        'It ends when the forecast has been two per cent below the budget for an hour, at the latest with the month. If the spend is right and the budget is not, change `objectives.bigquery_spend_usd.max`.',
      links: [
        'https://cloud.google.com/bigquery/docs/best-practices-costs',
        'https://cloud.google.com/bigquery/docs/custom-quotas',
      ],
    },
  },
  request_unit_utilization_ratio: {
    alert: 'ReeveRequestUnitUtilizationOutOfBand',
    measured: 'RU/s utilisation',
    consequence:
      'Above the band requests are refused (429) as load grows; below it, throughput is paid for and not used.',
    runbook: {
      meaning:
        'The p95 of consumption per minute over a week lies outside the band, for a container in a region. Above: there is no headroom left, and with 429s (then it pages) callers feel it now. Below: the container is provisioned for a load that does not come.',
      steps: [
        scorecardStep('request_unit_utilization_ratio'),
        'Above, with 429s: who uses it up? `reeve_cosmosdb_throttled_requests_ratio` and the partition metrics of the target say whether one hot partition is to blame; then more throughput does not help, another partition key does.',
        'Above, without a hot partition: raise the throughput, `az cosmosdb sql container throughput update --account-name <account> --resource-group <group> --database-name <database> --name <container> --throughput <RU/s>` (autoscale: `--max-throughput`).',
        'Below: look at a whole week including its batch jobs before lowering it. Throughput cannot go below what storage and history ask for; the minimum is in `az cosmosdb sql container throughput show`.',
      ],
      afterwards:
        'The window is a week, so it ends slowly: after a change the p95 needs days to follow. For a load that comes and goes, autoscale fits better than a fixed number.',
      links: [
        'https://learn.microsoft.com/azure/cosmos-db/optimize-cost-throughput',
        'https://learn.microsoft.com/azure/cosmos-db/nosql/troubleshoot-request-rate-too-large',
      ],
    },
  },
  storage_bytes_forecast: {
    alert: 'ReeveStorageGrowthBeyondProjection',
    measured: 'Forecast of the space at the date of the projection',
    consequence: 'The database outgrows what was planned; when a disk is full, writes fail.',
    runbook: {
      meaning:
        'By the growth of the last weeks, the database will be larger at the date of the projection than the operator planned. A ticket says that the median of the forecast is above; a page says that even its low end is, or that the space is full within 14 days.',
      steps: [
        scorecardStep('storage_bytes_forecast'),
        "What grows? PostgreSQL: `SELECT relname, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class WHERE relkind IN ('r', 'm') ORDER BY pg_total_relation_size(oid) DESC LIMIT 10;` MongoDB: `db.getCollectionNames().map(c => [c, db[c].totalSize()])`. BigQuery: `INFORMATION_SCHEMA.TABLE_STORAGE`.",
        'Was it one load or does it go on? A single step is not growth: look at `reeve_storage_bytes` over 30 days.',
        'Is it waste? Retained WAL (`SELECT slot_name, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) FROM pg_replication_slots;`), dead rows that autovacuum does not reach, unused indexes, tables without retention.',
        'If it is real, order space now: `reeve_storage_full_timestamp_seconds` says until when it lasts, where a capacity is configured.',
      ],
      afterwards:
        'It ends when the forecast has been two per cent below the projection for six hours. If the growth is wanted, give the objective a new projection (`max`, `by`).',
      links: ['https://www.postgresql.org/docs/current/diskusage.html'],
    },
  },
} as const satisfies Readonly<Record<string, ObjectiveText>>;
