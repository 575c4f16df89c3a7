import { z } from 'zod';
import type { OptionalColumn } from './columns.ts';
import { notNegative } from './not-negative.ts';
import type { PostgresContext, Session } from './session.ts';
import { walEndSql } from './wal-end.ts';

/** Where a value is, by the column that shows it is there; the first that the server has is read. */
type Source = readonly [needs: OptionalColumn | undefined, sql: string];

const checkpointer = 'pg_stat_checkpointer.num_timed';
const oldWriter = 'pg_stat_bgwriter.checkpoints_timed';
const walView = 'pg_stat_wal.wal_bytes';

/** PostgreSQL 17 moved checkpoints out of pg_stat_bgwriter and counts restartpoints on their own. */
const sources = {
  checkpoints_timed: [
    [checkpointer, 'c.num_timed'],
    [oldWriter, 'b.checkpoints_timed'],
  ],
  checkpoints_requested: [
    [checkpointer, 'c.num_requested'],
    [oldWriter, 'b.checkpoints_req'],
  ],
  checkpoints_done: [['pg_stat_checkpointer.num_done', 'c.num_done']],
  restartpoints_timed: [[checkpointer, 'c.restartpoints_timed']],
  restartpoints_requested: [[checkpointer, 'c.restartpoints_req']],
  write_seconds: [
    [checkpointer, 'c.write_time / 1000'],
    [oldWriter, 'b.checkpoint_write_time / 1000'],
  ],
  sync_seconds: [
    [checkpointer, 'c.sync_time / 1000'],
    [oldWriter, 'b.checkpoint_sync_time / 1000'],
  ],
  checkpointer_buffers: [
    [checkpointer, 'c.buffers_written'],
    [oldWriter, 'b.buffers_checkpoint'],
  ],
  writer_buffers: [[undefined, 'b.buffers_clean']],
  backend_buffers: [['pg_stat_bgwriter.buffers_backend', 'b.buffers_backend']],
  writer_stops: [[undefined, 'b.maxwritten_clean']],
  allocated: [[undefined, 'b.buffers_alloc']],
  wal_records: [[walView, 'w.wal_records']],
  wal_page_images: [[walView, 'w.wal_fpi']],
  wal_bytes: [[walView, 'w.wal_bytes']],
  wal_buffers_full: [[walView, 'w.wal_buffers_full']],
  wal_position: [[undefined, `(${walEndSql}) - '0/0'::pg_lsn`]],
  checkpoint_age: [
    [
      undefined,
      `(SELECT extract(epoch FROM clock_timestamp() - checkpoint_time) FROM pg_control_checkpoint())`,
    ],
  ],
} as const satisfies Readonly<Record<string, readonly Source[]>>;

const row = z.record(z.string(), notNegative);

/** WAL that the server generates, checkpoints, and who writes dirty buffers out. */
export async function readWal(session: Session, context: PostgresContext): Promise<void> {
  const [seen] = await session.main.query(sql(session), row, context.signal);
  const value = (name: keyof typeof sources): number | undefined => seen?.[name] ?? undefined;
  context.record('checkpoints', value('checkpoints_timed'), { reason: 'timed' });
  context.record('checkpoints', value('checkpoints_requested'), { reason: 'requested' });
  context.record('restartpoints', value('restartpoints_timed'), { reason: 'timed' });
  context.record('restartpoints', value('restartpoints_requested'), { reason: 'requested' });
  context.record('buffersWritten', value('checkpointer_buffers'), { by: 'checkpointer' });
  context.record('buffersWritten', value('writer_buffers'), { by: 'background writer' });
  context.record('buffersWritten', value('backend_buffers'), { by: 'backends' });
  context.record('checkpointsDone', value('checkpoints_done'), {});
  context.record('checkpointWriteSeconds', value('write_seconds'), {});
  context.record('checkpointSyncSeconds', value('sync_seconds'), {});
  context.record('writerStops', value('writer_stops'), {});
  context.record('buffersAllocated', value('allocated'), {});
  context.record('walRecords', value('wal_records'), {});
  context.record('walPageImages', value('wal_page_images'), {});
  context.record('walBytes', value('wal_bytes'), {});
  context.record('walBuffersFull', value('wal_buffers_full'), {});
  context.record('walPositionBytes', value('wal_position'), {});
  context.record('checkpointAgeSeconds', value('checkpoint_age'), {});
}

function sql(session: Session): string {
  const columns = Object.entries(sources).flatMap(([name, from]: [string, readonly Source[]]) => {
    const found = from.find(([needs]) => needs === undefined || session.has(needs));
    return found === undefined ? [] : [`(${found[1]})::float8 AS ${name}`];
  });
  return `
  SELECT ${columns.join(',\n         ')}
    FROM pg_stat_bgwriter b
         ${session.has(checkpointer) ? 'CROSS JOIN pg_stat_checkpointer c' : ''}
         ${session.has(walView) ? 'CROSS JOIN pg_stat_wal w' : ''}`;
}
