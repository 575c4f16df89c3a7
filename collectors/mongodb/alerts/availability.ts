import type { AlertRule } from '../../../src/sdk.ts';
import {
  member,
  onDeployment,
  onMember,
  onThatMember,
  pages,
  second,
  series,
  shortStatus,
} from './series.ts';

const set = 'replica_set="rs0"';
const elections = pages('core/replica-set-elections', 'tutorial/troubleshoot-replica-sets');

export const availabilityAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveMongodbNoPrimary',
    severity: 'page',
    // When no member answers, nobody can say who is primary.
    expr: '$setPrimaries == 0 or $setMembersUp == 0',
    for: '1m',
    summary: 'No member of {{ $labels.replica_set }} ({{ $labels.target }}) accepts writes',
    description:
      'Every write fails or waits until a majority of the voting members agree on a primary. Reads go on only from replicas, where applications allow it.',
    command: onDeployment(shortStatus),
    runbook: {
      meaning:
        'The replica set has had no primary for over a minute; an ordinary election takes about twelve seconds. Users see writes that time out.',
      steps: [
        `See who answers and in which state: ${onThatMember(shortStatus)} on any member that is up.`,
        'Count voting members that are up: without a majority there can be no primary. Start those that are down before anything else: `systemctl start mongod`',
        `Members are up and nobody is elected: read why in the log of each, \`grep -E '"c":"(ELECTION|REPL)"' <log> | tail -n 40\`, and try the network between them, \`nc -vz <other member> 27017\``,
        'Only when a majority is lost for good, and you accept losing writes that never reached the survivors: reconfigure on a survivor with `rs.reconfig(<config of the survivors>, { force: true })`.',
      ],
      afterwards:
        'It ends when a member is primary. If rollback files appeared (`<dbpath>/rollback`), decide what becomes of the writes in them. An odd number of voting members in three places prevents most of these.',
      links: [...elections, ...pages('tutorial/reconfigure-replica-set-with-unavailable-members')],
    },
    tests: {
      fires: {
        series: [
          series('setPrimaries', '1x5 0x10', set),
          series('setMembersUp', '3x5 1x10', set),
          series('setPrimaries', '1x5 _x10', 'replica_set="rs1"'),
          series('setMembersUp', '3x5 0x10', 'replica_set="rs1"'),
        ],
        after: '9m',
      },
      quiet: {
        series: [series('setPrimaries', '1x4 0 1x10', set), series('setMembersUp', '3x4 2 3x10', set)],
        after: '5m',
      },
    },
  },
  {
    name: 'ReeveMongodbTwoPrimaries',
    severity: 'page',
    expr: '$setPrimaries > 1',
    for: '2m',
    summary:
      '{{ $value }} members of {{ $labels.replica_set }} ({{ $labels.target }}) call themselves primary',
    description:
      'One of them is cut off from the majority and does not know yet: what applications write there is rolled back when it comes back.',
    command: onDeployment(shortStatus),
    runbook: {
      meaning:
        'For moments of an election this is normal, for minutes it means a split network or two sets of one name under one target. Writes to the old primary without w: majority will be lost.',
      steps: [
        `On each of them compare the term; the higher one is right: ${onThatMember('rs.status().term')}`,
        `Make the other step down: ${onThatMember('rs.stepDown(60)')}, or stop it if it does not answer: \`systemctl stop mongod\``,
        'Mend the network between the members, then start it again and watch it roll back: `ls <dbpath>/rollback`',
      ],
      afterwards: 'It ends when one primary is left. Applications that must not lose writes use w: majority.',
      links: [...elections, ...pages('core/replica-set-rollbacks')],
    },
    tests: {
      fires: { series: [series('setPrimaries', '1x5 2x10', set)], after: '9m' },
      quiet: { series: [series('setPrimaries', '1x4 2x1 1x10', set)], after: '6m' },
    },
  },
  {
    name: 'ReeveMongodbMemberDown',
    severity: 'ticket',
    expr: '$memberUp == 0 and on (job, instance, target, engine) $targetUp == 1',
    for: '5m',
    summary: '{{ $labels.member }} of {{ $labels.target }} does not answer',
    description:
      'The others carry its load. While it is away the set tolerates one failure less, and when it stays away for longer than the oplog holds it has to be copied anew.',
    command: onMember('db.hello()'),
    runbook: {
      meaning: 'The process is down, hangs, or the network to it is cut. Users usually feel nothing.',
      steps: [
        'Is it up? `systemctl status mongod` and `journalctl -u mongod --since -1h | tail -n 50` on that host.',
        'Is it killed for want of memory or disk? `dmesg -T | grep -i -E "oom|i/o error"; df -h <dbpath>`',
        `Start it and watch it catch up: ${onThatMember('rs.printSecondaryReplicationInfo()')}`,
      ],
      afterwards:
        'It ends when the member answers. One that was removed on purpose goes away with the configuration: `rs.remove("<member>")`, or `exclude` of the target.',
      links: pages('tutorial/troubleshoot-replica-sets', 'tutorial/resync-replica-set-member'),
    },
    tests: {
      fires: { series: [series('memberUp', '1x5 0x15', member), series('targetUp', '1x30')], after: '12m' },
      quiet: {
        series: [series('memberUp', '1x5 0x15', member), series('targetUp', '1x5 0x15')],
        after: '12m',
      },
    },
  },
  {
    name: 'ReeveMongodbNoFaultTolerance',
    severity: 'page',
    expr: '$setMembersUp < $setMembers and $setMembersUp <= floor($setMembers / 2) + 1',
    for: '10m',
    summary:
      'Only {{ $value }} members of {{ $labels.replica_set }} ({{ $labels.target }}) are up: one more failure stops writes',
    description:
      'The members that are up are just a majority, or less. When one more goes, the primary steps down and nobody accepts writes.',
    command: onDeployment(shortStatus),
    runbook: {
      meaning:
        'Members are missing and no further one may fail (all members are taken as voting). Users feel nothing yet; no maintenance may begin now.',
      steps: [
        `See who is missing: ${onThatMember(shortStatus)} on any member.`,
        'Bring it back as in ReeveMongodbMemberDown; put off restarts and upgrades of the others.',
        'If it cannot come back today, add another data-bearing member elsewhere: `rs.add("<host:port>")`, and remove the lost one afterwards.',
      ],
      afterwards:
        'It ends when a member more is up. Sets of five, or of three in three places, tolerate more.',
      links: pages('core/replica-set-architectures', 'tutorial/expand-replica-set'),
    },
    tests: {
      fires: {
        series: [series('setMembers', '3x40', set), series('setMembersUp', '3x5 2x30', set)],
        after: '20m',
      },
      quiet: {
        series: [series('setMembers', '5x40', set), series('setMembersUp', '5x5 4x30', set)],
        after: '20m',
      },
    },
  },
  {
    name: 'ReeveMongodbMemberUnhealthy',
    severity: 'ticket',
    expr: '$memberState{state=~"RECOVERING|STARTUP|UNKNOWN|REMOVED"} == 1',
    for: '15m',
    summary: '{{ $labels.member }} of {{ $labels.target }} has been {{ $labels.state }} for 15 minutes',
    description:
      'A member in this state serves no reads and may not become primary. RECOVERING that does not end usually means that it fell off the oplog and has to be copied anew.',
    command: onMember('rs.status().members.filter(m => m.self)'),
    runbook: {
      meaning: 'The member is up and takes no part. Users feel it only through the load on the others.',
      steps: [
        `See what it says: ${onThatMember('rs.status().members.filter(m => m.self).forEach(m => print(m.stateStr, m.infoMessage, m.optimeDate))')}`,
        `"too stale to catch up" or code RS102 in its log: resync. Stop it, empty \`<dbpath>\`, start it: it copies everything from another member.`,
        'REMOVED: it is not in the configuration, or knows itself by another name: compare `rs.conf().members` with its host name.',
        'STARTUP: it cannot read its configuration: see that the others reach it, `nc -vz <member> 27017`.',
      ],
      afterwards: 'It ends when the member is SECONDARY. A longer oplog window prevents the resync.',
      links: pages('reference/replica-states', 'tutorial/resync-replica-set-member'),
    },
    tests: {
      fires: { series: [series('memberState', '1x30', `${member},state="RECOVERING"`)], after: '20m' },
      quiet: { series: [series('memberState', '1x90', `${member},state="STARTUP2"`)], after: '80m' },
    },
  },
  {
    name: 'ReeveMongodbRollback',
    severity: 'page',
    expr: 'max_over_time($memberState{state="ROLLBACK"}[10m]) == 1',
    for: '0s',
    summary: '{{ $labels.member }} of {{ $labels.target }} rolls back writes',
    description:
      'Writes that this member took as primary never reached a majority and are being undone. They are lost to applications unless somebody brings them back from the rollback files.',
    command: 'ls -lR <dbpath>/rollback',
    runbook: {
      meaning:
        'A former primary came back after a failover with writes nobody else has. Users may miss what they were told was saved.',
      steps: [
        'Find the files: `ls -lR <dbpath>/rollback` on the member.',
        'Read them: `bsondump <file>.bson | head`',
        'Decide with the owner of the data what is written again: `mongorestore --uri "<connection string>" --nsInclude <db>.<collection> <file>.bson` into a collection of its own first.',
        "Find who writes without w: majority: `db.adminCommand({ getDefaultRWConcern: 1 })`, and the applications' connection strings.",
      ],
      afterwards:
        'It ends ten minutes after the member left the state. Keep the rollback files until the data is accounted for. w: majority (the default since 5.0) prevents it.',
      links: pages('core/replica-set-rollbacks'),
    },
    tests: {
      fires: { series: [series('memberState', '_x5 1x1 _x20', `${member},state="ROLLBACK"`)], after: '8m' },
      quiet: { series: [series('memberState', '1x30', `${member},state="SECONDARY"`)], after: '20m' },
    },
  },
  {
    name: 'ReeveMongodbElections',
    severity: 'ticket',
    expr: 'changes($setTerm[1h]) >= 3',
    for: '0s',
    summary: '{{ $labels.replica_set }} ({{ $labels.target }}) held {{ $value }} elections within an hour',
    description:
      'Each election stops writes for about twelve seconds and drops connections. Repeated ones mean an overloaded primary, a flapping network, or members whose priorities fight.',
    command: onDeployment('rs.status().electionCandidateMetrics'),
    runbook: {
      meaning: 'The primary keeps changing. Users see bursts of errors that pass.',
      steps: [
        `See the reason of the last one: ${onThatMember('db.serverStatus().electionMetrics')} on each member; electionTimeout is a primary that was not heard, priorityTakeover is configuration.`,
        `See whether the primary was stalled then: \`grep -E '"c":"(ELECTION|REPL)"|Slow query|serverStatus was very slow' <log> | tail -n 60\``,
        'Compare priorities: `rs.conf().members.map(m => [m.host, m.priority, m.votes])`. Equal ones do not fight.',
        'Over a slow network raise the timeout: `cfg = rs.conf(); cfg.settings.electionTimeoutMillis = 20000; rs.reconfig(cfg)`',
      ],
      afterwards: 'It ends an hour after the last three. Look for stalls of disk and CPU at those moments.',
      links: elections,
    },
    tests: {
      fires: { series: [series('setTerm', '7x10 8x10 9x10 10x60', set)], after: '45m' },
      quiet: { series: [series('setTerm', '7x30 8x60', set)], after: '45m' },
    },
  },
  {
    name: 'ReeveMongodbRestarted',
    severity: 'info',
    expr: '$uptimeSeconds < 900',
    for: '0s',
    summary: '{{ $labels.member }} of {{ $labels.target }} was started {{ $value | humanizeDuration }} ago',
    description: 'If nobody did it, it crashed: counts of index use begin anew and its cache is cold.',
    command: 'journalctl -u mongod --since -1h | tail -n 50',
    runbook: {
      meaning: 'The process is young. Users may feel a cold cache for some minutes.',
      steps: [
        'Was it planned? Otherwise read the end of the life before: `journalctl -u mongod --since -2h | grep -E "signal|fatal|abort|oom" | tail`',
        'Was it killed for want of memory? `dmesg -T | grep -i oom | tail`. The cache takes half of the memory unless `storage.wiredTiger.engineConfig.cacheSizeGB` says less.',
      ],
      afterwards: 'It ends by itself after 15 minutes.',
      links: pages('reference/command/serverStatus'),
    },
    tests: {
      fires: { series: [series('uptimeSeconds', '1000000x5 30+60x5', second)], after: '8m' },
      quiet: { series: [series('uptimeSeconds', '100000+60x30', second)], after: '10m' },
    },
  },
];
