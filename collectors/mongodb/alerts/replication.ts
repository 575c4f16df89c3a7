import type { AlertRule } from '../../../src/sdk.ts';
import { member, onDeployment, onMember, onThatMember, pages, second, series } from './series.ts';

const byMember = 'on (job, instance, target, engine, member)';
const lagByMember = 'label_replace($lagSeconds{engine="mongodb"} > 60, "member", "$1", "replica", "(.*)")';
const replica = 'replica="db2:27017"';

const oplogWindow = {
  name: 'ReeveMongodbOplogWindowShort',
  for: '30m',
  summary:
    'The oplog of {{ $labels.member }} ({{ $labels.target }}) holds only {{ $value | humanizeDuration }}',
  description:
    'A replica, a backup or a change stream that is away for longer cannot go on from where it was: replicas have to be copied anew, change streams lose events.',
  command: onMember('rs.printReplicationInfo()'),
  runbook: {
    meaning:
      'Writes fill the oplog faster than its size is made for. Users feel nothing; the time there is for a restart or a repair is short.',
    steps: [
      `See size and window: ${onThatMember('rs.printReplicationInfo()')}`,
      'See whether a burst of writes (a bulk load, a TTL index, updates of large arrays) is the reason, and whether it ends: the panel of operations.',
      `Make it larger, on each member, replicas first; takes effect at once: ${onThatMember('db.adminCommand({ replSetResizeOplog: 1, size: Double(51200), minRetentionHours: Double(24) })')} (size in MB).`,
      'See that the disk holds it: `df -h <dbpath>`',
    ],
    afterwards:
      'It ends when the window is longer. `minRetentionHours` keeps it long at the price of disk space.',
    links: pages('core/replica-set-oplog', 'tutorial/change-oplog-size'),
  },
} as const;

