import type { AlertRule } from '../../../src/sdk.ts';
import { primary, series, standby } from './series.ts';

const manual = 'https://www.postgresql.org/docs/current';
const listSlots =
  'SELECT slot_name, slot_type, active, active_pid, wal_status, pg_size_pretty(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)) AS retained, pg_size_pretty(safe_wal_size) AS safe FROM pg_replication_slots ORDER BY restart_lsn;';
const slot = 'slot="standby_a"';
const links = [
  `${manual}/warm-standby.html#STREAMING-REPLICATION-SLOTS`,
  `${manual}/view-pg-replication-slots.html`,
  `${manual}/runtime-config-replication.html#GUC-MAX-SLOT-WAL-KEEP-SIZE`,
];

const retains = {
  name: 'ReevePostgresSlotRetainsWal',
  for: '10m',
  summary:
    'Slot {{ $labels.slot }} of {{ $labels.target }} keeps {{ $value | humanize1024 }}B of WAL on disk',
  description:
    'The consumer of the slot is gone or too slow, and the server keeps all WAL that it has not fetched. When the disk is full the server stops, and nothing can be written until space is found.',
  command: listSlots,
  runbook: {
    meaning:
      'A replication slot makes the server keep WAL until its consumer has it. Users feel nothing until the disk of pg_wal is full; then PostgreSQL ends with PANIC.',
    steps: [
      `List the slots: \`${listSlots}\``,
      'See how much room is left on the machine: `df -h <data directory>/pg_wal`',
      'If the slot is active, look at its consumer: is it alive, what does its log say, how fast does it fetch? `SELECT pid, application_name, state, sent_lsn, replay_lsn FROM pg_stat_replication;`',
      'If it is inactive, bring the standby or subscriber back.',
      "If the consumer will not come back, or the disk will be full before it does, drop the slot. The consumer must then be built anew: `SELECT pg_drop_replication_slot('<slot>');`",
      'Free the space at once: `CHECKPOINT;`',
    ],
    afterwards:
      "It ends when the consumer has caught up or the slot is dropped. To prevent the next: `ALTER SYSTEM SET max_slot_wal_keep_size = '100GB'; SELECT pg_reload_conf();`, so that a dead consumer loses its slot instead of stopping the server.",
    links,
  },
} as const;

