/**
 * Deltas of cumulative counters over a sliding window, as every windowed ratio and rate needs them. One window holds one vector of
 * counters that share a source and therefore a restart.
 */

/** Growth of each counter between two readings of the same life of the source. */
export interface WindowDelta<K extends string> {
  readonly growth: Readonly<Record<K, number>>;
  /** Time between the two readings. */
  readonly spanMs: number;
}

interface Reading<K extends string> {
  readonly atMs: number;
  readonly counters: Readonly<Record<K, number>>;
}

/** A gap between two readings that is longer than so many windows is not part of the window that follows. */
const longestGapWindows = 2;

export class CounterWindow<K extends string> {
  readonly #windowMs: number;
  #readings: Reading<K>[] = [];
  #epoch: string | undefined;

  /** @param windowMs at least half the pause between two readings, or no delta is ever known. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /**
   * Takes a reading. A counter that fell, a clock that went back, or another epoch (a statistics reset, a restart) empties the window
   * first: growth across a restart is not known. So does a gap of more than two windows, such as an outage: most of what grew meanwhile
   * is older than the window.
   */
  add(atMs: number, counters: Readonly<Record<K, number>>, epoch = ''): void {
    const last = this.#readings.at(-1);
    if (last !== undefined && !(epoch === this.#epoch && this.#follows(last, atMs, counters)))
      this.#readings = [];
    this.#epoch = epoch;
    this.#readings.push({ atMs, counters });
    // The newest reading at or before the window's start stays, so that the delta covers the whole window.
    while ((this.#readings[1]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs - this.#windowMs)
      this.#readings.shift();
  }

  /** Growth over the window, or over as much of it as has been seen; undefined before the second reading. */
  delta(): WindowDelta<K> | undefined {
    const first = this.#readings[0];
    const last = this.#readings.at(-1);
    if (first === undefined || last === undefined || first === last) return undefined;
    const growth: Record<K, number> = { ...last.counters };
    for (const name in growth) growth[name] -= first.counters[name];
    return { growth, spanMs: last.atMs - first.atMs };
  }

  #follows(last: Reading<K>, atMs: number, counters: Readonly<Record<K, number>>): boolean {
    const gapMs = atMs - last.atMs;
    return gapMs > 0 && gapMs <= longestGapWindows * this.#windowMs && !fell(last.counters, counters);
  }
}

/** Part of a whole; undefined when the whole is zero, because no lookups is not a ratio of anything. */
export function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}

function fell<K extends string>(
  before: Readonly<Record<K, number>>,
  after: Readonly<Record<K, number>>,
): boolean {
  for (const name in after) if (after[name] < before[name]) return true;
  return false;
}
