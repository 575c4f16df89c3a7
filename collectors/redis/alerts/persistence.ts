import type { AlertRule } from '../../../src/sdk.ts';
import { node, series } from './series.ts';

const manual = 'https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/';
const info = 'redis-cli -u redis://{{ $labels.node }} INFO persistence';

export const persistenceAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveRedisSaveFailing',
    severity: 'page',
    expr: '$lastSaveOk == 0',
    for: '5m',
    summary: 'The latest snapshot of {{ $labels.node }} ({{ $labels.target }}) failed',
    description:
      'What was written since the last good snapshot is lost at a restart. With stop-writes-on-bgsave-error, the default, the server refuses all writes until a snapshot succeeds.',
    command: info,
    runbook: {
      meaning:
        'BGSAVE failed: the disk is full or read-only, or the fork got no memory. Users see "MISCONF Redis is configured to save RDB snapshots" at every write.',
      steps: [
        'See it: `redis-cli INFO persistence | grep -E "rdb_last_bgsave_status|rdb_changes_since_last_save"`',
        'Read why in the log: `grep -iE "can\'t save|background saving|no space|write error" <log> | tail -n 20`',
        'Disk: `df -h $(redis-cli CONFIG GET dir | tail -n 1)`. Make room, and see that the user redis may write there.',
        '"Can\'t save in background: fork: Cannot allocate memory": `sysctl -w vm.overcommit_memory=1`',
        'Try again: `redis-cli BGSAVE`',
        'Only if writes must go on at once, at the risk of losing them: `redis-cli CONFIG SET stop-writes-on-bgsave-error no`, and back to yes afterwards.',
      ],
      afterwards: 'It ends with the next snapshot that succeeds.',
      links: [manual, 'https://redis.io/docs/latest/operate/oss_and_stack/management/admin/'],
    },
    tests: {
      fires: { series: [series('lastSaveOk', '1x5 0x10')], after: '12m' },
      quiet: { series: [series('lastSaveOk', '1x5 0x2 1x10')], after: '12m' },
    },
  },
  {
    name: 'ReeveRedisAofFailing',
    severity: 'page',
    expr: '$aofLastWriteOk == 0',
    for: '2m',
    summary: '{{ $labels.node }} ({{ $labels.target }}) cannot write its append-only file',
    description:
      'The server refuses writes ("MISCONF Errors writing to the AOF file"), and what it took lately may not survive a restart.',
    command: info,
    runbook: {
      meaning:
        'Writing or flushing the append-only file failed, nearly always for a full or broken disk. Users see errors at every write.',
      steps: [
        'See it: `redis-cli INFO persistence | grep aof_last_write_status`',
        'Disk: `df -h $(redis-cli CONFIG GET dir | tail -n 1)` and `dmesg -T | tail`',
        'Read the log: `grep -iE "AOF|write error|fsync" <log> | tail -n 20`',
        'Make room. The server goes on by itself; shorten the file with `redis-cli BGREWRITEAOF`.',
      ],
      afterwards:
        'It ends with the next write that succeeds. Check the file before the next restart: `redis-check-aof <manifest>`.',
      links: [manual],
    },
    tests: {
      fires: { series: [series('aofLastWriteOk', '1x5 0x10')], after: '10m' },
      quiet: { series: [series('aofLastWriteOk', '1x20')], after: '10m' },
    },
  },
  {
    name: 'ReeveRedisAofRewriteFailing',
    severity: 'ticket',
    expr: '$aofLastRewriteOk == 0',
    for: '10m',
    summary: 'The latest rewrite of the append-only file of {{ $labels.node }} ({{ $labels.target }}) failed',
    description:
      'The file grows with every write until the disk is full, and a restart takes longer and longer.',
    command: info,
    runbook: {
      meaning: 'BGREWRITEAOF failed: no room for a second file, or no memory for the fork.',
      steps: [
        'See sizes: `redis-cli INFO persistence | grep -E "aof_last_bgrewrite_status|aof_current_size|aof_base_size"`',
        'Disk: `df -h $(redis-cli CONFIG GET dir | tail -n 1)`; memory: `sysctl vm.overcommit_memory` should be 1.',
        'Try again: `redis-cli BGREWRITEAOF`',
      ],
      afterwards: 'It ends with the next rewrite that succeeds.',
      links: [manual],
    },
    tests: {
      fires: { series: [series('aofLastRewriteOk', '0x20')], after: '15m' },
      quiet: { series: [series('aofLastRewriteOk', '1x20')], after: '15m' },
    },
  },
  {
    name: 'ReeveRedisPersistenceOff',
    severity: 'ticket',
    // The finding is a warning only where the target is not a cache; the servers are named by the metric beside it.
    expr: '$persistenceEnabled == 0 and on (job, instance, target) $findings{code="persistence_disabled",severity="warning"} > 0',
    for: '15m',
    summary:
      '{{ $labels.node }} ({{ $labels.target }}) keeps nothing over a restart, and it is not declared a cache',
    description:
      'A restart or crash loses everything. A primary that restarts empty also empties its replicas.',
    command: 'redis-cli -u redis://{{ $labels.node }} CONFIG GET save appendonly',
    runbook: {
      meaning:
        'Neither snapshots nor the append-only file are on, while the configuration says `workload: oltp` or `olap`: somebody relies on the data.',
      steps: [
        'See it: `redis-cli CONFIG GET save` and `redis-cli CONFIG GET appendonly`',
        'Switch it on without a restart: `redis-cli CONFIG SET appendonly yes`, then `redis-cli CONFIG REWRITE` (see first that disk and memory allow it).',
        'Or snapshots only: `redis-cli CONFIG SET save "3600 1 300 100 60 10000"`, then `redis-cli CONFIG REWRITE`',
        'It is a cache after all? Set `workload: cache` for the target in reeve.yaml.',
      ],
      afterwards:
        'It ends within a minute of the change. Never let a primary without persistence restart by itself.',
      links: [
        manual,
        'https://redis.io/docs/latest/operate/oss_and_stack/management/replication/#safety-of-replication-when-master-has-persistence-turned-off',
      ],
    },
    tests: {
      fires: {
        series: [
          series('persistenceEnabled', '0x30'),
          series('findings', '1x30', 'code="persistence_disabled",severity="warning"'),
        ],
        after: '20m',
      },
      quiet: {
        series: [
          series('persistenceEnabled', '0x30'),
          series('findings', '1x30', 'code="persistence_disabled",severity="info"'),
        ],
        after: '20m',
      },
    },
  },
  {
    name: 'ReeveRedisSaveOverdue',
    severity: 'ticket',
    expr: '($lastSaveAgeSeconds > 86400 and $changesSinceSave > 0 and on (job, instance, target, node) $persistenceEnabled == 1) unless on (job, instance, target, node) $aofEnabled == 1',
    for: '30m',
    summary:
      'The latest snapshot of {{ $labels.node }} ({{ $labels.target }}) is {{ $value | humanizeDuration }} old and lacks writes',
    description: 'A crash loses all writes since then; there is no append-only file that has them.',
    command: info,
    runbook: {
      meaning: 'Snapshots are scheduled and have not come for a day although there were writes.',
      steps: [
        'See it: `redis-cli LASTSAVE` and `redis-cli INFO persistence | grep -E "rdb_changes_since_last_save|rdb_bgsave_in_progress"`',
        'See the schedule: `redis-cli CONFIG GET save`; it may ask for more changes than there are.',
        'Take one now: `redis-cli BGSAVE`',
      ],
      afterwards: 'It ends with the next snapshot.',
      links: [manual],
    },
    tests: {
      fires: {
        series: [
          series('lastSaveAgeSeconds', '90000+60x60'),
          series('changesSinceSave', '7x60'),
          series('persistenceEnabled', '1x60'),
          series('aofEnabled', '0x60'),
        ],
        after: '40m',
      },
      quiet: {
        series: [
          series('lastSaveAgeSeconds', '90000+60x60'),
          series('changesSinceSave', '0x60'),
          series('persistenceEnabled', '1x60', node),
          series('aofEnabled', '0x60'),
        ],
        after: '40m',
      },
    },
  },
];
