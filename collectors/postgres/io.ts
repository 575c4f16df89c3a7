import { z } from 'zod';
import { CollectError } from '../../src/sdk.ts';
import type { PostgresContext, Session } from './session.ts';

const counter = z.number().nullable();
const row = z.object({
  backend: z.string(),
  read: counter,
  write: counter,
  extend: counter,
  hit: counter,
  eviction: counter,
  read_bytes: counter,
  write_bytes: counter,
  extend_bytes: counter,
  read_seconds: counter,
  write_seconds: counter,
});

const operations = ['read', 'write', 'extend', 'hit', 'eviction'] as const;
const sized = ['read', 'write', 'extend'] as const;
const timed = ['read', 'write'] as const;

/**
 * The view has a row for each of some thirty combinations; who does the I/O is kept, object and context are added up. WAL rows (18+)
 * are another kind of I/O and left out, so that every version counts the same.
 */
const sql = (hasBytes: boolean): string => {
  const bytes = (name: string): string => (hasBytes ? `${name}_bytes` : `${name}s * op_bytes`);
  const seconds = (name: string): string =>
    `CASE WHEN current_setting('track_io_timing')::bool OR sum(${name}_time) > 0 THEN sum(${name}_time) / 1000 END`;
  return `
  SELECT CASE backend_type WHEN 'client backend' THEN 'client' WHEN 'autovacuum worker' THEN 'autovacuum'
              WHEN 'checkpointer' THEN 'checkpointer' WHEN 'background writer' THEN 'background writer' ELSE 'other' END AS backend,
         ${operations.map((name) => `sum(${name}s)::float8 AS "${name}"`).join(', ')},
         ${sized.map((name) => `sum(${bytes(name)})::float8 AS ${name}_bytes`).join(', ')},
         ${timed.map((name) => `${seconds(name)} AS ${name}_seconds`).join(', ')}
    FROM pg_stat_io WHERE object <> 'wal'
   GROUP BY 1`;
};

/** What each kind of process reads, writes and evicts (16+). */
export async function readIo(session: Session, context: PostgresContext): Promise<void> {
  if (!session.has('pg_stat_io.reads')) return;
  if (!session.has('pg_stat_io.read_bytes') && !session.has('pg_stat_io.op_bytes')) {
    throw new CollectError('malformed', 'pg_stat_io has neither read_bytes nor op_bytes');
  }
  const rows = await session.main.query(sql(session.has('pg_stat_io.read_bytes')), row, context.signal);
  for (const seen of rows) {
    const { backend } = seen;
    for (const operation of operations) {
      context.record('ioOperations', seen[operation] ?? undefined, { backend, operation });
    }
    for (const operation of sized) {
      context.record('ioBytes', seen[`${operation}_bytes`] ?? undefined, { backend, operation });
    }
    for (const operation of timed) {
      context.record('ioSeconds', seen[`${operation}_seconds`] ?? undefined, { backend, operation });
    }
  }
}
