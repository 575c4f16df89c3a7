import type { AlertRule } from '../../../src/sdk.ts';
import { node, series } from './series.ts';

const replicationManual = 'https://redis.io/docs/latest/operate/oss_and_stack/management/replication/';
const sentinelManual = 'https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/';
const clusterManual = 'https://redis.io/docs/latest/operate/oss_and_stack/management/scaling/';
const info = 'redis-cli -u redis://{{ $labels.node }} INFO replication';

export const deploymentAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveRedisNodeDown',
    severity: 'page',
    // When nothing of the deployment answers, the agent's own rule about the target speaks.
    expr: '$nodeUp == 0 and on (job, instance, target) $targetUp == 1',
    for: '2m',
    summary: '{{ $labels.node }} of {{ $labels.target }} does not answer',
    description:
      'One server of the deployment is gone: there is no failover left, or part of the keys cannot be served.',
    command: 'redis-cli -u redis://{{ $labels.node }} PING',
    runbook: {
      meaning:
        'Reeve reaches the deployment and not this server. Users of a Cluster feel it if no replica took over.',
      steps: [
        'From the machine of the agent: `redis-cli -h <host> -p <port> PING`',
        'On its machine: `systemctl status redis-server`, and `tail -n 50 <log>`',
        'Killed by the kernel? `dmesg -T | grep -i "out of memory"`',
        'See what the others think: `redis-cli INFO replication`, `redis-cli CLUSTER NODES` or `redis-cli -p 26379 SENTINEL replicas <name>`',
        'Taken away on purpose? The others remember it until they are told: `redis-cli -p 26379 SENTINEL RESET <name>` on each Sentinel, half a minute apart, or `redis-cli CLUSTER FORGET <node id>` on every node within a minute.',
      ],
      afterwards: 'It ends when the server answers, or is no longer part of the deployment.',
      links: [replicationManual, clusterManual],
    },
    tests: {
      fires: { series: [series('nodeUp', '1x5 0x10'), series('targetUp', '1x15', '')], after: '10m' },
      // Another agent has a target of the same name, and reaches it.
      quiet: {
        series: [
          series('nodeUp', '1x5 0x10'),
          series('targetUp', '1x5 0x10', ''),
          series('targetUp', '1x15', 'job="reeve",instance="staging:9464"'),
        ],
        after: '10m',
      },
    },
  },
  {
    name: 'ReeveRedisLinkDown',
    severity: 'page',
    expr: '$linkUp == 0',
    for: '2m',
    summary: 'Replica {{ $labels.node }} of {{ $labels.target }} has no link to its primary',
    description:
      'It serves old data and cannot take over without losing what it lacks. When the backlog is used up it has to be synchronised from scratch.',
    command: info,
    runbook: {
      meaning:
        'master_link_status is down. Users who read from this replica see old values, or errors with replica-serve-stale-data no.',
      steps: [
        'On the replica: `redis-cli INFO replication | grep -E "master_host|master_link|master_sync"`',
        'Read why: `grep -iE "MASTER|sync" <log> | tail -n 20`. "NOAUTH" or "WRONGPASS": masteruser and masterauth. "Connection refused" or timeouts: network, or the primary.',
        'From its machine: `redis-cli -h <primary> -p <port> PING`',
        'A synchronisation that fails again and again: raise client-output-buffer-limit replica and repl-backlog-size on the primary.',
      ],
      afterwards: 'It ends when the link is up; watch reeve_replication_lag_seconds until it has caught up.',
      links: [replicationManual],
    },
    tests: {
      fires: { series: [series('linkUp', '1x5 0x10')], after: '10m' },
      quiet: { series: [series('linkUp', '1x5 0x1 1x10')], after: '10m' },
    },
  },
  {
    name: 'ReeveRedisReplicaMissing',
    severity: 'page',
    expr: '($connectedReplicas < max_over_time($connectedReplicas[6h] offset 5m)) and on (job, instance, target, node) $isPrimary == 1',
    for: '5m',
    summary:
      'Primary {{ $labels.node }} of {{ $labels.target }} has {{ $value }} replicas, fewer than within the last six hours',
    description:
      'A replica left and did not come back. With none left, losing the primary loses data; with min-replicas-to-write it refuses writes.',
    command: info,
    runbook: {
      meaning: 'A replica is no longer connected to its primary.',
      steps: [
        'See who is there: `redis-cli INFO replication`',
        'Find the missing one; does it run, what does its log say? See ReeveRedisLinkDown.',
        'See whether writes are refused: `redis-cli CONFIG GET min-replicas-to-write`',
        'After a failover: did the old primary come back as a replica? `redis-cli -h <old primary> REPLICAOF <primary> <port>` where no Sentinel or Cluster does it.',
      ],
      afterwards:
        'It ends when it is back, or six hours after one was taken away on purpose (silence it until then).',
      links: [replicationManual],
    },
    tests: {
      fires: {
        series: [series('isPrimary', '1x120'), series('connectedReplicas', '2x60 1x60')],
        after: '70m',
      },
      quiet: {
        series: [series('isPrimary', '1x60 0x60'), series('connectedReplicas', '2x60 0x60')],
        after: '70m',
      },
    },
  },
  {
    name: 'ReeveRedisFullSyncs',
    severity: 'ticket',
    expr: 'increase($fullSyncsTotal[1h]) > 3',
    for: '0s',
    summary:
      'Replicas of {{ $labels.node }} ({{ $labels.target }}) were synchronised from scratch {{ $value | humanize }} times within an hour',
    description: 'Each one forks the primary and sends all its data. Replicas may never catch up.',
    command: info,
    runbook: {
      meaning:
        'Replicas lose their link for longer than the backlog lasts, or are cut off while they are synchronised.',
      steps: [
        'Read the log of the primary: `grep -iE "resync|sync|output buffer" <log> | tail -n 20`',
        '"scheduled to be closed ASAP for overcoming of output buffer limits": `redis-cli CONFIG SET client-output-buffer-limit "replica 512mb 128mb 120"`',
        'Links that break often: look at the network, and keep more of the stream: `redis-cli CONFIG SET repl-backlog-size 256mb`',
      ],
      afterwards: 'It ends an hour after the last ones. `redis-cli CONFIG REWRITE` keeps the changes.',
      links: [replicationManual],
    },
    tests: {
      fires: { series: [series('fullSyncsTotal', '1+1x20')], after: '15m' },
      quiet: { series: [series('fullSyncsTotal', '0x5 1x20')], after: '15m' },
    },
  },
  {
    name: 'ReeveRedisClusterNotOk',
    severity: 'page',
    expr: '$clusterOk == 0',
    for: '1m',
    summary: 'Node {{ $labels.node }} of cluster {{ $labels.target }} does not serve all keys',
    description:
      'With cluster-require-full-coverage, the default, the node answers CLUSTERDOWN to every command.',
    command: 'redis-cli -u redis://{{ $labels.node }} CLUSTER INFO',
    runbook: {
      meaning:
        'Hash slots have no primary, or this node sees only a minority of the primaries. Users see CLUSTERDOWN.',
      steps: [
        'See slots and nodes: `redis-cli CLUSTER INFO`, `redis-cli CLUSTER NODES | grep -E "fail|noaddr"`',
        'Check the whole: `redis-cli --cluster check <host>:<port>`',
        'Bring the failed primary back, or have its replica take over: on the replica `redis-cli CLUSTER FAILOVER FORCE` (without a majority: TAKEOVER).',
        'Slots that nobody has: `redis-cli --cluster fix <host>:<port>`, after reading what it would do.',
      ],
      afterwards: 'It ends when the state is ok. Every primary needs a replica on another machine.',
      links: [clusterManual, 'https://redis.io/docs/latest/commands/cluster-info/'],
    },
    tests: {
      fires: { series: [series('clusterOk', '1x5 0x10')], after: '10m' },
      quiet: { series: [series('clusterOk', '1x20')], after: '10m' },
    },
  },
  {
    name: 'ReeveRedisSentinelPrimaryDown',
    severity: 'page',
    // One Sentinel that is cut off by itself holds it for down too: a primary that answers Reeve is none that is missing.
    expr: '$sentinelPrimaryUp == 0 unless on (job, instance, target) $isPrimary == 1',
    for: '1m',
    summary: 'Sentinel holds the primary of {{ $labels.target }} for down, and no other one has taken over',
    description: 'Nothing can be written until a replica is promoted or the primary comes back.',
    command: 'redis-cli -p 26379 SENTINEL MASTERS',
    runbook: {
      meaning: 'Sentinel does not reach the primary and the failover has not ended.',
      steps: [
        'See what Sentinel thinks: `redis-cli -p 26379 SENTINEL MASTER <name>` and `redis-cli -p 26379 SENTINEL REPLICAS <name>`',
        'May they fail over? `redis-cli -p 26379 SENTINEL CKQUORUM <name>`',
        'Read why not: `grep -E "\\+odown|failover|\\-failover-abort" <log of Sentinel> | tail -n 20`',
        'Force it: `redis-cli -p 26379 SENTINEL FAILOVER <name>`',
      ],
      afterwards: 'It ends when there is a primary. See that the old one came back as a replica.',
      links: [sentinelManual],
    },
    tests: {
      fires: {
        series: [
          series('sentinelPrimaryUp', '1x5 0x10', ''),
          series('isPrimary', '1x5 stale'),
          series('isPrimary', '0x20', 'node="10.0.0.6:6379"'),
        ],
        after: '10m',
      },
      quiet: {
        series: [series('sentinelPrimaryUp', '1x5 0x10', ''), series('isPrimary', '1x20')],
        after: '10m',
      },
    },
  },
  {
    name: 'ReeveRedisSentinelNoQuorum',
    severity: 'page',
    expr: '$sentinelQuorumOk == 0',
    for: '2m',
    summary: 'Too few Sentinels of {{ $labels.target }} are reachable: no failover is possible',
    description: 'Everything works until the primary fails; then nobody takes over.',
    command: 'redis-cli -p 26379 SENTINEL CKQUORUM <name>',
    runbook: {
      meaning:
        'Fewer Sentinels than the quorum, or than their majority, see each other. Users feel nothing yet.',
      steps: [
        'See it: `redis-cli -p 26379 SENTINEL CKQUORUM <name>`',
        'See which are missing: `redis-cli -p 26379 SENTINEL SENTINELS <name>`; start them.',
        'Sentinels that are gone for good still count: `redis-cli -p 26379 SENTINEL RESET <name>` on each, half a minute apart.',
      ],
      afterwards: 'It ends when the quorum is there. Three Sentinels on three machines are the least.',
      links: [sentinelManual],
    },
    tests: {
      fires: { series: [series('sentinelQuorumOk', '1x5 0x10', '')], after: '10m' },
      quiet: { series: [series('sentinelQuorumOk', '1x20', '')], after: '10m' },
    },
  },
  {
    name: 'ReeveRedisLoading',
    severity: 'ticket',
    expr: '$loading == 1',
    for: '10m',
    summary: '{{ $labels.node }} ({{ $labels.target }}) has been loading its data for over ten minutes',
    description: 'It answers LOADING to nearly every command until it is done.',
    command: 'redis-cli -u redis://{{ $labels.node }} INFO persistence',
    runbook: {
      meaning:
        'The server was started, or a replica received a whole copy, and it reads the data set into memory.',
      steps: [
        'How far is it? `redis-cli INFO persistence | grep -E "loading_loaded_perc|loading_eta_seconds"`',
        'Is the disk slow? `iostat -x 5`',
        'Do not restart it: it would begin anew. Send clients to another server meanwhile.',
      ],
      afterwards:
        'It ends when the data are loaded. A rewritten append-only file with an RDB preamble loads faster.',
      links: ['https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/'],
    },
    tests: {
      fires: { series: [series('loading', '1x20')], after: '15m' },
      quiet: { series: [series('loading', '1x5 0x15', node)], after: '15m' },
    },
  },
  {
    name: 'ReeveRedisRestarted',
    severity: 'info',
    expr: '$uptimeSeconds < 600',
    for: '0s',
    summary: '{{ $labels.node }} ({{ $labels.target }}) was started {{ $value | humanizeDuration }} ago',
    description:
      'What was not persistent is gone and the cache is cold. If nobody did it on purpose, the server crashed or was killed.',
    command: 'redis-cli -u redis://{{ $labels.node }} INFO server',
    runbook: {
      meaning: 'The server was started within the last ten minutes.',
      steps: [
        'Was it announced? Then this is the confirmation.',
        'Otherwise read the log: `grep -nE "crashed|signal|BUG REPORT|Server initialized" <log> | tail`, and `dmesg -T | grep -i "out of memory"`',
        'See that the data are there: `redis-cli INFO keyspace`',
      ],
      afterwards: 'It ends ten minutes after the start.',
      links: ['https://redis.io/docs/latest/operate/oss_and_stack/management/troubleshooting/'],
    },
    tests: {
      fires: { series: [series('uptimeSeconds', '100+60x20')], after: '5m' },
      quiet: { series: [series('uptimeSeconds', '86400+60x20')], after: '5m' },
    },
  },
];
