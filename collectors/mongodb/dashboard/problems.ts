import { overTime, type Panel } from '../../../src/sdk.ts';

export const problemPanels: readonly Panel[] = [
  overTime(
    'Operations that wait for a ticket',
    'count',
    [
      [
        'max by (target, member, operation) (rate($ticketQueuedSeconds{$on}[$__rate_interval]))',
        '{{member}} {{operation}}',
      ],
    ],
    'How many operations wait for the storage engine at any time, on average. Below 1 is usual; 5 and more is overload: look for scans and slow disks.',
    {
      thresholds: { warning: 5, critical: 50 },
      usuallyEmpty: 'before MongoDB 7.0 the server does not tell it.',
    },
  ),
  overTime(
    'Operations that wait for a lock',
    'count',
    [['max by (target, member, operation) ($lockQueue{$on})', '{{member}} {{operation}}']],
    'Operations in the global queue. Not 0 for minutes: somebody holds a lock (DDL, fsyncLock), or the member is overloaded.',
    { thresholds: { warning: 5, critical: 20 } },
  ),
  overTime(
    'Long operations',
    'count',
    [
      ['max by (target, member) ($longOperations{$on})', 'long, {{member}}'],
      ['max by (target, member) ($blockedOperations{$on})', 'blocked, {{member}}'],
    ],
    'Operations that have run for longer than `longOperation` of the target, and those of them that wait for a lock. `db.currentOp()` names them.',
  ),
  overTime(
    'Longest operation',
    'seconds',
    [['max by (target, member) ($longestOperation{$on})', '{{target}} · {{member}}']],
    'How long the longest one has run. Hours usually mean that nobody waits for it any more.',
    { thresholds: { warning: 600, critical: 3600 } },
  ),
  overTime(
    'Flow control',
    'state',
    [['max by (target, member) ($flowControlLagged{$on})', '{{target}} · {{member}}']],
    'Whether the primary slows writes down because replicas are behind (1). Mend the replica, not the primary.',
    { kind: 'state-timeline' },
  ),
  overTime(
    'Writes that wait for replicas',
    'seconds',
    [
      [
        'max by (target, member) (rate($flowControlSeconds{$on}[$__rate_interval]))',
        '{{target}} · {{member}}',
      ],
    ],
    'Seconds that writes waited for flow control in each second. 0 when all is well.',
  ),
  overTime(
    'Elections',
    'count',
    [['sum by (target, reason) (increase($electionsTotal{$on}[$__range]))', '{{target}} · {{reason}}']],
    'Elections that members called in the time shown, by reason. electionTimeout is a primary that was not heard; priorityTakeover is configuration.',
    { kind: 'bar-gauge', usuallyEmpty: 'the target is a standalone server.' },
  ),
  overTime(
    'Heartbeats from the primary',
    'seconds',
    [['max by (target, member) ($heartbeatAgeSeconds{$on})', '{{target}} · {{member}}']],
    'Time since each replica last heard from its primary; 2 seconds are usual, 10 call an election.',
    { thresholds: { warning: 10, critical: 30 }, usuallyEmpty: 'there is no replica.' },
  ),
  overTime(
    'Majority behind the primary',
    'seconds',
    [['max by (target, replica_set) ($commitLagSeconds{$on})', '{{target}} · {{replica_set}}']],
    'What writes with w: majority wait for. Seconds mean that too few members keep up.',
    { thresholds: { warning: 2, critical: 10 }, usuallyEmpty: 'the target is a standalone server.' },
  ),
  overTime(
    'Internal errors',
    'perSecond',
    [['sum by (target, member, kind) (rate($assertsTotal{$on}[$__rate_interval]))', '{{member}} {{kind}}']],
    'Assertions by kind. user: errors that clients made, such as duplicate keys. regular, msg, tripwire: faults of the server; read its log.',
  ),
  overTime(
    'Writes locked',
    'state',
    [['max by (target, member) ($writesLocked{$on})', '{{target}} · {{member}}']],
    'Whether fsyncLock holds writes back (1): a backup, or one that forgot to unlock.',
    { kind: 'state-timeline' },
  ),
  overTime(
    'Findings',
    'count',
    [['max by (target, code, severity) ($findings{$on})', '{{target}} · {{code}} ({{severity}})']],
    'What Reeve found that somebody should mend. `reeve collect --json` has the texts.',
    { kind: 'table', usuallyEmpty: 'nothing was found.' },
  ),
];
