import type { AlertRule } from '../../../src/sdk.ts';
import { member, onMember, onThatMember, pages, runningLongest, series } from './series.ts';

const read = `${member},operation="read"`;

const connections = {
  name: 'ReeveMongodbConnectionsNearLimit',
  summary:
    '{{ $labels.member }} ({{ $labels.target }}) has {{ $value | humanizePercentage }} of its connections in use',
  description: 'At the limit new connections are refused: applications that start or reconnect get errors.',
  command: onMember('db.serverStatus().connections'),
  runbook: {
    meaning:
      'Connections run out. Users feel nothing until they do; then parts of the application fail at random.',
    steps: [
      `See who holds them: ${onThatMember('db.currentOp(true).inprog.map(o => o.appName + " " + (o.client ?? "").split(":")[0]).reduce((n, k) => (n[k] = (n[k] ?? 0) + 1, n), {})')}`,
      'Growing with deployments of an application: its pools are too large or leak. `maxPoolSize` of the driver times processes must stay below the limit; restart the instances of the leaking one.',
      'Growing with slow operations: go on with ReeveMongodbTicketQueue; connections are the symptom.',
      'See the limit: `ulimit -n` of the process (`cat /proc/$(pgrep -x mongod)/limits | grep "open files"`) and `net.maxIncomingConnections`; each connection takes up to 1 MB of memory.',
    ],
    afterwards: 'It ends when fewer are open. Give each application a bounded pool.',
    links: pages('reference/command/serverStatus', 'tutorial/connection-pool-performance-tuning'),
  },
} as const;

const ticketQueue = {
  name: 'ReeveMongodbTicketQueue',
  summary:
    'On {{ $labels.member }} ({{ $labels.target }}) {{ $value | humanize }} {{ $labels.operation }} operations wait for a ticket at any time',
  description:
    'The storage engine works on as much as it can, and the rest waits. Every operation gets slower, and clients that time out and try again make it worse.',
  command: onMember(runningLongest),
  runbook: {
    meaning: 'The member is overloaded. Users see everything slow.',
    steps: [
      `See what runs longest: ${onThatMember(runningLongest)}`,
      `End what nobody needs: ${onThatMember('db.killOp(<opid>)')}`,
      `Queries that scan: ${onThatMember('db.currentOp({ planSummary: "COLLSCAN" }).inprog.map(o => [o.ns, o.secs_running, o.command])')}; give them an index.`,
      'Is the disk the limit? `iostat -x 5 3` on the host, and the panels of the cache.',
      'Take load away: move reads to replicas, pause batch jobs, limit the pools of the applications.',
    ],
    afterwards:
      'It ends when the queue is short. Do not raise the number of tickets: the server adapts it from 7.0 on.',
    links: pages('reference/command/serverStatus', 'administration/analyzing-mongodb-performance'),
  },
} as const;