export const slotAlerts: readonly AlertRule[] = [
  {
    ...retains,
    severity: 'ticket',
    expr: '$slotRetainedBytes > 10 * 2^30',
    tests: {
      fires: { series: [series('slotRetainedBytes', '12e9x20', slot)], after: '15m' },
      quiet: { series: [series('slotRetainedBytes', '1e9x20', slot)], after: '20m' },
    },
  },
  {
    ...retains,
    severity: 'page',
    // Where a limit is set, the slot is lost instead of the server: ReevePostgresSlotNearlyLost.
    expr: '($slotRetainedBytes > 50 * 2^30 and deriv($slotRetainedBytes[30m]) > 0) unless on (job, instance, target, slot) $slotSafeBytes',
    tests: {
      fires: { series: [series('slotRetainedBytes', '54e9+1e8x40', slot)], after: '35m' },
      quiet: {
        series: [
          series('slotRetainedBytes', '54e9+1e8x40', slot),
          series('slotSafeBytes', '90e9-1e8x40', slot),
        ],
        after: '35m',
      },
    },
  },
  {
    name: 'ReevePostgresSlotNearlyLost',
    severity: 'page',
    expr: '$slotSafeBytes / clamp_min($slotSafeBytes + $slotRetainedBytes, 1) < 0.2',
    for: '2m',
    summary:
      'Slot {{ $labels.slot }} of {{ $labels.target }} has {{ $value | humanizePercentage }} of max_slot_wal_keep_size left before it is lost',
    description:
      'At the next checkpoint after the rest is used up the server removes WAL that the consumer still needs. The standby or subscriber then has to be built anew.',
    command: listSlots,
    runbook: {
      meaning:
        'The slot has held back nearly as much WAL as max_slot_wal_keep_size allows. Users of the primary feel nothing; the consumer will be lost.',
      steps: [
        `List the slots: \`${listSlots}\``,
        "Gain time, if the disk has room: `ALTER SYSTEM SET max_slot_wal_keep_size = '<twice as much>'; SELECT pg_reload_conf();`",
        'Bring the consumer back or find out why it is slow: its log, its disk, the network; for logical slots, a large transaction or a conflict at the subscriber.',
        'See what writes so much: `SELECT query, calls, pg_size_pretty(wal_bytes) FROM pg_stat_statements ORDER BY wal_bytes DESC LIMIT 5;`',
      ],
      afterwards:
        'It ends when the consumer has caught up. Set max_slot_wal_keep_size back, or keep it if the disk allows: it is how long a consumer may be away.',
      links,
    },
    tests: {
      fires: {
        series: [series('slotSafeBytes', '1e9x10', slot), series('slotRetainedBytes', '9e9x10', slot)],
        after: '5m',
      },
      quiet: {
        series: [series('slotSafeBytes', '5e9x10', slot), series('slotRetainedBytes', '5e9x10', slot)],
        after: '10m',
      },
    },
  },
  {
    name: 'ReevePostgresSlotLost',
    severity: 'ticket',
    expr: '$slotInvalid == 1',
    for: '1m',
    summary: 'Slot {{ $labels.slot }} of {{ $labels.target }} was invalidated: its consumer cannot go on',
    description:
      'Whoever consumes the slot receives nothing any more, so a standby or subscriber grows older with every commit until it is built anew.',
    command: listSlots,
    runbook: {
      meaning:
        'The server removed WAL or row versions that the consumer needed. A standby without an archive to restore from, and every logical subscriber, has to start again.',
      steps: [
        'See why: `SELECT slot_name, slot_type, wal_status, invalidation_reason FROM pg_replication_slots;` (before version 17 without invalidation_reason)',
        "Drop the slot: `SELECT pg_drop_replication_slot('<slot>');`",
        'A standby: build it anew with `pg_basebackup --host=<primary> --slot=<slot> --create-slot --write-recovery-conf --progress --pgdata=<directory>`, unless it can restore from the archive.',
        'A subscriber: `ALTER SUBSCRIPTION <name> DISABLE; ALTER SUBSCRIPTION <name> SET (slot_name = NONE); DROP SUBSCRIPTION <name>;`, empty its tables and create the subscription again.',
      ],
      afterwards:
        'It ends when the slot is dropped. If it was lost for its size, raise max_slot_wal_keep_size; ReevePostgresSlotNearlyLost tells before it happens.',
      links,
    },
    tests: {
      fires: { series: [series('slotInvalid', '0x5 1x10', slot)], after: '10m' },
      quiet: { series: [series('slotInvalid', '0x10', slot)], after: '10m' },
    },
  },
  {
    name: 'ReevePostgresSlotInactive',
    severity: 'ticket',
    // On a standby slots are copies that nobody consumes until it is promoted.
    expr: '($slotActive == 0 and on (job, instance, target) $inRecovery == 0) unless on (job, instance, target, slot) $slotInvalid == 1',
    for: '1h',
    summary: 'Nobody has consumed slot {{ $labels.slot }} of {{ $labels.target }} for over an hour',
    description:
      'The server keeps WAL, and for logical slots dead rows too, for a consumer that does not come. Disk use grows until somebody brings it back or drops the slot.',
    command: listSlots,
    runbook: {
      meaning:
        'A standby or subscriber is switched off or cannot connect, or it was removed and its slot was forgotten.',
      steps: [
        `List the slots: \`${listSlots}\``,
        'Find the consumer: standbys name the slot in `primary_slot_name`, subscribers in `SELECT subname, subslotname, subenabled FROM pg_subscription;`',
        'Start it, or look into its log for why it cannot connect.',
        "If it is gone for good: `SELECT pg_drop_replication_slot('<slot>');`",
      ],
      afterwards:
        'It ends when somebody consumes the slot or it is dropped. From version 18 on, idle_replication_slot_timeout gives up forgotten slots by itself.',
      links,
    },
    tests: {
      fires: { series: [primary, series('slotActive', '1x5 0x80', slot)], after: '70m' },
      quiet: { series: [standby, series('slotActive', '0x80', slot)], after: '70m' },
    },
  },
];
