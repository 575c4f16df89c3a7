/** What its operations offer, so that the configuration can name the one that was meant. */
export const bigqueryActions = [
  'require_partition_filter',
  'copy_partitioned',
  'set_daily_quota',
  'apply_migration',
] as const;
