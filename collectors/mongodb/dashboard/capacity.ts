import { overTime, type Panel } from '../../../src/sdk.ts';

const byMember = '{{target}} · {{member}}';

export const capacityPanels: readonly Panel[] = [
  overTime(
    'Connections taken',
    'ratio',
    [['max by (target, member) ($connectionUtilization{$on})', byMember]],
    'Part of the connections the server accepts. At 100 % new ones are refused.',
    { kind: 'gauge', width: 6, thresholds: { warning: 0.8, critical: 0.95 } },
  ),
  overTime(
    'Connections',
    'count',
    [
      ['max by (target, member) ($connectionsCurrent{$on})', 'open {{member}}'],
      ['max by (target, member) ($connectionsActive{$on})', 'active {{member}}'],
    ],
    'Open connections, and those with an operation in progress. Many open and few active: pools that are too large.',
    { width: 6 },
  ),
  overTime(
    'New connections',
    'perSecond',
    [['sum by (target, member) (rate($connectionsCreatedTotal{$on}[$__rate_interval]))', byMember]],
    'Connections accepted. Many: an application that does not keep them; each costs a thread and a login.',
    { width: 6 },
  ),
  overTime(
    'Tickets in use',
    'count',
    [
      ['max by (target, member, operation) ($ticketsInUse{$on})', '{{member}} {{operation}} in use'],
      ['max by (target, member, operation) ($ticketsAvailable{$on})', '{{member}} {{operation}} free'],
    ],
    'What the storage engine works on at once, and how much more it would begin. From 7.0 on the number adapts, so that none free is no overload by itself.',
    { width: 6 },
  ),
  overTime(
    'Cache fill',
    'ratio',
    [['max by (target, member) ($cacheFillRatio{$on})', byMember]],
    'Data in the cache against its limit. 80 % is what the server keeps; from 95 % operations have to make room.',
    { thresholds: { warning: 0.85, critical: 0.95 } },
  ),
  overTime(
    'Cache not written yet',
    'ratio',
    [['max by (target, member) ($cacheDirtyRatio{$on})', byMember]],
    '5 % is usual; from 20 % operations have to write pages out themselves.',
    { thresholds: { warning: 0.1, critical: 0.2 } },
  ),
  overTime(
    'Memory',
    'bytes',
    [
      ['max by (target, member) ($memoryResidentBytes{$on})', 'process {{member}}'],
      ['max by (target, member) ($cacheLimitBytes{$on})', 'limit of the cache {{member}}'],
    ],
    'Memory of the process, and how much of it the cache may take. Connections and sorts come on top.',
  ),
  overTime(
    'Oplog window',
    'seconds',
    [['min by (target, member) ($oplogWindowSeconds{$on})', byMember]],
    'How long a member may be away and still catch up. Less than a day is short.',
    {
      thresholds: { warning: 86400, critical: 7200, below: true },
      usuallyEmpty: 'the target is a standalone server.',
    },
  ),
  overTime(
    'Headroom in the oplog',
    'seconds',
    [['min by (target, member) ($oplogHeadroomSeconds{$on})', byMember]],
    'How much further each replica may fall behind before it has to be copied anew.',
    { thresholds: { warning: 21600, critical: 3600, below: true }, usuallyEmpty: 'there is no replica.' },
  ),
  overTime(
    'Size of databases',
    'bytes',
    [['max by (target, database) ($storageBytes{$on})', '{{target}} · {{database}}']],
    'Data and indexes on disk, of one member of each replica set.',
    { objective: 'storage_bytes_forecast', usuallyEmpty: 'sizes are read every 5 minutes.' },
  ),
  overTime(
    'Data and indexes',
    'bytes',
    [
      ['max by (target, database) ($dataBytes{$on})', 'data before compression, {{database}}'],
      ['max by (target, database) ($indexBytes{$on})', 'indexes, {{database}}'],
    ],
    'What the space is for. Indexes larger than data ask for the index review.',
    { usuallyEmpty: 'sizes are read every 5 minutes.' },
  ),
  overTime(
    'Biggest collections',
    'bytes',
    [
      [
        'topk(20, max by (target, database, collection) ($collectionBytes{$on}))',
        '{{database}}.{{collection}}',
      ],
    ],
    'Space on disk, indexes included.',
    { kind: 'bar-gauge', usuallyEmpty: 'collections are read in turns, every 5 minutes.' },
  ),
  overTime(
    'Fastest growing collections',
    'bytes',
    [
      [
        'topk(20, max by (target, database, collection) ($collectionGrowthBytes{$on}))',
        '{{database}}.{{collection}}',
      ],
    ],
    'Growth in a day, at the pace of the last one to two days.',
    { kind: 'bar-gauge', usuallyEmpty: 'it takes an hour of watching.' },
  ),
];
