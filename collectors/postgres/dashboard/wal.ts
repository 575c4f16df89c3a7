import type { Panel } from '../../../src/sdk.ts';

/** The write-ahead log and who writes pages out. */
export const walPanels: readonly Panel[] = [
  {
    title: 'WAL generated',
    description: 'Write-ahead log a second. It is what replicas, archive and disks have to keep up with.',
    kind: 'timeseries',
    unit: 'bytesPerSecond',
    queries: [{ expr: 'sum by (target) (rate($walBytes{$on}[$__rate_interval]))', legend: '{{target}}' }],
    usuallyEmpty: 'versions before 14 do not have pg_stat_wal.',
  },
  {
    title: 'Full pages in WAL',
    description:
      'Whole pages a second that WAL holds, because they changed for the first time since a checkpoint. Many mean that checkpoints come too often.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      { expr: 'sum by (target) (rate($walPageImages{$on}[$__rate_interval]))', legend: '{{target}}' },
    ],
    usuallyEmpty: 'versions before 14 do not have pg_stat_wal.',
  },
  {
    title: 'Checkpoints',
    description:
      'Checkpoints a second by reason. Requested ones should be rare: otherwise raise max_wal_size.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, reason) (rate($checkpoints{$on}[$__rate_interval]))',
        legend: '{{target}} · {{reason}}',
      },
    ],
  },
  {
    title: 'Time of checkpoints',
    description:
      'Seconds a second spent writing and making files durable. Long syncs point at a disk that is overtaxed.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      {
        expr: 'sum by (target) (rate($checkpointWriteSeconds{$on}[$__rate_interval]))',
        legend: '{{target}} · write',
      },
      {
        expr: 'sum by (target) (rate($checkpointSyncSeconds{$on}[$__rate_interval]))',
        legend: '{{target}} · sync',
      },
    ],
  },
  {
    title: 'Buffers written',
    description: 'Dirty buffers a second, by who wrote them out. Backends should write few.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, by) (rate($buffersWritten{$on}[$__rate_interval]))',
        legend: '{{target}} · {{by}}',
      },
    ],
  },
];
