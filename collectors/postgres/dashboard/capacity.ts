import type { Panel } from '../../../src/sdk.ts';

export const capacityPanels: readonly Panel[] = [
  {
    title: 'Size of databases',
    description: 'Space on disk by database. The forecast beside it says where it goes.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [
      { expr: 'max by (target, database) ($storageBytes{$on})', legend: '{{target}} · {{database}}' },
    ],
  },
  {
    title: 'Forecast of the size',
    description:
      "Median and interval of eight in ten at the projection's date. Above the projection: archive, partition or plan for a larger disk.",
    kind: 'timeseries',
    unit: 'bytes',
    queries: [
      {
        expr: 'max by (target, database) ($storageForecastBytes{$on})',
        legend: '{{target}} · {{database}} · median',
      },
      {
        expr: 'max by (target, database) ($storageForecastLowerBytes{$on})',
        legend: '{{target}} · {{database}} · lower',
      },
      {
        expr: 'max by (target, database) ($storageForecastUpperBytes{$on})',
        legend: '{{target}} · {{database}} · upper',
      },
    ],
    objective: 'storage_bytes_forecast',
    usuallyEmpty: 'there are not yet enough days of history.',
  },
  {
    title: 'Tables and indexes',
    description: 'Size of user tables, their indexes and TOAST tables, as of their last vacuum or analyze.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [
      {
        expr: 'max by (target, database, kind) ($relationBytes{$on})',
        legend: '{{target}} · {{database}} · {{kind}}',
      },
    ],
  },
  {
    title: 'Write-ahead log on disk',
    description:
      'Size of pg_wal. Far above max_wal_size: a slot or the archive holds it back. When the disk is full the server stops.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [{ expr: 'max by (target) ($walDirectoryBytes{$on})', legend: '{{target}}' }],
  },
  {
    title: 'WAL kept for slots',
    description:
      'WAL that the server keeps for each replication slot. A line that climbs belongs to a consumer that is gone or too slow.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [{ expr: 'max by (target, slot) ($slotRetainedBytes{$on})', legend: '{{target}} · {{slot}}' }],
    thresholds: { warning: 10 * 2 ** 30, critical: 50 * 2 ** 30 },
    usuallyEmpty: 'the server has no replication slot.',
  },
  {
    title: 'WAL until slots are lost',
    description:
      'How much WAL can be written before each slot is in danger of losing what its consumer needs. At 0 it is invalidated at the next checkpoint.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [{ expr: 'min by (target, slot) ($slotSafeBytes{$on})', legend: '{{target}} · {{slot}}' }],
    usuallyEmpty:
      'max_slot_wal_keep_size is not set, its default, so that slots are never lost and the disk may fill instead.',
  },
  {
    title: 'Connections against the limit',
    description: 'Client connections, and how many ordinary roles may open.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      { expr: 'max by (target) (sum without (state) ($connections{$on}))', legend: '{{target}} · open' },
      { expr: 'max by (target) ($maxConnections{$on})', legend: '{{target}} · limit' },
    ],
  },
  {
    title: 'Statements tracked',
    description:
      'Statements that pg_stat_statements holds, and how many it can. When it is full it throws out the least executed ones, and latencies miss their calls.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      { expr: 'max by (target) ($statementsTracked{$on})', legend: '{{target}} · held' },
      { expr: 'max by (target) ($statementsMaximum{$on})', legend: '{{target}} · most' },
    ],
    usuallyEmpty: 'pg_stat_statements is not installed.',
  },
  {
    title: 'Files that wait to be archived',
    description:
      'WAL files that are not archived yet. A number that grows means that the archive is slower than the writes.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target) ($archiveBacklog{$on})', legend: '{{target}}' }],
    usuallyEmpty: 'none of these servers archives WAL (archive_mode).',
  },
];
