import { CollectError, type CollectorInput } from '../../src/sdk.ts';
import { addDays, type BillingCalendar, firstOfPreviousMonth } from './billing-calendar.ts';
import { commitmentsOver } from './commitments.ts';
import type { BigqueryOptions } from './config.ts';
import { capacityKeptMs, type RegionUsage } from './costs.ts';
import { type Cell, QuarterLedger } from './quarter-ledger.ts';
import { capacityCommitmentsQuery, commitmentChangesQuery } from './queries/capacity-commitments.ts';
import { jobUsageQuery } from './queries/job-usage.ts';
import { hiddenPool, type ParameterValue, type Query, type Scope } from './queries/query.ts';
import { reservationUsageQuery } from './queries/reservation-usage.ts';
import type { QueryRunner } from './query-runner.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const quarter = 15 * minute;
/** A batch query waits for up to 24 hours and runs for up to 6; what it was billed for is settled by then. */
const unsettledMs = 32 * hour;
/** History is read in pieces, so that each stays small. */
const pieceMs = 16 * day;
/** Pieces with too many rows are halved down to this. */
const smallestPieceMs = day / 4;
/** Days that a forecast looks at, at least. */
const historyDays = 43;
/** Older cells are folded into days. Windows that slide look back for a week. */
const keptAsQuartersMs = { jobs: 8 * day, capacity: capacityKeptMs } as const;

type Parse<R> = (row: R) => Cell;

/** What is needed of the input of a collector. */
type UsageInput = Pick<CollectorInput<BigqueryOptions>, 'options' | 'memory' | 'log'>;

/** Keeps what each project and region used; asks for the last day only, once it knows the rest. */
export class UsageReader {
  readonly #input: UsageInput;
  readonly #runner: QueryRunner;
  readonly #calendar: BillingCalendar;
  readonly #latest = new Map<string, RegionUsage>();
  /** Also here, for what is too much for the memory must not be paid for again at every reading. */
  readonly #ledgers = new Map<string, QuarterLedger>();
  readonly #turns = new Map<string, Promise<void>>();

  constructor(input: UsageInput, runner: QueryRunner, calendar: BillingCalendar) {
    this.#input = input;
    this.#runner = runner;
    this.#calendar = calendar;
  }

  /**
   * @param oldestMs how old a reading may be that serves again
   * @throws {CollectError} when any part of it could not be read: a smaller sum would be a lie.
   */
  async read(scope: Scope, now: number, signal: AbortSignal, oldestMs = 0): Promise<RegionUsage> {
    const key = `${scope.project}/${scope.region}`;
    // Groups that need the same wait for each other instead of paying twice.
    await this.#turns.get(key);
    const known = this.#latest.get(key);
    if (known !== undefined && known.until >= now - oldestMs) return known;
    const turn = Promise.withResolvers<void>();
    this.#turns.set(key, turn.promise);
    try {
      const usage = await this.#refresh(scope, now, signal);
      this.#latest.set(key, usage);
      return usage;
    } finally {
      turn.resolve();
    }
  }

  async #refresh(scope: Scope, now: number, signal: AbortSignal): Promise<RegionUsage> {
    const jobs = await this.#extend('jobs', scope, jobUsageQuery, now, signal, (row) => ({
      pool: row.reservation,
      start: row.quarter * 1_000,
      // Of jobs whose bytes are hidden only their number is known.
      amounts: [row.reservation === hiddenPool ? row.jobs : row.bytes, row.slot_ms],
    }));
    const capacity = await this.#extend('capacity', scope, reservationUsageQuery, now, signal, (row) => ({
      pool: `${row.reservation}|${row.edition}`,
      start: row.quarter * 1_000,
      amounts: [row.baseline_slot_seconds, row.autoscale_slot_seconds],
    }));
    const present = await this.#runner.ask(capacityCommitmentsQuery, scope, {}, signal);
    const changes = await this.#runner.ask(commitmentChangesQuery, scope, {}, signal);
    for (const { truncatedRows } of [present, changes])
      if (truncatedRows > 0) throw tooMany(capacityCommitmentsQuery, scope, truncatedRows);
    const commitments = commitmentsOver(present.rows, changes.rows);
    return {
      region: scope.region,
      jobs: jobs.cells(),
      capacity: capacity.cells(),
      commitments,
      since: Math.max(jobs.since, capacity.since),
      until: Math.min(jobs.until, capacity.until),
    };
  }

  /** Reads what the ledger lacks, piece by piece, and remembers it after each. */
  async #extend<R>(
    kind: keyof typeof keptAsQuartersMs,
    scope: Scope,
    query: Query<R>,
    now: number,
    signal: AbortSignal,
    parse: Parse<R>,
  ): Promise<QuarterLedger> {
    const { memory, log } = this.#input;
    const key = `usage:${kind}:${scope.project}:${scope.region}`;
    const ledger = this.#ledgers.get(key) ?? this.#recall(key, keptAsQuartersMs[kind]);
    this.#ledgers.set(key, ledger);
    const oldest = this.#oldest(now);
    const isKnown = ledger.since < ledger.until && ledger.since <= oldest && ledger.until <= now;
    const settled = Math.floor((ledger.until - unsettledMs) / quarter) * quarter;
    let from = isKnown ? Math.max(oldest, settled) : oldest;
    let piece = pieceMs;
    while (from < now) {
      const to = Math.min(now, from + piece);
      const parameters: Readonly<Record<string, ParameterValue>> = { from: iso(from), to: iso(to) };
      const { rows, truncatedRows } = await this.#runner.ask(query, scope, parameters, signal);
      if (truncatedRows > 0) {
        if (piece <= smallestPieceMs) throw tooMany(query, scope, truncatedRows);
        piece = Math.max(smallestPieceMs, Math.floor(Math.min(piece, to - from) / 2 / quarter) * quarter);
        continue;
      }
      ledger.replace(from, to, rows.map(parse));
      ledger.compact(oldest);
      try {
        memory.write(key, ledger.serialize());
      } catch (thrown) {
        if (!(thrown instanceof RangeError)) throw thrown;
        // Too much to remember: it works all the same, and is read anew after a restart.
        log.warn('usage is too much to remember', { project: scope.project, region: scope.region });
      }
      from = to;
    }
    return ledger;
  }

  #recall(key: string, keptMs: number): QuarterLedger {
    const { memory, options } = this.#input;
    const ledger = new QuarterLedger(options.billingTimeZone, this.#calendar, keptMs);
    const text = memory.read(key);
    if (text !== undefined) ledger.restore(text);
    return ledger;
  }

  /** The month before, and enough days for a forecast. */
  #oldest(now: number): number {
    const today = this.#calendar.dayOf(now);
    const first = [firstOfPreviousMonth(today), addDays(today, -historyDays)].sort()[0] ?? today;
    return this.#calendar.startOfDay(first);
  }
}

function tooMany({ name }: Pick<Query, 'name'>, { project, region }: Scope, rows: number): CollectError {
  const message = `query ${name} of project "${project}" in ${region} has ${rows} rows more than are read: a sum of the others would be too small`;
  return new CollectError('unsupported', message);
}

export function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
