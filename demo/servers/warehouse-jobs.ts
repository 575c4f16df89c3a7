import type { Inventory } from '../../tests/support/bigquery/inventory.ts';

/** Invented jobs of the double of BigQuery. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const tebibyte = 1024 ** 4;

/** Days of history, so that a month can be forecast on its first day too. */
const historyDays = 40;
/** Few jobs, for they are evaluated in the demo's own process. */
const reportEveryHours = 3;

/** The price that is configured, in US dollars. */
export const usdPerTiB = 6.25;

/** What the statements of a script were billed for. The script's own row in JOBS has their sum once more. */
const statements = [5 * tebibyte, 3 * tebibyte] as const;
const scriptBytes = statements.reduce((sum, bytes) => sum + bytes, 0);

/** In US dollars. The other jobs of any 24 hours cost less, so a day of twice as much would have the script in it twice. */
export const scriptUsd = (scriptBytes / tebibyte) * usdPerTiB;

/**
 * Reports every three hours (smaller ones at weekends), a script, and what people asked in the last hour. All lie before `nowMs`, whatever the day of
 * the month and wherever a month begins.
 */
export function addJobs(inventory: Inventory, nowMs: number): void {
  for (let hoursAgo = historyDays * 24; hoursAgo > 0; hoursAgo -= reportEveryHours) {
    const atMs = nowMs - hoursAgo * hourMs;
    const bytes = reportBytes(atMs);
    inventory.addJob({
      creation_time: new Date(atMs),
      user_email: 'reports@double.test',
      total_bytes_billed: bytes,
      total_bytes_processed: bytes,
    });
  }
  addScript(inventory, nowMs - 6 * hourMs);
  for (let minutesAgo = 50; minutesAgo >= 5; minutesAgo -= 5)
    addQuestion(inventory, nowMs - minutesAgo * minuteMs, minutesAgo % 25 === 0 ? 6.5 : 1.2);
}

/** A query that somebody waited for. */
export function addQuestion(inventory: Inventory, atMs: number, seconds: number): void {
  inventory.addJob({
    creation_time: new Date(atMs),
    start_time: new Date(atMs + 200),
    end_time: new Date(atMs + seconds * 1_000),
    total_slot_ms: seconds * 4_000,
  });
}

/** More on working days, and never twice the same. */
function reportBytes(atMs: number): number {
  const date = new Date(atMs);
  const isWeekend = date.getUTCDay() % 6 === 0;
  const wave = 1 + 0.3 * Math.sin(Math.floor(atMs / hourMs) * 1.7);
  return Math.round((isWeekend ? 0.08 : 0.2) * reportEveryHours * wave * tebibyte);
}

function addScript(inventory: Inventory, atMs: number): void {
  const parent = inventory.addJob({
    creation_time: new Date(atMs),
    statement_type: 'SCRIPT',
    user_email: 'etl@double.test',
    total_bytes_billed: scriptBytes,
    total_bytes_processed: scriptBytes,
  });
  for (const [index, bytes] of statements.entries()) {
    inventory.addJob({
      creation_time: new Date(atMs + (index + 1) * minuteMs),
      parent_job_id: parent,
      user_email: 'etl@double.test',
      total_bytes_billed: bytes,
      total_bytes_processed: bytes,
    });
  }
}