export const loadAlerts: readonly AlertRule[] = [
  {
    ...connections,
    severity: 'ticket',
    for: '10m',
    expr: '$connectionUtilization > 0.8',
    tests: {
      fires: { series: [series('connectionUtilization', '0.7x5 0.85x30', member)], after: '20m' },
      quiet: { series: [series('connectionUtilization', '0.79x40', member)], after: '20m' },
    },
  },
  {
    ...connections,
    severity: 'page',
    for: '2m',
    expr: '$connectionUtilization > 0.95',
    tests: {
      fires: { series: [series('connectionUtilization', '0.7x5 0.97x30', member)], after: '10m' },
      quiet: { series: [series('connectionUtilization', '0.9x40', member)], after: '20m' },
    },
  },
  {
    ...ticketQueue,
    severity: 'ticket',
    for: '10m',
    expr: 'rate($ticketQueuedSeconds[5m]) > 5',
    tests: {
      fires: { series: [series('ticketQueuedSeconds', '0x5 0+600x40', read)], after: '30m' },
      quiet: { series: [series('ticketQueuedSeconds', '0+200x60', read)], after: '30m' },
    },
  },
  {
    ...ticketQueue,
    severity: 'page',
    for: '5m',
    expr: 'rate($ticketQueuedSeconds[5m]) > 50',
    tests: {
      fires: { series: [series('ticketQueuedSeconds', '0x5 0+6000x40', read)], after: '25m' },
      quiet: { series: [series('ticketQueuedSeconds', '0+600x60', read)], after: '30m' },
    },
  },
  {
    name: 'ReeveMongodbTicketsExhausted',
    severity: 'page',
    // From 7.0 on the number adapts, so that none left is no overload; there the queue is told of.
    expr: '$ticketsAvailable == 0 unless on (job, instance, target, engine, member, operation) $ticketQueue',
    for: '5m',
    summary: '{{ $labels.member }} ({{ $labels.target }}) has no {{ $labels.operation }} ticket left',
    description:
      'All 128 places of the storage engine are taken and further operations wait. Every operation gets slower.',
    command: onMember(runningLongest),
    runbook: ticketQueue.runbook,
    tests: {
      fires: { series: [series('ticketsAvailable', '100x5 0x20', read)], after: '15m' },
      quiet: {
        series: [series('ticketsAvailable', '100x5 0x20', read), series('ticketQueue', '0x25', read)],
        after: '15m',
      },
    },
  },
  {
    name: 'ReeveMongodbLockQueue',
    severity: 'ticket',
    expr: 'sum without (operation) ($lockQueue) > 20',
    for: '5m',
    summary:
      '{{ $value }} operations of {{ $labels.member }} ({{ $labels.target }}) wait for a lock or a ticket',
    description:
      'Something holds a lock (a DDL command, an index build that begins or ends, fsyncLock) or the member is overloaded. Waiting requests fill the pools of applications.',
    command: onMember(
      'db.currentOp({ waitingForLock: true }).inprog.map(o => [o.opid, o.secs_running, o.ns, o.op])',
    ),
    runbook: {
      meaning: 'Operations queue. Users see requests that hang.',
      steps: [
        `See who waits for what: ${onThatMember('db.currentOp({ waitingForLock: true }).inprog.map(o => [o.opid, o.secs_running, o.ns, o.op, o.locks])')}`,
        `See who holds it, usually the oldest that does not wait: ${onThatMember('db.currentOp({ active: true, waitingForLock: false }).inprog.sort((a, b) => b.secs_running - a.secs_running).slice(0, 5)')}`,
        `End the holder if it can be ended: ${onThatMember('db.killOp(<opid>)')}; never end operations of the server itself.`,
        'Nobody holds one: it is load; go on with ReeveMongodbTicketQueue.',
      ],
      afterwards: 'It ends when the queue is short. Run DDL in quiet hours with `maxTimeMS`.',
      links: pages('faq/concurrency', 'reference/method/db.killOp'),
    },
    tests: {
      fires: {
        series: [
          series('lockQueue', '0x5 15x20', read),
          series('lockQueue', '0x5 15x20', `${member},operation="write"`),
        ],
        after: '15m',
      },
      quiet: {
        series: [
          series('lockQueue', '15x30', read),
          series('lockQueue', '2x30', `${member},operation="write"`),
        ],
        after: '15m',
      },
    },
  },
  {
    name: 'ReeveMongodbCacheFull',
    severity: 'ticket',
    expr: '$cacheFillRatio > 0.95',
    for: '10m',
    summary:
      'The cache of {{ $labels.member }} ({{ $labels.target }}) is {{ $value | humanizePercentage }} full',
    description:
      'From 95 % on the operations of clients must make room themselves before they go on: everything gets slower, most of all writes.',
    command: onMember('db.serverStatus().wiredTiger.cache["bytes currently in the cache"]'),
    runbook: {
      meaning: 'Eviction does not keep up. Users see slow and uneven answers.',
      steps: [
        `See what reads or writes most: ${onThatMember(runningLongest)}`,
        `Long transactions and cursors pin old versions: ${onThatMember('db.currentOp({ "transaction.timeOpenMicros": { $gte: 60000000 } }).inprog.map(o => [o.opid, o.appName, o.transaction.timeOpenMicros])')}; end those that were forgotten.`,
        'A replica that is behind makes the primary keep history: see ReeveMongodbMajorityCommitLag.',
        'Is the disk too slow to write it out? `iostat -x 5 3`',
        `Last: more memory, and \`storage.wiredTiger.engineConfig.cacheSizeGB\` (half of the memory by default).`,
      ],
      afterwards: 'It ends below 95 %. 80 % is what the server keeps in normal operation.',
      links: pages('core/wiredtiger', 'reference/command/serverStatus'),
    },
    tests: {
      fires: { series: [series('cacheFillRatio', '0.8x5 0.97x30', member)], after: '20m' },
      quiet: { series: [series('cacheFillRatio', '0.8x40', member)], after: '20m' },
    },
  },
  {
    name: 'ReeveMongodbCacheDirty',
    severity: 'ticket',
    expr: '$cacheDirtyRatio > 0.2',
    for: '5m',
    summary:
      '{{ $value | humanizePercentage }} of the cache of {{ $labels.member }} ({{ $labels.target }}) waits to be written',
    description:
      'From 20 % on the operations of clients must write pages out themselves: writes stall in bursts.',
    command: 'iostat -x 5 3',
    runbook: {
      meaning: 'More is written than the disk takes. Users see writes that stall.',
      steps: [
        'Is the disk the limit? `iostat -x 5 3` on the host: %util near 100, or the throughput that the volume is paid for.',
        'Which writes? The panel of operations; bulk loads and TTL deletions are usual. Slow them down or split them.',
        `A checkpoint that takes long: ${onThatMember('db.serverStatus().wiredTiger.transaction["transaction checkpoint most recent time (msecs)"]')}`,
      ],
      afterwards: 'It ends below 20 %; 5 % is usual.',
      links: pages('core/wiredtiger', 'administration/production-notes'),
    },
    tests: {
      fires: { series: [series('cacheDirtyRatio', '0.04x5 0.25x20', member)], after: '15m' },
      quiet: { series: [series('cacheDirtyRatio', '0.04x5 0.25x3 0.1x20', member)], after: '9m' },
    },
  },
  {
    name: 'ReeveMongodbFlowControl',
    severity: 'ticket',
    expr: '$flowControlLagged == 1',
    for: '5m',
    summary: '{{ $labels.member }} ({{ $labels.target }}) slows writes down because replicas are behind',
    description:
      'The primary holds writes back so that the majority stays within 10 seconds. Applications see writes get slower although the primary itself is idle.',
    command: onMember('db.serverStatus().flowControl'),
    runbook: {
      meaning: 'Replicas apply slower than the primary writes.',
      steps: [
        `See who is behind: ${onThatMember('rs.printSecondaryReplicationInfo()')}`,
        'Compare its disk and memory with those of the primary; a smaller replica cannot keep up.',
        'Slow down bulk writes until it has.',
      ],
      afterwards:
        'It ends when the majority is within the target. Do not switch flow control off: the cache of the primary pays for it.',
      links: pages('tutorial/troubleshoot-replica-sets', 'replication'),
    },
    tests: {
      fires: { series: [series('flowControlLagged', '0x5 1x20', member)], after: '15m' },
      quiet: { series: [series('flowControlLagged', '0x5 1x3 0x20', member)], after: '9m' },
    },
  },
];
