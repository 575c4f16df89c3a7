import type { ObjectiveText } from './objective-text.ts';
import { scorecardStep } from './runbook-steps.ts';

/** Objectives about not losing data, and about having a copy of it. */
export const safetyTexts = {
  restore_test_age_seconds: {
    alert: 'ReeveRestoreTestOverdue',
    measured: 'Age of the last verified restore',
    consequence:
      'Nobody knows whether the backups can be restored. The day they are needed is the wrong day to find out.',
    runbook: {
      meaning:
        'No retained backup of this database has been restored and verified within the bound. The age counts from the first time Reeve saw the database, so a drill that never ran is overdue in time. The database itself may be in perfect health.',
      steps: [
        scorecardStep('restore_test_age_seconds'),
        'Are there backups at all, and are they recent? `reeve backup list <target>`, and the backup tool itself, not its schedule: `pgbackrest info`, `wal-g backup-list`, the snapshots of the cloud account. None yet: `reeve backup init <target>`.',
        'Did drills run, and what did they say? `reeve runs list --target <target> --pipeline backup`, then `reeve runs show <run>`. If they have been failing, read why before repeating one: a restore that fails is worse news than a drill that is late. Page whoever owns the backups.',
        'Drill now: `reeve drill <target>` restores the latest retained backup into a scratch place, verifies it and throws it away. By hand, where Reeve cannot: on a separate machine, never over the original; only a drill of Reeve counts here.',
      ],
      afterwards:
        'It ends when a verified restore is recorded. Drills run weekly so that one may fail without this alert; if it fires, several failed or none ran: find out why before closing.',
      links: ['https://www.postgresql.org/docs/current/continuous-archiving.html'],
    },
  },
  replication_lag_seconds: {
    alert: 'ReeveReplicationLagHigh',
    measured: 'Replication lag',
    consequence:
      'Reads from this replica are out of date, and a failover to it loses everything it has not received.',
    runbook: {
      meaning:
        'The replica has been further behind its primary than the bound for longer than `for`. Readers of the replica see old data. If the primary dies now, what the replica lacks is lost. Nothing is repaired automatically: evidence is attached and a person decides.',
      steps: [
        scorecardStep('replication_lag_seconds'),
        'Is it receiving? PostgreSQL, on the primary: `SELECT application_name, state, sent_lsn, replay_lsn, write_lag, flush_lag, replay_lag FROM pg_stat_replication;` MongoDB: `rs.printSecondaryReplicationInfo()`. Redis, on the primary: `INFO replication`.',
        'Received but not replayed (PostgreSQL: `flush_lag` small, `replay_lag` large): a long query on the standby holds replay back. On the standby: `SELECT pid, now() - xact_start AS runs, left(query, 60) FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY xact_start LIMIT 5;` and `SELECT pg_is_wal_replay_paused();`',
        'Not received: network or disk of the replica, or a burst of writes on the primary (bulk load, index build, `VACUUM FULL`). Compare the write rate of the primary since "Breached since".',
        'Do not fail over to this replica. Do not restart the primary. If readers must have fresh data, send them to the primary or to another replica first.',
      ],
      afterwards:
        'It ends by itself when the lag has been below the bound for two minutes. If a bulk job caused it, run it in smaller batches; if a reader held replay back, give it a replica of its own or a `max_standby_streaming_delay` that fits.',
      links: [
        'https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-REPLICATION-VIEW',
        'https://www.mongodb.com/docs/manual/tutorial/troubleshoot-replica-sets/',
        'https://redis.io/docs/latest/operate/oss_and_stack/management/replication/',
      ],
    },
  },
  unused_index_bytes: {
    alert: 'ReeveUnusedIndexesOverdue',
    measured: 'Size of unused indexes left over from the last quarter',
    consequence: 'Every write keeps paying for indexes that no read uses; they also take memory and space.',
    runbook: {
      meaning:
        'Indexes were proven unused before the last quarter ended, and the quarterly review has neither removed them nor signed them off. Proven means: watched for the whole proof window on every member that is a target, and not needed by a constraint.',
      steps: [
        scorecardStep('unused_index_bytes'),
        'See which: `reeve collect --target <target> --format json` lists the proven ones with their size and since when they are watched.',
        'Ask the owner whether a yearly job uses one of them: the proof is as long as the window, not longer. On a cluster make sure that every replica that answers queries is a target too.',
        'Remove one at a time, and keep its definition: PostgreSQL `SELECT pg_get_indexdef(\'<schema>.<index>\'::regclass);` then `DROP INDEX CONCURRENTLY <schema>.<index>;` MongoDB: hide it first with `db.<collection>.hideIndex("<index>")`, drop it after some days.',
      ],
      afterwards:
        'It ends when the indexes are gone. What is kept on purpose is signed off in the index review.',
      links: [
        'https://www.postgresql.org/docs/current/sql-dropindex.html',
        'https://www.mongodb.com/docs/manual/core/index-hidden/',
      ],
    },
  },
} as const satisfies Readonly<Record<string, ObjectiveText>>;
