import type { AlertRule } from '../../../src/sdk.ts';
import { primary, series, standby } from './series.ts';

const manual = 'https://www.postgresql.org/docs/current';
const senders =
  'SELECT application_name, client_addr, state, sync_state, pg_wal_lsn_diff(sent_lsn, replay_lsn) AS bytes_behind, replay_lag FROM pg_stat_replication;';
const links = [
  `${manual}/warm-standby.html#STREAMING-REPLICATION`,
  `${manual}/monitoring-stats.html#MONITORING-PG-STAT-REPLICATION-VIEW`,
];

export const replicationAlerts: readonly AlertRule[] = [
  {
    name: 'ReevePostgresReceiverCut',
    severity: 'page',
    expr: '$receiverConnected == 0',
    for: '2m',
    summary: 'Standby {{ $labels.target }} receives no WAL from its primary',
    description:
      'The standby serves older data with every minute, cannot take over without losing what it lacks, and holds WAL back on the primary if it has a slot.',
    command:
      'SELECT status, sender_host, sender_port, last_msg_receipt_time, latest_end_lsn FROM pg_stat_wal_receiver;',
    runbook: {
      meaning:
        'The connection from the standby to its primary is gone or has been silent for longer than wal_receiver_timeout. Readers of the standby see old data.',
      steps: [
        'On the standby: `SELECT status, sender_host, last_msg_receipt_time FROM pg_stat_wal_receiver;` No row means no connection.',
        'Read why in its log: `grep -iE "wal receiver|streaming|requested WAL" <log> | tail -n 20`',
        '"requested WAL segment … has already been removed": the standby is too late. Restore from the archive (restore_command) or build it anew with `pg_basebackup`.',
        '"password authentication failed", "no pg_hba.conf entry": compare `SHOW primary_conninfo;` with pg_hba.conf of the primary.',
        'Otherwise try the way there from the standby\'s machine: `psql "host=<primary> user=<replication role> replication=yes" -c "IDENTIFY_SYSTEM"`',
        `On the primary, once it is back: \`${senders}\``,
      ],
      afterwards:
        'It ends when WAL arrives again; watch reeve_replication_lag_seconds until it has caught up.',
      links: [...links, `${manual}/monitoring-stats.html#MONITORING-PG-STAT-WAL-RECEIVER-VIEW`],
    },
    tests: {
      fires: { series: [series('receiverConnected', '1x5 0x10')], after: '10m' },
      quiet: { series: [series('receiverConnected', '1x5 0x1 1x10')], after: '10m' },
    },
  },
  {
    name: 'ReevePostgresReplicaMissing',
    severity: 'page',
    expr: '($replicas < max_over_time($replicas[6h] offset 5m)) and on (job, instance, target) $inRecovery == 0',
    for: '5m',
    summary:
      '{{ $labels.target }} has {{ $value }} streaming replicas, fewer than it had within the last six hours',
    description:
      'A standby left and did not come back. There are fewer servers to fail over to; with synchronous replication commits may wait for it.',
    command: senders,
    runbook: {
      meaning:
        'A physical standby is no longer connected to this primary. Users feel it if they read from it, or if synchronous_standby_names needs it: then every commit waits.',
      steps: [
        `See who is still there: \`${senders}\``,
        "See whether commits wait: `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep';` and `SHOW synchronous_standby_names;`",
        'Find the missing one by its slot: `SELECT slot_name, active, inactive_since FROM pg_replication_slots WHERE NOT active;` (inactive_since from version 17 on)',
        'Is its machine up, does PostgreSQL run, what does its log say? Go on with ReevePostgresReceiverCut there.',
        "Do commits wait, and is it gone for longer? Take it out: `ALTER SYSTEM SET synchronous_standby_names = '<the others>'; SELECT pg_reload_conf();`",
      ],
      afterwards:
        'It ends when the replica is back, or six hours after one was taken away on purpose (silence it until then, and drop its slot).',
      links,
    },
    tests: {
      fires: { series: [primary, series('replicas', '2x60 1x60')], after: '70m' },
      quiet: { series: [standby, series('replicas', '2x60 0x60')], after: '70m' },
    },
  },
  {
    name: 'ReevePostgresReplicaNotStreaming',
    severity: 'ticket',
    expr: '$replicaState{state!="streaming"} == 1',
    for: '30m',
    summary:
      'Replica {{ $labels.replica }} of {{ $labels.target }} has been in state {{ $labels.state }} for over 30 minutes',
    description:
      'The replica is connected and does not keep up: it fetches older WAL and cannot take over without loss.',
    command: senders,
    runbook: {
      meaning:
        'A replica that starts is in `catchup` until it has fetched what it missed. Half an hour of it means that it fetches more slowly than the primary writes, or that much is missing.',
      steps: [
        `Look twice, a minute apart, whether the distance shrinks: \`${senders}\``,
        'It shrinks: wait. It grows: look at network and disk of the replica (`iostat -x 5`).',
        'On the replica, see what it replays: `SELECT pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp();`',
        'When it will never catch up, build it anew with `pg_basebackup`.',
      ],
      afterwards: 'It ends when the state is `streaming`.',
      links,
    },
    tests: {
      fires: {
        series: [series('replicaState', '1x60', 'replica="a",state="catchup",sync_state="async"')],
        after: '40m',
      },
      quiet: {
        series: [series('replicaState', '1x60', 'replica="a",state="streaming",sync_state="async"')],
        after: '40m',
      },
    },
  },
  {
    name: 'ReevePostgresReplayPaused',
    severity: 'ticket',
    expr: '$replayPaused == 1',
    for: '15m',
    summary: 'Replay has been paused on standby {{ $labels.target }} for over 15 minutes',
    description:
      'The standby receives WAL and does not apply it: readers see the past, its disk fills, and a promotion takes longer.',
    command: 'SELECT pg_get_wal_replay_pause_state(), pg_last_xact_replay_timestamp();',
    runbook: {
      meaning:
        'Somebody paused the replay (pg_wal_replay_pause, a backup tool, a recovery target), or the server did because a setting such as max_connections is lower here than on the primary.',
      steps: [
        'See it: `SELECT pg_get_wal_replay_pause_state(), pg_last_xact_replay_timestamp();` (before version 14: `pg_is_wal_replay_paused()`)',
        'Read why in the log: `grep -iE "recovery has paused|insufficient parameter" <log> | tail`',
        'Settings too low: raise them as the log says and restart the standby.',
        'Otherwise ask who paused it, then: `SELECT pg_wal_replay_resume();`',
      ],
      afterwards: 'It ends when replay goes on; watch reeve_replication_lag_seconds until it has caught up.',
      links: [
        `${manual}/functions-admin.html#FUNCTIONS-RECOVERY-CONTROL`,
        `${manual}/hot-standby.html#HOT-STANDBY-ADMIN`,
      ],
    },
    tests: {
      fires: { series: [series('replayPaused', '1x30')], after: '20m' },
      quiet: { series: [series('replayPaused', '1x10 0x20')], after: '25m' },
    },
  },
];
