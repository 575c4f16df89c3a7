import type { AlertRule } from '../../../src/sdk.ts';
import { node, series } from './series.ts';

const manual = 'https://redis.io/docs/latest/develop/reference/clients/';
const command = 'redis-cli -u redis://{{ $labels.node }} CLIENT LIST';

const nearLimit = {
  name: 'ReeveRedisClientsNearLimit',
  for: '5m',
  summary:
    '{{ $labels.node }} ({{ $labels.target }}) has used {{ $value | humanizePercentage }} of its client connections',
  description: 'At maxclients every new connection is refused; the agent and replicas are shut out too.',
  command,
  runbook: {
    meaning:
      'Nearly as many clients are connected as maxclients allows. Users see "max number of clients reached" when it is full.',
    steps: [
      'Count them by name and address: `redis-cli CLIENT LIST | sed -E "s/.* addr=([^:]*):.* name=([^ ]*) .*/\\1 \\2/" | sort | uniq -c | sort -rn | head`',
      'Idle ones? A pool leaks or is too large: `redis-cli CONFIG SET timeout 300` ends those idle for five minutes.',
      'Gain time: `redis-cli CONFIG SET maxclients 20000` (the limit of open files must allow it).',
    ],
    afterwards: 'It ends when connections are closed. Mend the pool of the application that holds most.',
    links: [manual],
  },
} as const;

export const clientAlerts: readonly AlertRule[] = [
  {
    ...nearLimit,
    severity: 'ticket',
    expr: '$clientsConnected / $clientsLimit > 0.8',
    tests: {
      fires: {
        series: [series('clientsConnected', '8500x20'), series('clientsLimit', '10000x20')],
        after: '10m',
      },
      quiet: {
        series: [series('clientsConnected', '7900x20'), series('clientsLimit', '10000x20')],
        after: '10m',
      },
    },
  },
  {
    ...nearLimit,
    severity: 'page',
    expr: '$clientsConnected / $clientsLimit > 0.95',
    tests: {
      fires: {
        series: [series('clientsConnected', '9800x20'), series('clientsLimit', '10000x20')],
        after: '10m',
      },
      quiet: {
        series: [series('clientsConnected', '9400x20'), series('clientsLimit', '10000x20')],
        after: '10m',
      },
    },
  },
  {
    name: 'ReeveRedisConnectionsRejected',
    severity: 'page',
    expr: 'increase($connectionsRejectedTotal[5m]) > 0',
    for: '1m',
    summary:
      '{{ $labels.node }} ({{ $labels.target }}) refused {{ $value | humanize }} connections within five minutes',
    description: 'maxclients is reached: applications cannot connect.',
    command,
    runbook: nearLimit.runbook,
    tests: {
      fires: { series: [series('connectionsRejectedTotal', '0x5 5+5x10')], after: '10m' },
      quiet: { series: [series('connectionsRejectedTotal', '70x20')], after: '10m' },
    },
  },
  {
    name: 'ReeveRedisErrorReplies',
    severity: 'ticket',
    expr: 'rate($errorRepliesTotal[10m]) / rate($commandsTotal[10m]) > 0.05 and rate($errorRepliesTotal[10m]) > 1',
    for: '10m',
    summary:
      '{{ $value | humanizePercentage }} of the commands at {{ $labels.node }} ({{ $labels.target }}) end in an error',
    description:
      'An application uses the server wrongly, lacks a permission, or the server refuses what it cannot do.',
    command: 'redis-cli -u redis://{{ $labels.node }} INFO errorstats',
    runbook: {
      meaning: 'More than one command in twenty gets an error reply.',
      steps: [
        'Which errors? `redis-cli INFO errorstats`. MOVED and ASK are normal in a Cluster while slots move; NOSCRIPT after a restart.',
        'Which commands? `redis-cli INFO commandstats | grep -vE "rejected_calls=0,failed_calls=0"`',
        'NOPERM: `redis-cli ACL LOG 10`. OOM: ReeveRedisMemoryAtLimit. MISCONF: ReeveRedisSaveFailing. READONLY: a client writes to a replica.',
      ],
      afterwards: 'It ends when fewer than one in twenty fail.',
      links: ['https://redis.io/docs/latest/commands/info/'],
    },
    tests: {
      fires: {
        series: [series('errorRepliesTotal', '0+600x40'), series('commandsTotal', '0+6000x40')],
        after: '30m',
      },
      quiet: {
        series: [series('errorRepliesTotal', '0+60x40'), series('commandsTotal', '0+6000x40')],
        after: '30m',
      },
    },
  },
  {
    name: 'ReeveRedisSaturated',
    severity: 'ticket',
    expr: 'rate($eventLoopSecondsTotal[5m]) > 0.9',
    for: '10m',
    summary:
      'The main thread of {{ $labels.node }} ({{ $labels.target }}) is busy {{ $value | humanizePercentage }} of the time',
    description: 'Commands wait for each other; the time clients see grows although each command is quick.',
    command: 'redis-cli -u redis://{{ $labels.node }} --latency',
    runbook: {
      meaning: 'One thread runs all commands, and it has no time left.',
      steps: [
        'What takes it? `redis-cli INFO commandstats | sort -t= -k3 -rn | head`, and `redis-cli SLOWLOG GET 10`',
        'Commands over everything (KEYS, SMEMBERS, HGETALL of large keys): have the application use SCAN, or smaller keys.',
        'Network: pipelines, and `io-threads` for large values.',
        'Spread the load: read from replicas, or a Cluster.',
      ],
      afterwards: 'It ends when there is time again.',
      links: ['https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency/'],
    },
    tests: {
      fires: { series: [series('eventLoopSecondsTotal', '0+58x30', node)], after: '20m' },
      quiet: { series: [series('eventLoopSecondsTotal', '0+30x30', node)], after: '20m' },
    },
  },
];
