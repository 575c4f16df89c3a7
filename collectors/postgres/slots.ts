import { z } from 'zod';
import { notNegative } from './not-negative.ts';
import { quoteLiteral } from './quote.ts';
import { type PostgresContext, type Session } from './session.ts';
import { walEndSql } from './wal-end.ts';

const mostSlots = 100;

const optional = z.number().nullable();
const row = z.object({
  slot: z.string(),
  active: z.boolean(),
  wal_status: z.string().nullable(),
  retained_bytes: notNegative,
  safe_bytes: optional,
  confirmed_bytes: notNegative,
  inactive_seconds: notNegative,
  xmin_age: optional,
  invalidation: z.string().nullable(),
  total: z.number(),
});

type Row = z.infer<typeof row>;

const sql = (session: Session): string => {
  const inactive = session.has('pg_replication_slots.inactive_since')
    ? 'CASE WHEN NOT active THEN extract(epoch FROM clock_timestamp() - inactive_since)::float8 END'
    : 'NULL::float8';
  const reasons = [
    ...(session.has('pg_replication_slots.invalidation_reason') ? ['invalidation_reason'] : []),
    ...(session.has('pg_replication_slots.conflicting') ? [`CASE WHEN conflicting THEN 'conflict' END`] : []),
    `CASE WHEN wal_status = 'lost' THEN 'wal_removed' END`,
  ];
  return `
  WITH wal AS MATERIALIZED (SELECT ${walEndSql} AS lsn)
  SELECT slot_name::text AS slot, active, wal_status,
         pg_wal_lsn_diff(wal.lsn, restart_lsn)::float8 AS retained_bytes,
         safe_wal_size::float8 AS safe_bytes,
         pg_wal_lsn_diff(wal.lsn, confirmed_flush_lsn)::float8 AS confirmed_bytes,
         ${inactive} AS inactive_seconds,
         greatest(age(xmin), age(catalog_xmin)) AS xmin_age,
         coalesce(${reasons.join(', ')}) AS invalidation,
         count(*) OVER () AS total
    FROM wal, pg_replication_slots
   WHERE NOT temporary
   ORDER BY restart_lsn NULLS LAST, slot_name
   LIMIT ${mostSlots}`;
};

const statuses = ['reserved', 'extended', 'unreserved', 'lost'];

/** Replication slots: who holds how much WAL back, and which one has lost what it needs. */
export async function readSlots(session: Session, context: PostgresContext): Promise<void> {
  const rows = await session.main.query(sql(session), row, context.signal);
  context.record('slots', rows[0]?.total ?? 0, {});
  context.truncate((rows[0]?.total ?? 0) - rows.length);
  for (const seen of rows) recordSlot(context, seen);
}

function recordSlot(context: PostgresContext, seen: Row): void {
  const { slot } = seen;
  context.record('slotActive', seen.active ? 1 : 0, { slot });
  context.record('slotRetainedBytes', seen.retained_bytes ?? undefined, { slot });
  context.record('slotSafeBytes', seen.safe_bytes ?? undefined, { slot });
  context.record('slotConfirmedLagBytes', seen.confirmed_bytes ?? undefined, { slot });
  context.record('slotInactiveSeconds', seen.inactive_seconds ?? undefined, { slot });
  context.record('slotXminAge', seen.xmin_age ?? undefined, { slot });
  context.record('slotInvalid', seen.invalidation === null ? 0 : 1, { slot });
  if (seen.wal_status !== null) {
    for (const status of statuses) {
      context.record('slotWalStatus', seen.wal_status === status ? 1 : 0, { slot, status });
    }
  }
  if (seen.invalidation === null) return;
  context.find({
    code: 'slot_invalidated',
    severity: 'critical',
    subject: slot,
    message: `Replication slot ${JSON.stringify(slot)} was invalidated (${seen.invalidation}): its consumer cannot go on and has to be built anew.`,
    remedy: `SELECT pg_drop_replication_slot(${quoteLiteral(slot)});`,
  });
}
