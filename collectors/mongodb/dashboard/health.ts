import { overTime, type Panel } from '../../../src/sdk.ts';

const onlySets = 'the target is a standalone server.';

export const healthPanels: readonly Panel[] = [
  overTime(
    'Members that answer',
    'state',
    [['max by (target, member) ($memberUp{$on})', '{{target}} · {{member}}']],
    'Whether each member answered in the latest collection. 0: look at its host and log; see ReeveMongodbMemberDown.',
    { kind: 'stat', width: 8, thresholds: { warning: 1, critical: 1, below: true } },
  ),
  overTime(
    'Primaries',
    'count',
    [['max by (target, replica_set) ($setPrimaries{$on})', '{{target}} · {{replica_set}}']],
    'Members that call themselves primary: one. None means that nobody accepts writes; two for minutes that the network is split.',
    { kind: 'stat', width: 4, thresholds: { warning: 1, critical: 1, below: true }, usuallyEmpty: onlySets },
  ),
  overTime(
    'Members up',
    'count',
    [
      ['max by (target, replica_set) ($setMembersUp{$on})', 'up, {{target}} · {{replica_set}}'],
      ['max by (target, replica_set) ($setMembers{$on})', 'configured, {{target}} · {{replica_set}}'],
    ],
    'Members that answer, and those that are configured. At a bare majority no further one may fail.',
    { kind: 'stat', width: 4, usuallyEmpty: onlySets },
  ),
  overTime(
    'Time since start',
    'seconds',
    [['min by (target, member) ($uptimeSeconds{$on})', '{{target}} · {{member}}']],
    'How long each process has been running. A start that nobody planned was a crash.',
    { kind: 'stat', width: 8, thresholds: { warning: 3600, critical: 600, below: true } },
  ),
  overTime(
    'State of members',
    'state',
    [['max by (target, member, state) ($memberState{$on})', '{{member}} {{state}}']],
    'The state in which each member sees itself: PRIMARY, SECONDARY and ARBITER are well. STARTUP2 copies everything; RECOVERING that lasts fell off the oplog; ROLLBACK undoes writes.',
    { kind: 'state-timeline', width: 12, usuallyEmpty: onlySets },
  ),
  overTime(
    'Replication lag',
    'seconds',
    [['max by (target, replica) ($lagSeconds{$on})', '{{target}} · {{replica}}']],
    'How far each replica is behind its primary, read from the members themselves; what is delayed on purpose is not counted. Absent while it cannot be known.',
    { width: 12, objective: 'replication_lag_seconds', usuallyEmpty: onlySets },
  ),
  overTime(
    'Latency of operations, 95 %',
    'seconds',
    [['max by (target, member) ($latencyP95Seconds{$on})', '{{target}} · {{member}}']],
    'Time within which 95 of 100 reads and writes are done. When it rises look at tickets, cache and scans below.',
    {
      objective: 'oltp_query_seconds',
      usuallyEmpty: 'mongos keeps no histograms, and a new target needs two collections.',
    },
  ),
  overTime(
    'Operations',
    'perSecond',
    [
      [
        'sum by (target, operation) (rate($operationsTotal{$on}[$__rate_interval]))',
        '{{target}} · {{operation}}',
      ],
    ],
    'Operations of clients, those of Reeve included. A sudden fall is as telling as a rise.',
  ),
  overTime(
    'Versions',
    'state',
    [
      [
        'count by (target, version) (max by (target, member, version) ($memberInfo{$on}))',
        '{{target}} · {{version}}',
      ],
    ],
    'Members by version. More than one is fine during an upgrade and no longer.',
    { kind: 'stat' },
  ),
];
