import type { AlertRule } from '../../../src/sdk.ts';
import { primary, series, standby } from './series.ts';

const manual = 'https://www.postgresql.org/docs/current';
const blockers =
  'SELECT pid, pg_blocking_pids(pid) AS blocked_by, usename, state, now() - xact_start AS in_transaction, left(query, 80) AS query FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0 OR pid IN (SELECT unnest(pg_blocking_pids(pid)) FROM pg_stat_activity);';
const transactions =
  "SELECT pid, usename, application_name, state, now() - xact_start AS in_transaction, now() - state_change AS in_state, left(query, 80) AS last_query FROM pg_stat_activity WHERE xact_start IS NOT NULL AND backend_type = 'client backend' ORDER BY xact_start LIMIT 10;";

const lockQueue = {
  name: 'ReevePostgresLockQueue',
  description:
    'Statements wait behind somebody who holds a lock. Each holds a connection, so the queue grows until all connections are taken.',
  command: blockers,
  runbook: {
    meaning:
      'Sessions wait for a lock of another one. Users see requests hang. Often it is a schema change that waits for a long transaction, and everybody else waits for the schema change.',
    steps: [
      `See who waits for whom: \`${blockers}\``,
      'The one at the head waits for nobody. What is it? A migration: cancel it with `SELECT pg_cancel_backend(<pid>);` and try again with `SET lock_timeout`. Idle in transaction: `SELECT pg_terminate_backend(<pid>);`',
      'It waits for a prepared transaction (no pid)? `SELECT gid, prepared, owner FROM pg_prepared_xacts;`',
    ],
    afterwards:
      "It ends when the queue is gone. To prevent the next: `SET lock_timeout = '2s'` in migrations, and idle_in_transaction_session_timeout for applications.",
    links: [`${manual}/explicit-locking.html`, `${manual}/functions-info.html#FUNCTIONS-INFO-SESSION`],
  },
} as const;

