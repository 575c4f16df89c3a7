import type { Panel } from '../../../src/sdk.ts';
import { walPanels } from './wal.ts';

const io = 'versions before 16 do not have pg_stat_io.';
const ioTiming = 'track_io_timing is off, its default.';
const statements = 'pg_stat_statements is not installed, or nobody ran a query.';

export const performancePanels: readonly Panel[] = [
  {
    title: 'Transactions',
    description: 'Transactions a second that were committed or rolled back, those of the agent included.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, database) (rate($commits{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}} · committed',
      },
      {
        expr: 'sum by (target, database) (rate($rollbacks{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}} · rolled back',
      },
    ],
  },
  {
    title: 'Queries',
    description: 'Queries a second, without utility statements and those of Reeve.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, database) (rate($statementCalls{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}}',
      },
    ],
    usuallyEmpty: statements,
  },
  {
    title: 'Time spent in queries',
    description:
      'Seconds of execution a second: about how many sessions are at work on average. Growing at equal load means slower queries.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      {
        expr: 'sum by (target, database) (rate($statementSeconds{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}}',
      },
    ],
    usuallyEmpty: statements,
  },
  {
    title: 'Latency of queries',
    description:
      'Mean, median, 95th and 99th percentile, estimated from pg_stat_statements. A median that holds while the tail grows points at a few statements; the report of top statements names them.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 12,
    queries: [
      {
        expr: 'max by (target, database) ($statementMeanSeconds{$on})',
        legend: '{{target}} · {{database}} · mean',
      },
      {
        expr: 'max by (target, database) ($statementP50Seconds{$on})',
        legend: '{{target}} · {{database}} · 50 %',
      },
      {
        expr: 'max by (target, database) ($statementP95Seconds{$on})',
        legend: '{{target}} · {{database}} · 95 %',
      },
      {
        expr: 'max by (target, database) ($statementP99Seconds{$on})',
        legend: '{{target}} · {{database}} · 99 %',
      },
    ],
    usuallyEmpty: statements,
  },
  {
    title: 'Latency of queries over an hour, 95 %',
    description: 'Time that 95 % of the queries of the last hour stayed below, against the bound for OLAP.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 12,
    queries: [
      {
        expr: 'max by (target, database) ($statementHourlyP95Seconds{$on})',
        legend: '{{target}} · {{database}}',
      },
    ],
    objective: 'olap_query_seconds',
    usuallyEmpty: statements,
  },
  {
    title: 'What active sessions wait for',
    description:
      'Client sessions that run a statement, by wait event; CPU stands for no wait. Much Lock: see the queue. Much IO: the disk. Much LWLock or IPC: contention inside the server.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target, wait) ($activeSessions{$on})', legend: '{{target}} · {{wait}}' }],
    usuallyEmpty: 'no session ran a statement at that moment.',
  },
  {
    title: 'Connections by state',
    description:
      'Client connections without those of the agent. Many that are idle in a transaction point at an application that does not end them.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target, state) ($connections{$on})', legend: '{{target}} · {{state}}' }],
  },
  {
    title: 'Sessions opened',
    description: 'New sessions a second. Each costs a process; more than a few a second ask for a pooler.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, database) (rate($sessions{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}}',
      },
    ],
    usuallyEmpty: 'versions before 14 do not count them.',
  },
  {
    title: 'Rows',
    description:
      'Rows a second that were returned, fetched, inserted, updated or deleted. Far more returned than fetched means scans that filter.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, operation) (rate($rows{$on}[$__rate_interval]))',
        legend: '{{target}} · {{operation}}',
      },
    ],
  },
  {
    title: 'Hit ratios',
    description:
      'Index and table blocks found in shared buffers out of those requested. Low for tables with a good index ratio means sequential scans.',
    kind: 'timeseries',
    unit: 'ratio',
    queries: [
      {
        expr: 'max by (target, database) ($indexHitRatio{$on})',
        legend: '{{target}} · {{database}} · index',
      },
      {
        expr: 'max by (target, database) ($tableHitRatio{$on})',
        legend: '{{target}} · {{database}} · table',
      },
    ],
    usuallyEmpty: 'no block was requested lately.',
  },
  {
    title: 'Blocks read from outside shared buffers',
    description:
      'Blocks a second that were asked of the operating system; it may still have had them in its cache.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, database) (rate($indexBlocksRead{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}} · index',
      },
      {
        expr: 'sum by (target, database) (rate($tableBlocksRead{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}} · table',
      },
    ],
  },
  {
    title: 'Time waiting for blocks',
    description: 'Seconds a second that sessions spent reading and writing blocks.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      {
        expr: 'sum by (target, database) (rate($blockReadSeconds{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}} · read',
      },
      {
        expr: 'sum by (target, database) (rate($blockWriteSeconds{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}} · write',
      },
    ],
    usuallyEmpty: ioTiming,
  },
  {
    title: 'Input and output by process',
    description:
      'Data read, written and added to files by kind of process, WAL left out. Clients that write themselves lack a faster checkpointer or background writer.',
    kind: 'timeseries',
    unit: 'bytesPerSecond',
    queries: [
      {
        expr: 'sum by (target, backend, operation) (rate($ioBytes{$on}[$__rate_interval]))',
        legend: '{{target}} · {{backend}} · {{operation}}',
      },
    ],
    usuallyEmpty: io,
  },
  {
    title: 'Temporary files',
    description:
      'Data a second that statements wrote to temporary files, because sorts and hashes exceed work_mem.',
    kind: 'timeseries',
    unit: 'bytesPerSecond',
    queries: [
      {
        expr: 'sum by (target, database) (rate($tempBytes{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}}',
      },
    ],
  },
  ...walPanels,
  {
    title: 'Lag by stage',
    description:
      'How far each replica, subscriber or WAL receiver is behind: sent (network), written and flushed (its disk), replayed (its processor, or a query there).',
    kind: 'timeseries',
    unit: 'bytes',
    width: 12,
    queries: [
      {
        expr: 'max by (target, replica, stage) ($replicationStageLagBytes{$on})',
        legend: '{{target}} · {{replica}} · {{stage}}',
      },
    ],
    usuallyEmpty: 'nobody is connected for replication.',
  },
  {
    title: 'New statements',
    description:
      'Statements seen for the first time within the last day. A jump that comes with slower queries names the deployment to look at.',
    kind: 'timeseries',
    unit: 'count',
    width: 12,
    queries: [{ expr: 'max by (target) ($newStatements{$on})', legend: '{{target}}' }],
    usuallyEmpty: statements,
  },
];
