import { stringify } from 'yaml';

/**
 * What postgres_exporter 0.20 reads of every table without being asked, for the older exporter that Debian has: its collectors
 * stat_user_tables and statio_user_tables, rewritten as a file of custom queries. Debian's own example file asks for the same but
 * for the two sizes.
 */
export function renderPerTableQueries(): string {
  return stringify({
    pg_stat_user_tables: {
      query: `SELECT current_database() AS datname, schemaname, relname, ${tableCounters.join(', ')},
        ${tableTimes.map((column) => `COALESCE(${column}, '1970-01-01Z') AS ${column}`).join(', ')},
        pg_indexes_size(relid) AS index_size_bytes, pg_table_size(relid) AS table_size_bytes FROM pg_stat_user_tables`,
      metrics: describe([...tableCounters, ...tableTimes, 'index_size_bytes', 'table_size_bytes']),
    },
    pg_statio_user_tables: {
      query: `SELECT current_database() AS datname, schemaname, relname, ${blockCounters.join(', ')} FROM pg_statio_user_tables`,
      metrics: describe(blockCounters),
    },
  });
}

const tableCounters = [
  'seq_scan',
  'seq_tup_read',
  'idx_scan',
  'idx_tup_fetch',
  'n_tup_ins',
  'n_tup_upd',
  'n_tup_del',
  'n_tup_hot_upd',
  'n_live_tup',
  'n_dead_tup',
  'n_mod_since_analyze',
  'vacuum_count',
  'autovacuum_count',
  'analyze_count',
  'autoanalyze_count',
] as const;

const tableTimes = ['last_vacuum', 'last_autovacuum', 'last_analyze', 'last_autoanalyze'] as const;

const blockCounters = [
  'heap_blks_read',
  'heap_blks_hit',
  'idx_blks_read',
  'idx_blks_hit',
  'toast_blks_read',
  'toast_blks_hit',
  'tidx_blks_read',
  'tidx_blks_hit',
] as const;

const labels = ['datname', 'schemaname', 'relname'] as const;

function describe(columns: readonly string[]): readonly unknown[] {
  return [
    ...labels.map((name) => ({ [name]: { usage: 'LABEL', description: name } })),
    ...columns.map((name) => ({ [name]: { usage: 'GAUGE', description: name } })),
  ];
}
