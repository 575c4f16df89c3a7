import { overTime, type Panel } from '../../../src/sdk.ts';

const byMember = '{{target}} · {{member}}';

export const performancePanels: readonly Panel[] = [
  overTime(
    'Latency of reads and writes',
    'seconds',
    [
      ['max by (target, member) ($latencyP50Seconds{$on})', 'p50 {{member}}'],
      ['max by (target, member) ($latencyP99Seconds{$on})', 'p99 {{member}}'],
    ],
    'Half and 99 of 100 operations are done within these. A wide gap means that a few are slow: look at scans and long operations.',
    { usuallyEmpty: 'mongos keeps no histograms.' },
  ),
  overTime(
    'Mean latency by kind',
    'seconds',
    [['max by (target, member, operation) ($latencyMeanSeconds{$on})', '{{member}} {{operation}}']],
    'Mean time of reads, writes, commands and transactions. Transactions include the time between their statements.',
    { usuallyEmpty: 'nobody did anything yet.' },
  ),
  overTime(
    'Operations by member',
    'perSecond',
    [['sum by (target, member) (rate($operationsTotal{$on}[$__rate_interval]))', byMember]],
    'Where the work is done. Reads on the primary alone may be moved to replicas.',
  ),
  overTime(
    'Replicated operations',
    'perSecond',
    [
      [
        'sum by (target, member, operation) (rate($replicatedOperationsTotal{$on}[$__rate_interval]))',
        '{{member}} {{operation}}',
      ],
    ],
    'Operations applied from the oplog: what the primary writes, every replica applies.',
  ),
  overTime(
    'Documents',
    'perSecond',
    [
      [
        'sum by (target, operation) (rate($documentsTotal{$on}[$__rate_interval]))',
        '{{target}} · {{operation}}',
      ],
    ],
    'Documents returned, inserted, updated and deleted.',
  ),
  overTime(
    'Documents looked at for each returned',
    'count',
    [
      ['max by (target, member) ($scannedDocumentsPerReturned{$on})', 'documents, {{member}}'],
      ['max by (target, member) ($scannedKeysPerReturned{$on})', 'keys, {{member}}'],
    ],
    '1 is ideal. More than 1,000 asks for an index: `db.currentOp({planSummary: "COLLSCAN"})`.',
    { thresholds: { warning: 100, critical: 1000 }, usuallyEmpty: 'no query returned a document lately.' },
  ),
  overTime(
    'Scans of whole collections',
    'perSecond',
    [['sum by (target, member) (rate($collectionScansTotal{$on}[$__rate_interval]))', byMember]],
    'Queries that read a whole collection. A few on small ones are harmless.',
  ),
  overTime(
    'Sorts without an index',
    'perSecond',
    [['sum by (target, member) (rate($sortsInMemoryTotal{$on}[$__rate_interval]))', byMember]],
    'Queries whose result was sorted in memory because no index gives the order.',
  ),
  overTime(
    'Cache hit ratio',
    'ratio',
    [['min by (target, member) ($cacheHitRatio{$on})', byMember]],
    'Pages asked of the cache that were there. A fall means that the working set no longer fits.',
    { usuallyEmpty: 'too few pages were asked for lately.' },
  ),
  overTime(
    'Pages read from disk',
    'perSecond',
    [['sum by (target, member) (rate($cachePagesReadTotal{$on}[$__rate_interval]))', byMember]],
    'Pages that were not in the cache. Each costs the disk a read.',
  ),
  overTime(
    'Eviction',
    'perSecond',
    [
      [
        'sum by (target, member, page) (rate($cacheEvictedTotal{$on}[$__rate_interval]))',
        '{{member}} {{page}}',
      ],
      [
        'sum by (target, member) (rate($cacheApplicationEvictedTotal{$on}[$__rate_interval]))',
        '{{member}} by applications',
      ],
    ],
    'Pages put out of the cache. What applications put out themselves makes their operations slow.',
  ),
  overTime(
    'Write conflicts',
    'perSecond',
    [['sum by (target, member) (rate($writeConflictsTotal{$on}[$__rate_interval]))', byMember]],
    'Writes that had to try again because another changed the same document. Many: hot documents, such as counters.',
  ),
  overTime(
    'Transactions',
    'perSecond',
    [
      [
        'sum by (target, member, outcome) (rate($transactionsTotal{$on}[$__rate_interval]))',
        '{{member}} {{outcome}}',
      ],
    ],
    'Multi-document transactions that ended. Many aborted ones: conflicts, or the limit of 60 seconds.',
  ),
  overTime(
    'Network',
    'bytesPerSecond',
    [
      ['sum by (target, member) (rate($networkReceivedBytes{$on}[$__rate_interval]))', 'in {{member}}'],
      ['sum by (target, member) (rate($networkSentBytes{$on}[$__rate_interval]))', 'out {{member}}'],
    ],
    'Traffic of clients and of replication. Much going out for few operations: large documents, missing projections.',
  ),
  overTime(
    'Requests',
    'perSecond',
    [['sum by (target, member) (rate($networkRequestsTotal{$on}[$__rate_interval]))', byMember]],
    'Requests the server received, heartbeats and monitoring included.',
  ),
];