export const sessionAlerts: readonly AlertRule[] = [
  {
    ...lockQueue,
    severity: 'ticket',
    expr: '$lockWaitSeconds > 300',
    for: '1m',
    summary: 'A session of {{ $labels.target }} has been waiting {{ $value | humanizeDuration }} for a lock',
    tests: {
      fires: { series: [series('lockWaitSeconds', '0+60x20')], after: '10m' },
      quiet: { series: [series('lockWaitSeconds', '0x5 200x10')], after: '15m' },
    },
  },
  {
    ...lockQueue,
    severity: 'page',
    expr: '$blockedSessions >= 20',
    for: '2m',
    summary: '{{ $value }} sessions of {{ $labels.target }} wait for locks',
    tests: {
      fires: { series: [series('blockedSessions', '25x10')], after: '5m' },
      quiet: { series: [series('blockedSessions', '5x10')], after: '10m' },
    },
  },
  {
    name: 'ReevePostgresIdleInTransaction',
    severity: 'ticket',
    expr: '$longestIdleInTransactionSeconds > 600',
    for: '5m',
    summary:
      'A client of {{ $labels.target }} has been idle in a transaction for {{ $value | humanizeDuration }}',
    description:
      'It keeps its locks and keeps vacuum from removing dead rows in the whole database, so tables and indexes grow.',
    command: transactions,
    runbook: {
      meaning:
        'An application opened a transaction and does something else: it waits for a user, a queue, another service, or it forgot to commit.',
      steps: [
        `Find it: \`${transactions}\``,
        'Ask its owner; `application_name` and `usename` say who.',
        'End it: `SELECT pg_terminate_backend(<pid>);` Its changes are rolled back.',
      ],
      afterwards:
        "It ends with the transaction. To prevent the next: `ALTER ROLE <name> SET idle_in_transaction_session_timeout = '5min';`",
      links: [`${manual}/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT`],
    },
    tests: {
      fires: { series: [series('longestIdleInTransactionSeconds', '0+60x30')], after: '20m' },
      quiet: { series: [series('longestIdleInTransactionSeconds', '30x30')], after: '20m' },
    },
  },
  {
    name: 'ReevePostgresLongTransaction',
    severity: 'ticket',
    expr: '$oldestTransactionSeconds > 2 * 3600 and on (job, instance, target) $inRecovery == 0',
    for: '5m',
    summary: 'A transaction of {{ $labels.target }} has been open for {{ $value | humanizeDuration }}',
    description:
      'Vacuum can remove nothing that died since it began, in any table of the database. Tables and indexes grow, and statements become slower.',
    command: transactions,
    runbook: {
      meaning:
        'A client has one transaction open for over two hours: a report, an export, a dump, or a forgotten session.',
      steps: [
        `Find it: \`${transactions}\``,
        'Is it a dump or a known report? Wait, or move it to a standby.',
        'Otherwise cancel the statement: `SELECT pg_cancel_backend(<pid>);`, or end the session: `SELECT pg_terminate_backend(<pid>);`',
      ],
      afterwards:
        "It ends with the transaction. To prevent the next: `ALTER ROLE <name> SET statement_timeout = '1h';`, from version 17 on also transaction_timeout.",
      links: [
        `${manual}/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY`,
        `${manual}/runtime-config-client.html#GUC-TRANSACTION-TIMEOUT`,
      ],
    },
    tests: {
      fires: { series: [primary, series('oldestTransactionSeconds', '0+60x150')], after: '130m' },
      quiet: { series: [standby, series('oldestTransactionSeconds', '0+60x150')], after: '130m' },
    },
  },
  {
    name: 'ReevePostgresPreparedTransactionForgotten',
    severity: 'ticket',
    expr: '$oldestPreparedTransactionSeconds > 900',
    for: '5m',
    summary:
      'A prepared transaction of {{ $labels.target }} has not been ended for {{ $value | humanizeDuration }}',
    description:
      'It keeps its locks and keeps vacuum back, survives restarts, and nobody but a person or its coordinator ends it.',
    command: 'SELECT gid, prepared, owner, database FROM pg_prepared_xacts ORDER BY prepared;',
    runbook: {
      meaning:
        'A two-phase commit stopped between its phases: the transaction manager died or lost it. Rows that it changed stay locked.',
      steps: [
        'List them: `SELECT gid, prepared, owner, database FROM pg_prepared_xacts ORDER BY prepared;`',
        'Ask the transaction manager what it decided; the gid is its own name of the transaction.',
        "Connected to that database, as its owner or a superuser: `COMMIT PREPARED '<gid>';` if the other participants committed, else `ROLLBACK PREPARED '<gid>';`",
      ],
      afterwards:
        'It ends when none is older than 15 minutes. Applications that do not use two-phase commit need max_prepared_transactions = 0.',
      links: [`${manual}/sql-prepare-transaction.html`, `${manual}/view-pg-prepared-xacts.html`],
    },
    tests: {
      fires: { series: [series('oldestPreparedTransactionSeconds', '0+60x40')], after: '30m' },
      quiet: { series: [series('oldestPreparedTransactionSeconds', '0x10 60x10')], after: '20m' },
    },
  },
  {
    name: 'ReevePostgresDeadlocks',
    severity: 'ticket',
    expr: 'increase($deadlocks[15m]) >= 5',
    for: '0s',
    summary:
      '{{ $value | humanize }} deadlocks in database {{ $labels.database }} of {{ $labels.target }} within 15 minutes',
    description:
      'Each one ended a transaction with an error after a second of waiting. The application takes locks in different orders.',
    command: 'grep -A 8 "deadlock detected" <log of the server> | tail -n 40',
    runbook: {
      meaning:
        'Two transactions each hold what the other wants. The server ends one of them; its user sees an error unless the application tries again.',
      steps: [
        'Read both statements in the log: `grep -A 8 "deadlock detected" <log> | tail -n 40`',
        'See what was deployed lately, and which statements appeared: `reeve collect` lists new_statements.',
        'Have the application change rows in one order (such as by id), keep transactions short, or lock them first with `SELECT … ORDER BY id FOR UPDATE`.',
      ],
      afterwards: 'It ends 15 minutes after the last ones. Retrying on SQLSTATE 40P01 hides them from users.',
      links: [`${manual}/explicit-locking.html#LOCKING-DEADLOCKS`],
    },
    tests: {
      fires: { series: [series('deadlocks', '0+1x20', 'database="shop"')], after: '20m' },
      quiet: { series: [series('deadlocks', '0x10 1x10', 'database="shop"')], after: '20m' },
    },
  },
  {
    name: 'ReevePostgresRollbacks',
    severity: 'ticket',
    expr: 'rate($rollbacks[10m]) / (rate($commits[10m]) + rate($rollbacks[10m])) > 0.2 and rate($rollbacks[10m]) > 1',
    for: '10m',
    summary:
      '{{ $value | humanizePercentage }} of the transactions in database {{ $labels.database }} of {{ $labels.target }} are rolled back',
    description: 'An application gets errors, or gives its work up. Its users probably see it.',
    command:
      'grep -E "ERROR|FATAL" <log of the server> | sed "s/.*\\(ERROR\\|FATAL\\)/\\1/" | sort | uniq -c | sort -rn | head',
    runbook: {
      meaning: 'More than a fifth of the transactions, and more than one a second, end in a rollback.',
      steps: [
        'Count the errors in the log: `grep -E "ERROR|FATAL" <log> | sed "s/.*\\(ERROR\\|FATAL\\)/\\1/" | sort | uniq -c | sort -rn | head`',
        'Nothing there? Then a client rolls back on purpose; some pools and frameworks do after every read.',
        'See whether it began with a deployment or a migration.',
      ],
      afterwards:
        'It ends when fewer are rolled back. Where an application rolls back as a habit, silence this alert for its target.',
      links: [`${manual}/monitoring-stats.html#MONITORING-PG-STAT-DATABASE-VIEW`],
    },
    tests: {
      fires: {
        series: [
          series('commits', '0+600x40', 'database="shop"'),
          series('rollbacks', '0+300x40', 'database="shop"'),
        ],
        after: '30m',
      },
      quiet: {
        series: [
          series('commits', '0+6000x40', 'database="shop"'),
          series('rollbacks', '0+300x40', 'database="shop"'),
        ],
        after: '30m',
      },
    },
  },
];
