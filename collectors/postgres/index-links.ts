import { z } from 'zod';
import type { MemberLinks } from '../../src/sdk.ts';
import type { Session } from './session.ts';
import { isStandby, walsenders } from './walsenders.ts';

const row = z.object({ kind: z.enum(['bears', 'sees']), name: z.string() });

/**
 * What a standby calls itself to its upstream, and which standbys and physical slots this server has. Each has one name: its slot, or its
 * application name where it has none. A standby whose link is cut still knows its slot.
 *
 * A physical slot that nobody holds is a standby that is away; one held by a receiver that is no standby is left out with it. Without
 * pg_read_all_stats the names are hidden, and an empty name matches nobody.
 */
const sql = `
  WITH walsender AS (
    SELECT r.pid, r.application_name, s.slot_name, ${isStandby} AS is_standby FROM ${walsenders})
  SELECT 'sees' AS kind, coalesce('slot:' || slot_name, 'application:' || application_name, '') AS name
    FROM walsender WHERE is_standby
  UNION ALL
  SELECT 'sees', 'slot:' || slot_name
    FROM pg_replication_slots
   WHERE slot_type = 'physical' AND NOT EXISTS (SELECT FROM walsender w WHERE w.pid = active_pid)
  UNION ALL
  SELECT 'bears', coalesce('slot:' || nullif(coalesce(r.slot_name, current_setting('primary_slot_name')), ''),
                           'application:' || coalesce(substring(r.conninfo FROM '(?:^| )application_name=([^ ]*)'),
                                                      substring(r.conninfo FROM '(?:^| )fallback_application_name=([^ ]*)')))
    FROM (SELECT) AS one LEFT JOIN pg_stat_wal_receiver r ON true
   WHERE pg_is_in_recovery()
     AND (r.conninfo IS NOT NULL OR coalesce(r.slot_name, current_setting('primary_slot_name')) <> '')`;

/** How the members of this cluster know each other, for the proof that an index is unused. */
export async function readLinks(session: Session, signal: AbortSignal): Promise<MemberLinks> {
  const rows = await session.main.query(sql, row, signal);
  const named = (kind: 'bears' | 'sees'): string[] =>
    rows.filter((found) => found.kind === kind).map(({ name }) => name);
  return { names: named('bears'), sees: named('sees') };
}
