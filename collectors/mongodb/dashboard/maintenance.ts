import { overTime, type Panel } from '../../../src/sdk.ts';

const indexesRead = 'indexes are read every 10 minutes, and of a database only when all of it was read.';
const onlySharded = 'the target is not sharded.';

export const maintenancePanels: readonly Panel[] = [
  overTime(
    'Unused indexes overdue for review',
    'bytes',
    [['max by (target, database) ($overdueUnusedIndexBytes{$on})', '{{target}} · {{database}}']],
    'Size of indexes that were proven unused on every member before the last quarter ended. They cost every write; `reeve report index-review` lists them.',
    {
      kind: 'stat',
      objective: 'unused_index_bytes',
      usuallyEmpty: 'nothing is proven before the window of `unusedAfter` is over.',
    },
  ),
  overTime(
    'Unused indexes',
    'count',
    [['max by (target, database) ($unusedIndexes{$on})', '{{target}} · {{database}}']],
    'Indexes proven unused on every member of every shard for the whole window.',
    { kind: 'stat', usuallyEmpty: 'nothing is proven before the window of `unusedAfter` is over.' },
  ),
  overTime(
    'Indexes by what is known of them',
    'count',
    [
      [
        'sum by (target, verdict) (max by (target, database, verdict) ($indexVerdicts{$on}))',
        '{{target}} · {{verdict}}',
      ],
    ],
    'kept: whatever their use (unique, TTL, shard key …); used; unproven: watched for too short a time; unused.',
    { kind: 'bar-gauge', usuallyEmpty: indexesRead },
  ),
  overTime(
    'How long index use has been watched',
    'seconds',
    [['min by (target, database) ($indexWatchAge{$on})', '{{target}} · {{database}}']],
    'A proof needs the whole window without a gap.',
    { kind: 'stat', usuallyEmpty: indexesRead },
  ),
  overTime(
    'Redundant indexes',
    'bytes',
    [['max by (target, database) ($redundantIndexBytes{$on})', '{{target}} · {{database}}']],
    'Size of indexes that are the beginning of another one.',
    { usuallyEmpty: indexesRead },
  ),
  overTime(
    'Hidden indexes and builds',
    'count',
    [
      ['max by (target, database) ($hiddenIndexes{$on})', 'hidden, {{database}}'],
      ['max by (target, database) ($buildingIndexes{$on})', 'being built, {{database}}'],
    ],
    'Hidden ones cost as much as others and help nobody: drop or show them when the trial is over.',
    { usuallyEmpty: indexesRead },
  ),
  overTime(
    'TTL deletions',
    'perSecond',
    [['sum by (target, member) (rate($ttlDeletedTotal{$on}[$__rate_interval]))', '{{target}} · {{member}}']],
    'Documents that TTL indexes removed. Bursts load the disk and the oplog.',
  ),
  overTime(
    'Cursors',
    'count',
    [
      ['max by (target, member) ($cursorsOpen{$on})', 'open {{member}}'],
      [
        'sum by (target, member) (increase($cursorsTimedOutTotal{$on}[$__rate_interval]))',
        'timed out {{member}}',
      ],
    ],
    'Open cursors, and those whose client did not come back. Growing: an application that does not close them.',
  ),
  overTime(
    'Balancer',
    'state',
    [
      ['max by (target) ($balancerEnabled{$on})', 'on, {{target}}'],
      ['max by (target) ($balancerRunning{$on})', 'moving, {{target}}'],
    ],
    'Whether data may be spread over the shards, and whether it is being moved now.',
    { kind: 'state-timeline', usuallyEmpty: onlySharded },
  ),
  overTime(
    'Chunks by shard',
    'count',
    [
      ['max by (target, shard) ($chunks{$on})', '{{target}} · {{shard}}'],
      ['max by (target, shard) ($jumboChunks{$on})', 'jumbo, {{shard}}'],
    ],
    'Chunks of each shard; jumbo ones cannot be moved. From 6.0 on chunks differ in size, so that their number says little.',
    { usuallyEmpty: onlySharded },
  ),
  overTime(
    'Moves of chunks',
    'count',
    [
      [
        'sum by (target, shard) (increase($migrationsCommitted{$on}[$__rate_interval]))',
        'moved from {{shard}}',
      ],
      [
        'sum by (target, shard) (increase($migrationsFailed{$on}[$__rate_interval]))',
        'failed from {{shard}}',
      ],
    ],
    'Chunks that shards gave away, and moves that were broken off.',
    { usuallyEmpty: onlySharded },
  ),
  overTime(
    'Indexes that differ between shards',
    'count',
    [['max by (target, database) ($differingIndexes{$on})', '{{target}} · {{database}}']],
    'Not 0: a query is fast on one shard and slow on another. Create or drop through mongos.',
    { kind: 'stat', thresholds: { warning: 1, critical: 10 }, usuallyEmpty: onlySharded },
  ),
];
