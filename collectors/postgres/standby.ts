import { z } from 'zod';
import { notNegative } from './not-negative.ts';
import { nameOfStandby } from './replica-name.ts';
import type { PostgresReader } from './session.ts';

const optional = z.number().nullable();
const row = z.object({
  application: z.string().nullable(),
  cluster_name: z.string(),
  slot: z.string(),
  streams_from: z.boolean(),
  streaming: z.boolean(),
  message_age: notNegative,
  silence_limit: optional,
  received: optional,
  replayed: optional,
  replay_age: notNegative,
  paused: z.boolean(),
});

type Row = z.infer<typeof row>;

/**
 * Only the name is taken out of primary_conninfo, on the server: it may hold a password. A healthy receiver hears something at least
 * every half of wal_receiver_timeout, because it asks then.
 */
const sql = String.raw`
  SELECT substring(l.conninfo
           from '(?:^|[\s?&])application_name\s*=\s*(''(?:[^''\\]|\\.)*''|[^\s&'']+)') AS application,
         current_setting('cluster_name') AS cluster_name,
         current_setting('primary_slot_name') AS slot,
         coalesce(l.conninfo <> '', r.pid IS NOT NULL) AS streams_from,
         coalesce(r.status = 'streaming', false) AS streaming,
         extract(epoch FROM clock_timestamp() - r.last_msg_receipt_time)::float8 AS message_age,
         nullif(extract(epoch FROM current_setting('wal_receiver_timeout')::interval), 0)::float8 / 2 AS silence_limit,
         (greatest(l.received, r.latest_end_lsn) - '0/0'::pg_lsn)::float8 AS received,
         (l.replayed - '0/0'::pg_lsn)::float8 AS replayed,
         extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS replay_age,
         pg_is_wal_replay_paused() AS paused
    FROM (SELECT pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed,
                 CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('primary_conninfo') END AS conninfo) l
    LEFT JOIN pg_stat_wal_receiver r ON true`;

/** How much longer than it should a receiver may hear nothing before its link counts as hung. */
const silenceGraceSeconds = 5;

/**
 * How old the last message of the primary may be for "nothing is missing" to stand. An idle primary sends only a keepalive every half of
 * wal_sender_timeout (30 s by default), so after a longer silence nobody on the standby can tell idle from cut: the lag is unknown then,
 * neither zero nor growing. Shorter, and a quiet primary would hardly ever have a lag; longer than a poll, and a cut link would show zero
 * more than once.
 */
const provenSilenceSeconds = 10;

/**
 * `fresh`: heard of lately. `silent`: says it streams, but heard nothing for a while. `cut`: does not stream, or has heard nothing for
 * longer than a healthy link allows, since the receiver asks for an answer.
 */
export type StandbyLink = 'fresh' | 'silent' | 'cut';

/** Makes the reader of a standby's own view; it remembers when the standby was last known to have everything. */
export function createStandbyReader(): PostgresReader {
  let caughtUpAtMs: number | undefined;

  return async (session, context) => {
    const [seen] = await session.main.query(sql, row, context.signal);
    // A server that was promoted between two statements of this poll has nothing to receive any more.
    if (seen === undefined || seen.replayed === null) return;
    const nowMs = context.monotonicMs;
    const link = linkOf(seen);
    const missing = seen.received === null ? undefined : Math.max(0, seen.received - seen.replayed);
    // That nothing is missing was true when the primary last said something, not now.
    if (seen.streaming && missing === 0 && seen.message_age !== null) {
      caughtUpAtMs = Math.max(caughtUpAtMs ?? Number.NEGATIVE_INFINITY, nowMs - seen.message_age * 1000);
    }
    const knownMs = caughtUpAtMs === undefined ? undefined : nowMs - caughtUpAtMs;

    const replica = nameOfStandby({
      application: seen.application,
      clusterName: seen.cluster_name,
      slot: seen.slot,
    });
    context.record('replicationLagSeconds', standbyLagSeconds(seen, link, missing, knownMs), { replica });
    context.record('replicationLagBytes', link === 'fresh' ? missing : undefined, { replica });
    context.record('receiverConnected', seen.streams_from ? Number(link !== 'cut') : undefined, {});
    context.record('receiverSilenceSeconds', seen.message_age ?? undefined, {});
    context.record('replayPaused', seen.paused ? 1 : 0, {});
    context.record('replayAgeSeconds', seen.replay_age ?? undefined, {});
  };
}

/** With wal_receiver_timeout = 0 a receiver never asks, so its silence proves nothing however long it lasts. */
function linkOf(seen: Row): StandbyLink {
  if (!seen.streaming) return 'cut';
  if (seen.message_age === null) return 'silent';
  if (seen.silence_limit !== null && seen.message_age > seen.silence_limit + silenceGraceSeconds)
    return 'cut';
  return seen.message_age > provenSilenceSeconds ? 'silent' : 'fresh';
}

/**
 * Caught up is what has replayed all it received and heard from the primary lately; heard nothing, it may lack anything: unknown.
 * Otherwise what the standby shows is as old as the last transaction it replayed or as the last message by which it was caught up,
 * whichever is later: so an idle primary makes no lag, and a cut link does not look like none. A standby that restores archived files
 * only cannot know.
 */
export function standbyLagSeconds(
  seen: { readonly streams_from: boolean; readonly replay_age: number | null },
  link: StandbyLink,
  missing: number | undefined,
  knownMs: number | undefined,
): number | undefined {
  if (link === 'fresh' && missing === 0) return 0;
  if (link === 'silent' && (missing ?? 0) === 0) return undefined;
  if (!seen.streams_from) return undefined;
  const ages = [seen.replay_age ?? undefined, knownMs === undefined ? undefined : knownMs / 1000];
  const known = ages.filter((age) => age !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
