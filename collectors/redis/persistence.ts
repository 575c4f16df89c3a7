import { type FieldReading, isOk, type NodeGroup, recordFields } from './fields.ts';
import type { Info } from './info.ts';

const fields: readonly FieldReading[] = [
  { field: 'rdb_last_bgsave_time_sec', metric: 'lastSaveDurationSeconds' },
  { field: 'rdb_changes_since_last_save', metric: 'changesSinceSave' },
  { field: 'rdb_bgsave_in_progress', metric: 'saveInProgress' },
  { field: 'aof_enabled', metric: 'aofEnabled' },
  // The server prints these two only while the append-only file is on.
  { field: 'aof_current_size', metric: 'aofSizeBytes' },
  { field: 'aof_delayed_fsync', metric: 'aofDelayedFsyncTotal' },
];

/** Snapshots and the append-only file. */
export const readPersistence: NodeGroup = (node, reading, context) => {
  recordFields(fields, node, reading, context);
  const { info } = reading;
  const labels = { node: node.name };
  context.record('lastSaveOk', isOk(info.text('rdb_last_bgsave_status')), labels);
  const savedAt = lastSaveSeconds(info);
  context.record('lastSaveTimestamp', savedAt, labels);
  const serverMicroseconds = info.number('server_time_usec');
  if (savedAt !== undefined && serverMicroseconds !== undefined) {
    context.record('lastSaveAgeSeconds', Math.max(0, serverMicroseconds / 1e6 - savedAt), labels);
  }
  if (info.number('aof_enabled') === 1) {
    context.record('aofLastWriteOk', isOk(info.text('aof_last_write_status')), labels);
    context.record('aofLastRewriteOk', isOk(info.text('aof_last_bgrewrite_status')), labels);
  }
  const forkMicroseconds = info.number('latest_fork_usec');
  if (forkMicroseconds !== undefined && forkMicroseconds > 0) {
    context.record('lastForkSeconds', forkMicroseconds / 1e6, labels);
  }
  if (info.text('rdb_last_bgsave_status') === 'err') {
    context.find({
      code: 'snapshot_failed',
      severity: 'critical',
      subject: node.name,
      message:
        'the latest snapshot to disk failed; unless stop-writes-on-bgsave-error is off, the server refuses writes',
      remedy: "read the server's log, free disk space or memory for the fork, then BGSAVE",
    });
  }
};

/** Unix time of the latest snapshot; undefined when there was none: the server then gives its own start. */
function lastSaveSeconds(info: Info): number | undefined {
  const savedAt = info.number('rdb_last_save_time');
  if (savedAt === undefined || savedAt <= 0) return undefined;
  const saves = info.number('rdb_saves');
  if (saves !== undefined) return saves > 0 ? savedAt : undefined;
  // Before 7.0 the number of snapshots is not told.
  const uptime = info.number('uptime_in_seconds');
  const serverMicroseconds = info.number('server_time_usec');
  if (uptime === undefined || serverMicroseconds === undefined) return undefined;
  return savedAt > serverMicroseconds / 1e6 - uptime + 2 ? savedAt : undefined;
}