export const replicationAlerts: readonly AlertRule[] = [
  {
    ...oplogWindow,
    severity: 'ticket',
    // A member that was started lately has a short oplog because it is young.
    expr: `$oplogWindowSeconds < 86400 and ${byMember} $uptimeSeconds > 86400`,
    tests: {
      fires: {
        series: [
          series('oplogWindowSeconds', '40000x60', member),
          series('uptimeSeconds', '900000x60', member),
        ],
        after: '40m',
      },
      quiet: {
        series: [
          series('oplogWindowSeconds', '40000x60', member),
          series('uptimeSeconds', '40000x60', member),
        ],
        after: '40m',
      },
    },
  },
  {
    ...oplogWindow,
    severity: 'page',
    expr: `$oplogWindowSeconds < 7200 and ${byMember} $uptimeSeconds > 7200`,
    tests: {
      fires: {
        series: [
          series('oplogWindowSeconds', '5000x60', member),
          series('uptimeSeconds', '900000x60', member),
        ],
        after: '40m',
      },
      quiet: {
        series: [
          series('oplogWindowSeconds', '9000x60', member),
          series('uptimeSeconds', '900000x60', member),
        ],
        after: '40m',
      },
    },
  },
  {
    name: 'ReeveMongodbFallsOffOplog',
    severity: 'page',
    expr: `$oplogHeadroomSeconds < 3600 and ${byMember} ${lagByMember}`,
    for: '5m',
    summary:
      '{{ $labels.member }} of {{ $labels.target }} falls off the oplog of its primary in {{ $value | humanizeDuration }}',
    description:
      'When what it has still to apply is gone from the oplog, it stops for good and has to be copied anew, which takes hours and loads another member.',
    command: onMember('rs.printSecondaryReplicationInfo()'),
    runbook: {
      meaning:
        'The replica is behind, and the oplog holds less than an hour more than it needs. Users of this replica read old data.',
      steps: [
        `Give it time first: on the primary ${onThatMember('db.adminCommand({ replSetResizeOplog: 1, size: Double(102400), minRetentionHours: Double(48) })')}`,
        `See what it waits for: ${onThatMember('db.serverStatus().metrics.repl.buffer')} and \`iostat -x 5 3\` on its host.`,
        'Take load away from it: no backups, no reporting reads (`rs.conf()` tags, readPreference), no index builds.',
        'Put off bulk writes on the primary until it has caught up.',
      ],
      afterwards:
        'It ends when the lag is gone or the oplog longer. If it fell off: stop it, empty `<dbpath>`, start it, and watch STARTUP2 become SECONDARY.',
      links: pages('core/replica-set-oplog', 'tutorial/resync-replica-set-member'),
    },
    tests: {
      fires: {
        series: [series('oplogHeadroomSeconds', '3000x30', second), series('lagSeconds', '9000x30', replica)],
        after: '15m',
      },
      quiet: {
        series: [series('oplogHeadroomSeconds', '3000x30', second), series('lagSeconds', '0x30', replica)],
        after: '15m',
      },
    },
  },
  {
    name: 'ReeveMongodbReplicationStopped',
    severity: 'page',
    // Other engines publish a lag of the same name.
    expr: 'delta($lagSeconds{engine="mongodb"}[10m]) > 540',
    for: '2m',
    summary: '{{ $labels.replica }} of {{ $labels.target }} applies nothing: its lag grows as fast as time',
    description:
      'The replica has stopped applying operations. It serves ever older data, cannot take over without loss, and falls off the oplog in the end.',
    command: onDeployment('rs.printSecondaryReplicationInfo()'),
    runbook: {
      meaning:
        'Replication to one member stands still. Writes with w: majority wait as well if it is needed for the majority.',
      steps: [
        `See its state and what it syncs from: ${onThatMember('rs.status().members.forEach(m => print(m.name, m.stateStr, m.syncSourceHost, m.optimeDate))')}`,
        `Is it locked? ${onThatMember('db.currentOp().fsyncLock')}; unlock with ${onThatMember('db.fsyncUnlock()')}`,
        'Is its disk full or stuck? `df -h <dbpath>; iostat -x 5 3` on its host.',
        `Is a long operation in its way? ${onThatMember('db.currentOp({ secs_running: { $gte: 60 } }).inprog')}`,
        `Let it sync from another member: ${onThatMember('rs.syncFrom("<other member>")')}; restart it if it does not move.`,
      ],
      afterwards: 'It ends when the lag shrinks. Watch ReeveMongodbFallsOffOplog until it has caught up.',
      links: pages('tutorial/troubleshoot-replica-sets', 'reference/command/replSetSyncFrom'),
    },
    tests: {
      fires: { series: [series('lagSeconds', '0x5 0+60x30', replica)], after: '20m' },
      quiet: {
        series: [
          series('lagSeconds', '0x5 0+30x30', replica),
          {
            series: '$lagSeconds{target="orders",engine="postgres",replica="standby"}',
            values: '0x5 0+60x30',
          },
        ],
        after: '20m',
      },
    },
  },
  {
    name: 'ReeveMongodbHeartbeatLost',
    severity: 'ticket',
    expr: '$heartbeatAgeSeconds > 30',
    for: '5m',
    summary:
      '{{ $labels.member }} of {{ $labels.target }} last heard from its primary {{ $value | humanizeDuration }} ago',
    description:
      'Reeve reaches this member, its primary does not: the network between them is cut in one direction or both. Its lag is unknown meanwhile, and it may call elections.',
    command: onMember(
      'rs.status().members.forEach(m => print(m.name, m.lastHeartbeatRecv, m.lastHeartbeatMessage ?? ""))',
    ),
    runbook: {
      meaning: 'Members do not hear each other. Users feel nothing until an election follows.',
      steps: [
        `Ask both sides whom they hear: ${onThatMember('rs.status().members.forEach(m => print(m.name, m.health, m.lastHeartbeat, m.lastHeartbeatRecv))')}`,
        'Try the network both ways: `nc -vz <other member> 27017` on each host; firewalls and changed addresses are the usual cause.',
        'Is name resolution the same on both? `getent hosts <name in rs.conf()>`',
      ],
      afterwards: 'It ends with the next heartbeat.',
      links: pages('tutorial/troubleshoot-replica-sets'),
    },
    tests: {
      fires: { series: [series('heartbeatAgeSeconds', '1x5 10+60x20', second)], after: '15m' },
      quiet: { series: [series('heartbeatAgeSeconds', '2x30', second)], after: '15m' },
    },
  },
  {
    name: 'ReeveMongodbMajorityCommitLag',
    severity: 'page',
    expr: '$commitLagSeconds > 10',
    for: '5m',
    summary:
      'The majority of {{ $labels.replica_set }} ({{ $labels.target }}) is {{ $value | humanizeDuration }} behind its primary',
    description:
      'Writes with w: majority, the default, wait that long or time out, and the cache of the primary fills with what it must keep for the others.',
    command: onDeployment('rs.printSecondaryReplicationInfo()'),
    runbook: {
      meaning: 'Too few members keep up with the primary. Users see slow writes and write concern timeouts.',
      steps: [
        `See who is behind: ${onThatMember('rs.printSecondaryReplicationInfo()')}`,
        'With an arbiter one slow data-bearing member is enough: a set of primary, secondary and arbiter needs both for the majority.',
        'Bring the slow member forward as in ReeveMongodbReplicationStopped, or take its vote until it has caught up: `cfg = rs.conf(); cfg.members[<n>].votes = 0; cfg.members[<n>].priority = 0; rs.reconfig(cfg)`',
      ],
      afterwards:
        'It ends when the majority has caught up. Give the vote back. Replace arbiters by members with data.',
      links: pages('core/replica-set-write-concern', 'tutorial/mitigate-psa-performance-issues'),
    },
    tests: {
      fires: { series: [series('commitLagSeconds', '0x5 20x20', 'replica_set="rs0"')], after: '15m' },
      quiet: { series: [series('commitLagSeconds', '0x5 20x3 1x20', 'replica_set="rs0"')], after: '9m' },
    },
  },
];
