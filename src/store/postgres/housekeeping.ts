import { z } from 'zod';
import { rememberMs } from '../../core/index-usage.ts';
import { keptMs, mostKept } from '../objective-limits.ts';
import { proofsKeptMs } from '../proof-json.ts';
import { endedRunsKeptMs, mostEndedRuns } from '../remediation-limits.ts';
import type { StoreClient } from './client.ts';

/** Rows deleted in one statement. */
const stepRows = 2_000;

/** A table that is kept from growing by itself. */
interface Aged {
  readonly table: string;
  /** Column that says how old a row is; rows in which it is NULL stay. */
  readonly at: string;
  readonly keepMs: number;
  /** How many there may be of each target, or in all; the oldest go. */
  readonly most?: { readonly rows: number; readonly of?: 'target' };
  /** Tables of what belongs to a row and goes with it. */
  readonly parts?: readonly string[];
}

const aged: readonly Aged[] = [
  { table: 'index_member', at: 'at', keepMs: rememberMs },
  { table: 'seen_scope', at: 'last_at', keepMs: rememberMs },
  { table: 'objective_state', at: 'at', keepMs: keptMs.states },
  {
    table: 'breach',
    at: 'closed_at',
    keepMs: keptMs.closedBreaches,
    most: { rows: mostKept.closedBreachesOfTarget, of: 'target' },
  },
  {
    table: 'objective_event',
    at: 'at',
    keepMs: keptMs.events,
    most: { rows: mostKept.eventsOfTarget, of: 'target' },
  },
  { table: 'alert_delivery', at: 'at', keepMs: keptMs.deliveries, most: { rows: mostKept.deliveries } },
  { table: 'daily_series', at: 'last_day', keepMs: keptMs.daily },
  {
    table: 'run',
    at: 'ended_at',
    keepMs: endedRunsKeptMs,
    most: { rows: mostEndedRuns },
    parts: ['plan', 'approval', 'evidence', 'act'],
  },
  { table: 'proof', at: 'at', keepMs: proofsKeptMs },
];

/**
 * Deletes what is old, and the oldest where there is too much, a few rows at a time; any agent may do it. Old is measured against the
 * latest row, and never against a time that is still to come, so that a store that was not in use for years loses nothing when it is
 * opened, and a clock that was ahead does not make the rest old. What is open stays, and so does the audit.
 */
export async function sweep(client: StoreClient, now: number, signal: AbortSignal): Promise<void> {
  for (const { table, at, keepMs, most, parts } of aged) {
    const from = { table, parts };
    const newest = `(SELECT least(max(${at}), $1::float8) FROM reeve.${table})`;
    await deleteAll(
      client,
      `SELECT ctid FROM reeve.${table} WHERE ${at} <= ${newest} - ${keepMs}`,
      from,
      now,
      signal,
    );
    if (most === undefined) continue;
    const partition = most.of === undefined ? '' : `PARTITION BY ${most.of}`;
    const ranked = `SELECT ctid, row_number() OVER (${partition} ORDER BY ${at} DESC) AS place FROM reeve.${table} WHERE ${at} IS NOT NULL`;
    const excess = `SELECT ctid FROM (${ranked}) AS ranked WHERE place > ${most.rows} AND $1::float8 IS NOT NULL`;
    await deleteAll(client, excess, from, now, signal);
  }
  const oldDays = `SELECT value.ctid FROM reeve.daily_value AS value JOIN reeve.daily_series ON id = series_id
    WHERE day < last_day - ${keptMs.daily} AND $1::float8 IS NOT NULL`;
  await deleteAll(client, oldDays, { table: 'daily_value' }, now, signal);
  const oldMemories = `SELECT ctid FROM reeve.target_memory WHERE $1::float8 IS NOT NULL
    AND written_at < (SELECT max(written_at) FROM reeve.target_memory) - interval '${rememberMs / 1000} seconds'`;
  await deleteAll(client, oldMemories, { table: 'target_memory' }, now, signal);
}

const countRow = z.object({ count: z.number() });

async function deleteAll(
  client: StoreClient,
  which: string,
  { table, parts = [] }: { readonly table: string; readonly parts?: readonly string[] | undefined },
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const ofParts = parts.map(
    (part) => `, of_${part} AS (DELETE FROM reeve.${part} WHERE run_id IN (SELECT key FROM gone))`,
  );
  const key = parts.length > 0 ? 'id' : 'NULL';
  const sql = `WITH gone AS (DELETE FROM reeve.${table} WHERE ctid = ANY (ARRAY(${which} LIMIT ${stepRows})) RETURNING ${key} AS key)
    ${ofParts.join(' ')} SELECT count(*)::float8 AS count FROM gone`;
  let deleted: number;
  do {
    signal.throwIfAborted();
    const [row] = await client.rows(countRow, sql, [now]);
    deleted = row?.count ?? 0;
  } while (deleted === stepRows);
}
