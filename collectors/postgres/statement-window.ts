import { LatencyMixture, type StatementGrowth } from './latency-mixture.ts';
import type { StatementRow, StatementRows } from './statement-rows.ts';

/** Over which latencies are taken, in milliseconds; either may be the longer one. What did not begin within a window is no part of it. */
export interface LatencyWindows {
  readonly shortMs: number;
  readonly longMs: number;
}

/** What the statements of one database did. */
export interface DatabaseStatements {
  readonly short: LatencyMixture;
  readonly long: LatencyMixture;
  /** Since the first reading. */
  readonly calls: number;
  readonly seconds: number;
}

type Mixtures = ReadonlyMap<string, LatencyMixture>;

interface Interval {
  readonly startMs: number;
  /** By database. */
  readonly mixtures: Mixtures;
}

interface Reading {
  readonly atMs: number;
  readonly epoch: string;
  readonly isWhole: boolean;
  readonly byKey: ReadonlyMap<string, StatementRow>;
}

/**
 * Follows statements from reading to reading and keeps what each interval adds, for as long as the windows; times are milliseconds that only grow. Rows that restarted are left out of the
 * interval, because what they did before is not known; so is the whole interval when everything was reset.
 */
export class StatementWindow {
  readonly #windows: LatencyWindows;
  #last: Reading | undefined;
  #intervals: Interval[] = [];
  readonly #totals = new Map<string, { calls: number; seconds: number }>();

  constructor(windows: LatencyWindows) {
    this.#windows = windows;
  }

  /** Rows that grew since the last reading, with their growth; to be given to `count` without those that are left out. */
  grownRows(atMs: number, statements: StatementRows): readonly [StatementRow, StatementGrowth][] {
    const last = this.#last;
    const byKey = new Map(statements.rows.map((row) => [row.key, row]));
    this.#last = {
      atMs,
      epoch: statements.epoch,
      isWhole: statements.total <= statements.rows.length,
      byKey,
    };
    if (last === undefined || last.epoch !== statements.epoch) return [];
    return statements.rows.flatMap((row): [StatementRow, StatementGrowth][] => {
      const growth = growthOf(last, row);
      return growth === undefined ? [] : [[row, growth]];
    });
  }

  count(startMs: number, nowMs: number, grown: readonly (readonly [StatementRow, StatementGrowth])[]): void {
    const mixtures = new Map<string, LatencyMixture>();
    for (const [{ database }, growth] of grown) {
      let mixture = mixtures.get(database);
      if (mixture === undefined) mixtures.set(database, (mixture = new LatencyMixture()));
      mixture.addStatement(growth);
      const total = this.#totals.get(database) ?? { calls: 0, seconds: 0 };
      this.#totals.set(database, {
        calls: total.calls + growth.calls,
        seconds: total.seconds + growth.seconds,
      });
    }
    this.#intervals = coalesce([...this.#intervals, { startMs, mixtures }], this.#windows, nowMs);
  }

  /** When the previous reading was, in milliseconds that only grow; undefined before the first. */
  get lastAtMs(): number | undefined {
    return this.#last?.atMs;
  }

  read(database: string, nowMs: number): DatabaseStatements {
    const short = new LatencyMixture();
    const long = new LatencyMixture();
    const { shortMs, longMs } = this.#windows;
    for (const { startMs, mixtures } of this.#intervals) {
      const mixture = mixtures.get(database);
      if (mixture === undefined) continue;
      if (startMs >= nowMs - longMs) long.add(mixture);
      if (startMs >= nowMs - shortMs) short.add(mixture);
    }
    return { short, long, ...(this.#totals.get(database) ?? { calls: 0, seconds: 0 }) };
  }
}

/** Of the longer window what the shorter one does not hold is kept in this many slots (of five minutes in an hour). */
const slots = 12;

/** Forgets what is older than the longer window, and joins what is older than the shorter one into slots. */
function coalesce(
  intervals: readonly Interval[],
  { shortMs, longMs }: LatencyWindows,
  nowMs: number,
): Interval[] {
  const longerMs = Math.max(shortMs, longMs);
  const slotOf = ({ startMs }: Interval): number => Math.floor(startMs / (longerMs / slots));
  const kept: Interval[] = [];
  for (const interval of intervals) {
    if (interval.startMs < nowMs - longerMs) continue;
    const previous = kept.at(-1);
    const isOld = interval.startMs < nowMs - Math.min(shortMs, longMs);
    if (isOld && previous !== undefined && slotOf(previous) === slotOf(interval)) {
      kept[kept.length - 1] = {
        startMs: previous.startMs,
        mixtures: join(previous.mixtures, interval.mixtures),
      };
    } else kept.push(interval);
  }
  return kept;
}

function join(one: Mixtures, other: Mixtures): Mixtures {
  const joined = new Map<string, LatencyMixture>();
  for (const [database, mixture] of [...one, ...other]) {
    const sum = joined.get(database) ?? new LatencyMixture();
    sum.add(mixture);
    joined.set(database, sum);
  }
  return joined;
}

function growthOf(last: Reading, row: StatementRow): StatementGrowth | undefined {
  const known = last.byKey.get(row.key);
  // It entered after the last reading, if that one saw every row.
  if (known === undefined) return last.isWhole && row.calls > 0 ? row : undefined;
  if (known.since !== row.since || row.calls <= known.calls || row.seconds < known.seconds) return undefined;
  return {
    calls: row.calls - known.calls,
    seconds: row.seconds - known.seconds,
    squares: Math.max(0, row.squares - known.squares),
  };
}
