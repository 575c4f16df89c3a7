import type { EngineNotes } from './note.ts';

/** What we know of BigQuery ourselves. */
export const bigquery: EngineNotes = {
  'optimising slow queries': {
    lines: [
      'On demand you pay for the bytes of the columns read, whatever LIMIT says: name the columns, never SELECT *.',
      'Filter on the partitioning column with a constant, so that partitions are pruned; require_partition_filter enforces it. Cluster by what is filtered next.',
      'Reduce rows before joining. Materialise what is asked again and again. maximum_bytes_billed stops what would cost too much before it runs.',
    ],
    manuals: ['https://docs.cloud.google.com/bigquery/docs/best-practices-performance-overview'],
  },
  'partitioning and clustering': {
    lines: [
      'Partition by the date that queries filter on, cluster by up to four columns that are filtered or joined next, most selective first. Tables below a gigabyte gain nothing.',
      'A filter prunes partitions only when it compares the partitioning column with a constant; require_partition_filter refuses queries without one.',
      'A table cannot be changed to another partitioning: copy it, compare counts and checksums, and swap while writers pause, with a snapshot to go back to.',
      'Partition expiry deletes data: it is a decision about data, not about cost.',
      'Batch loads are free and streaming is not; MERGE by partition, and materialised views for what is asked every day.',
    ],
    manuals: [
      'https://docs.cloud.google.com/bigquery/docs/partitioned-tables',
      'https://docs.cloud.google.com/bigquery/docs/clustered-tables',
    ],
  },
  'safe schema migrations': {
    lines: [
      'Adding a nullable column and relaxing REQUIRED are instant; dropping and renaming columns, and narrowing types, are not compatible.',
      'There is no transaction around DDL: one statement a job, each repeatable (IF NOT EXISTS), with a snapshot table before what destroys.',
      'CREATE OR REPLACE TABLE loses what is not copied: policies, descriptions, and the time travel of the old table under the new name.',
    ],
    manuals: [
      'https://docs.cloud.google.com/bigquery/docs/managing-table-schemas',
      'https://docs.cloud.google.com/bigquery/docs/table-snapshots-intro',
    ],
  },
  'backup and restore strategies': {
    lines: [
      'Time travel reaches back two to seven days, fail-safe seven more and only through support. Neither survives the deletion of the dataset for long.',
      'CREATE SNAPSHOT TABLE costs what differs from the base table; give it an expiry, and keep it in another dataset or project.',
      'Prove it: CLONE a snapshot and compare counts and checksums.',
    ],
    manuals: [
      'https://docs.cloud.google.com/bigquery/docs/time-travel',
      'https://docs.cloud.google.com/bigquery/docs/table-snapshots-intro',
    ],
  },
  'bounding storage growth': {
    lines: [
      'Data not changed for 90 days costs half; a rewrite of a partition starts its 90 days again.',
      'Physical billing counts time travel and fail-safe bytes: a shorter time travel window of datasets that are rewritten daily saves most.',
      'Default expiries of datasets and partitions bound staging data.',
    ],
    manuals: ['https://docs.cloud.google.com/bigquery/docs/storage_overview'],
  },
};
