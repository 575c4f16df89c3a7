/** Walsenders `r` with the slots `s` they stream from; the function takes no relation lock, unlike the view of slots. */
export const walsenders = `pg_stat_replication r LEFT JOIN pg_get_replication_slots() s ON s.active_pid = r.pid`;

/**
 * Whether a walsender feeds a physical standby. It does not when it feeds a logical slot, sends a base backup, or its receiver has
 * reported what it wrote and never what it replayed (pg_receivewal, the WAL stream of pg_basebackup): a standby reports both together.
 */
export const isStandby = `NOT coalesce(s.slot_type = 'logical' OR r.state = 'backup' OR (r.write_lsn IS NOT NULL AND r.replay_lsn IS NULL), false)`;
