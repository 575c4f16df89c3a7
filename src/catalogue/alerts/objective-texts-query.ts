import type { ObjectiveText } from './objective-text.ts';
import { scorecardStep } from './runbook-steps.ts';

/** Objectives about how quickly data is found. */
export const queryTexts = {
  oltp_query_seconds: {
    alert: 'ReeveOltpQuerySlow',
    measured: 'Query time',
    consequence:
      'Requests of the application wait for the database; when the calls keep coming, connections pile up until none is left.',
    runbook: {
      meaning:
        'The slow end of the short statements (p95 of statement or operation latency, weighted by calls; p99 on Redis) has been above the bound for longer than `for`. Users feel it in every request that touches this database.',
      steps: [
        scorecardStep('oltp_query_seconds'),
        'Did anything change? Compare with the last deployment, with a migration, with `reeve_replication_lag_seconds` and with the connections of the target at the time in "Breached since".',
        'Find the statements that take the time. PostgreSQL: `SELECT calls, round(mean_exec_time::numeric, 1) AS ms, left(query, 80) FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 10;` MongoDB: `db.currentOp({ active: true, secs_running: { $gt: 1 } })`. Redis: `SLOWLOG GET 10`. Cosmos DB: the metric `reeve_cosmosdb_throttled_requests_ratio` first, since throttled requests wait.',
        'Is something waiting instead of working? PostgreSQL: `SELECT pid, pg_blocking_pids(pid), wait_event_type, left(query, 60) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0;`',
        'Look at the plan of the worst statement (`EXPLAIN (ANALYZE, BUFFERS)` on a replica or a copy; `.explain("executionStats")`) before adding an index.',
      ],
      afterwards:
        'It ends by itself when the latency has been a tenth below the bound for five minutes. A statement that needs an index is a change: take it through the query optimisation pipeline, rehearsed and reviewed, not by hand at night.',
      links: [
        'https://www.postgresql.org/docs/current/using-explain.html',
        'https://www.mongodb.com/docs/manual/tutorial/analyze-query-plan/',
        'https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency/',
      ],
    },
  },
  olap_query_seconds: {
    alert: 'ReeveOlapQuerySlow',
    measured: 'Analytical query time',
    consequence: 'Reports and scheduled loads finish later, queue behind each other and cost more.',
    runbook: {
      meaning:
        'The p95 of analytical jobs or statements has been above the bound for half an hour. Dashboards and reports feel slow; nothing is lost.',
      steps: [
        scorecardStep('olap_query_seconds'),
        'Is it waiting or working? BigQuery: `SELECT job_id, user_email, total_slot_ms, TIMESTAMP_DIFF(start_time, creation_time, SECOND) AS waited_s, TIMESTAMP_DIFF(end_time, start_time, SECOND) AS ran_s FROM region-eu.INFORMATION_SCHEMA.JOBS_BY_PROJECT WHERE creation_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR) ORDER BY total_slot_ms DESC LIMIT 10` (name your region). Long `waited_s` is a lack of slots, long `ran_s` is the query.',
        'PostgreSQL: `SELECT calls, round(mean_exec_time::numeric / 1000, 1) AS s, temp_blks_written, left(query, 80) FROM pg_stat_statements ORDER BY mean_exec_time DESC LIMIT 10;` Temporary blocks mean that `work_mem` did not suffice.',
        'Look for the cheap causes first: a missing partition filter, `SELECT *`, a join without a key, statistics that are out of date (`ANALYZE`).',
      ],
      afterwards:
        'It ends by itself when the p95 has been a tenth below the bound for half an hour. Partitioning, clustering and materialised views are changes of the warehouse pipeline.',
      links: [
        'https://cloud.google.com/bigquery/docs/best-practices-performance-overview',
        'https://www.postgresql.org/docs/current/pgstatstatements.html',
      ],
    },
  },
  index_hit_ratio: {
    alert: 'ReeveIndexHitRatioLow',
    measured: 'Index hit ratio',
    consequence:
      'Index blocks come from disk instead of memory: latency follows, first in the slowest statements.',
    runbook: {
      meaning:
        'Of the index blocks that statements asked for in the window, too many were not in shared buffers. Either the working set has outgrown the memory, or something reads indexes that nobody usually reads (a report, a backup by `pg_dump`, a new statement). The operating system may still hold the blocks: look at latency before acting.',
      steps: [
        scorecardStep('index_hit_ratio'),
        'Which indexes miss? `SELECT relname, indexrelname, idx_blks_read, idx_blks_hit FROM pg_statio_user_indexes ORDER BY idx_blks_read DESC LIMIT 10;`',
        "Who reads them? `SELECT calls, shared_blks_read, left(query, 80) FROM pg_stat_statements ORDER BY shared_blks_read DESC LIMIT 10;` and `SELECT pid, backend_type, now() - query_start AS runs, left(query, 60) FROM pg_stat_activity WHERE state = 'active' ORDER BY query_start;`",
        'Was the server restarted? After a restart the cache is empty and the ratio comes back by itself: `SELECT pg_postmaster_start_time();`',
        "Compare the size of the indexes with `shared_buffers`: `SELECT pg_size_pretty(sum(pg_indexes_size(oid))) FROM pg_class WHERE relkind = 'r'; SHOW shared_buffers;`",
      ],
      afterwards:
        'It ends by itself when the ratio has been above the bound for ten minutes. If the working set has outgrown memory: remove unused indexes first (`reeve_postgres_unused_index_bytes` says how much that frees), then raise `shared_buffers`, which needs a restart.',
      links: [
        'https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STATIO-ALL-INDEXES-VIEW',
        'https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-SHARED-BUFFERS',
      ],
    },
  },
  cache_hit_ratio: {
    alert: 'ReeveCacheHitRatioLow',
    measured: 'Cache hit rate',
    consequence:
      'Every miss is a query to the database behind the cache: that database is the next to be slow.',
    runbook: {
      meaning:
        'Of the lookups in the window, too many found nothing. The cache does not carry the load it is there for; the database behind it does.',
      steps: [
        scorecardStep('cache_hit_ratio'),
        'Was the cache emptied? `redis-cli INFO server | grep uptime_in_seconds`, `redis-cli INFO commandstats | grep -E "flush(all|db)"`, `redis-cli INFO keyspace`.',
        'Does it evict? `redis-cli INFO stats | grep -E "evicted_keys|expired_keys"` and `redis-cli INFO memory | grep -E "used_memory_human|maxmemory_human|maxmemory_policy"`. Evictions beside a full memory: the working set does not fit.',
        'Did the application change its keys or their lifetime? Many misses on keys that never existed are a bug or a scan: look at a second of traffic with `redis-cli --stat`; `MONITOR` slows the server down, so not at peak.',
        'Watch the database behind the cache: if it is near its limits, slow the callers down before it falls over.',
      ],
      afterwards:
        'It ends by itself when the rate has been above the bound for ten minutes. Prevention: a lifetime with jitter, a policy that fits (`allkeys-lfu` for a cache), and enough memory for the working set.',
      links: [
        'https://redis.io/docs/latest/develop/reference/eviction/',
        'https://redis.io/docs/latest/commands/info/',
      ],
    },
  },
} as const satisfies Readonly<Record<string, ObjectiveText>>;
