/** The end of the WAL this server has: what it wrote, or received to pass on. */
export const walEndSql = `CASE WHEN pg_is_in_recovery()
       THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_lsn() END`;
