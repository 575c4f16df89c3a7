import type { AlertRule } from '../../../src/sdk.ts';
import { member, onMember, onThatMember, pages, runningLongest, series } from './series.ts';

export const workAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveMongodbWritesLocked',
    severity: 'page',
    expr: '$writesLocked == 1',
    for: '15m',
    summary:
      'fsyncLock has held back all writes of {{ $labels.member }} ({{ $labels.target }}) for 15 minutes',
    description:
      'On a primary all writes wait; on a replica nothing is applied and it falls behind. Usually a snapshot of the disk ended without unlocking.',
    command: onMember('db.currentOp().fsyncLock'),
    runbook: {
      meaning: 'Somebody locked the member, most likely a backup. Users of a primary see writes that hang.',
      steps: [
        `See it: ${onThatMember('db.currentOp().fsyncLock')}`,
        'Is a backup under way? Let it end if it will within minutes.',
        `Otherwise unlock, as often as it was locked: ${onThatMember('db.fsyncUnlock()')}`,
      ],
      afterwards:
        'It ends when the lock is gone. Make the backup unlock in every case, also when it fails, and do it on a replica.',
      links: pages('reference/command/fsync', 'reference/command/fsyncUnlock'),
    },
    tests: {
      fires: { series: [series('writesLocked', '0x5 1x30', member)], after: '25m' },
      quiet: { series: [series('writesLocked', '0x5 1x10 0x20', member)], after: '25m' },
    },
  },
  {
    name: 'ReeveMongodbIndexBuildLong',
    severity: 'ticket',
    expr: '$indexBuilds > 0',
    for: '4h',
    summary: '{{ $labels.member }} ({{ $labels.target }}) has been building indexes for 4 hours',
    description:
      'A build slows the member down, fills disk with sorted runs, and needs its members to be up until it ends: without a majority it waits.',
    command: onMember('db.currentOp({ "msg": /Index Build/ }).inprog.map(o => [o.ns, o.msg, o.progress])'),
    runbook: {
      meaning: 'Indexes are being built, or wait for other members to be done. Users feel load at most.',
      steps: [
        `See what and how far: ${onThatMember('db.currentOp({ "msg": /Index Build/ }).inprog.map(o => [o.ns, o.msg, o.progress])')}`,
        'No progress: the primary waits for the votes of the other members; see that all data-bearing members are up and build too.',
        `Give it up: ${onThatMember('db.getSiblingDB("<database>").runCommand({ dropIndexes: "<collection>", index: "<name>" })')} on the primary.`,
      ],
      afterwards:
        'It ends when the build does. Large ones in quiet hours, or rolling, one member after the other.',
      links: pages('core/index-creation', 'tutorial/build-indexes-on-replica-sets'),
    },
    tests: {
      fires: { series: [series('indexBuilds', '1x300', member)], after: '250m' },
      quiet: { series: [series('indexBuilds', '1x120 0x200', member)], after: '250m' },
    },
  },
  {
    name: 'ReeveMongodbLongOperation',
    severity: 'ticket',
    expr: '$longestOperation > 3600',
    for: '5m',
    summary:
      'An operation on {{ $labels.member }} ({{ $labels.target }}) has run for {{ $value | humanizeDuration }}',
    description:
      'It holds a ticket and old versions of documents in the cache. Usually nobody waits for it any more.',
    command: onMember(runningLongest),
    runbook: {
      meaning: 'Somebody runs a query for hours: a report, a script, a client that went away.',
      steps: [
        `Find it and its owner: ${onThatMember(runningLongest)}`,
        `Ask the owner, then end it: ${onThatMember('db.killOp(<opid>)')}`,
        'Give the application a limit: `maxTimeMS` at the query, or `defaultMaxTimeMS` for all reads (from 8.0).',
      ],
      afterwards: 'It ends with the operation.',
      links: pages(
        'reference/method/db.currentOp',
        'reference/method/db.killOp',
        'tutorial/terminate-running-operations',
      ),
    },
    tests: {
      fires: { series: [series('longestOperation', '3000+60x30', member)], after: '20m' },
      quiet: { series: [series('longestOperation', '0+60x30', member)], after: '25m' },
    },
  },
  {
    name: 'ReeveMongodbBlockedOperations',
    severity: 'ticket',
    expr: '$blockedOperations > 0',
    for: '5m',
    summary: '{{ $value }} long operations of {{ $labels.member }} ({{ $labels.target }}) wait for a lock',
    description:
      'Whoever waits behind them waits too: one DDL command that waits can stop a whole collection.',
    command: onMember(
      'db.currentOp({ waitingForLock: true }).inprog.map(o => [o.opid, o.secs_running, o.ns, o.op])',
    ),
    runbook: {
      meaning: 'Operations have been waiting for a lock for longer than `longOperation` of the target.',
      steps: [
        `See who waits: ${onThatMember('db.currentOp({ waitingForLock: true }).inprog.map(o => [o.opid, o.secs_running, o.ns, o.op])')}`,
        `End the DDL command that waits, if it can be done later: ${onThatMember('db.killOp(<opid>)')}`,
        'Otherwise find the holder as in ReeveMongodbLockQueue.',
      ],
      afterwards: 'It ends when nobody waits.',
      links: pages('faq/concurrency'),
    },
    tests: {
      fires: { series: [series('blockedOperations', '0x5 2x20', member)], after: '15m' },
      quiet: { series: [series('blockedOperations', '0x5 2x3 0x20', member)], after: '9m' },
    },
  },
  {
    name: 'ReeveMongodbQueriesScan',
    severity: 'ticket',
    expr: '$scannedDocumentsPerReturned > 1000 and on (job, instance, target, engine, member) rate($scannedDocumentsTotal[5m]) > 1000',
    for: '15m',
    summary:
      'Queries on {{ $labels.member }} ({{ $labels.target }}) look at {{ $value | humanize }} documents for each they return',
    description: 'An index is missing, or a query does not use it. The cache fills with what nobody needs.',
    command: onMember(
      'db.currentOp({ planSummary: "COLLSCAN" }).inprog.map(o => [o.ns, o.secs_running, o.command])',
    ),
    runbook: {
      meaning: 'Reads work a thousand times more than they must. Users see slow pages; the member sees load.',
      steps: [
        `Catch one: ${onThatMember('db.currentOp({ planSummary: "COLLSCAN" }).inprog.map(o => [o.ns, o.secs_running, o.command])')}`,
        'Find others in the log: `grep "Slow query" <log> | grep -o \'"ns":"[^"]*"\\|"planSummary":"[^"]*"\' | sort | uniq -c | sort -rn | head`',
        'Explain it: `db.<collection>.find(<filter>).explain("executionStats")`: totalDocsExamined against nReturned.',
        'Create the index that its filter and order ask for (equality, sort, range): `db.<collection>.createIndex({ … })`',
        'Counting and aggregations that must read all are no fault: run them on a replica, at night.',
      ],
      afterwards: 'It ends when the ratio is below 1,000.',
      links: pages('tutorial/analyze-query-plan', 'tutorial/equality-sort-range-guideline'),
    },
    tests: {
      fires: {
        series: [
          series('scannedDocumentsPerReturned', '2000x40', member),
          series('scannedDocumentsTotal', '0+600000x40', member),
        ],
        after: '30m',
      },
      quiet: {
        series: [
          series('scannedDocumentsPerReturned', '2000x40', member),
          series('scannedDocumentsTotal', '0+600x40', member),
        ],
        after: '30m',
      },
    },
  },
  {
    name: 'ReeveMongodbAsserts',
    severity: 'ticket',
    expr: 'sum without (kind) (increase($assertsTotal{kind=~"regular|msg|tripwire"}[15m])) > 0',
    for: '0s',
    summary:
      '{{ $labels.member }} ({{ $labels.target }}) met {{ $value | humanize }} internal errors in 15 minutes',
    description:
      'Assertions of these kinds are faults of the server or of its data, such as a damaged index.',
    command: 'grep -E \'"s":"(F|E)"\' <log> | tail -n 20',
    runbook: {
      meaning: 'The server found something that must not be. Users may see errors.',
      steps: [
        'Read what: `grep -E \'"s":"(F|E)"\' <log> | tail -n 20`',
        'Suspect data on disk? Check a collection in quiet hours (it locks it): `db.<collection>.validate()`; the host: `dmesg -T | grep -i "i/o error"`',
        'A damaged member is copied anew from a healthy one (resync).',
      ],
      afterwards: 'It ends after 15 minutes without one.',
      links: pages('reference/command/serverStatus', 'reference/command/validate'),
    },
    tests: {
      fires: { series: [series('assertsTotal', '0x5 2x20', `${member},kind="regular"`)], after: '10m' },
      quiet: { series: [series('assertsTotal', '0+9x30', `${member},kind="user"`)], after: '10m' },
    },
  },
];
