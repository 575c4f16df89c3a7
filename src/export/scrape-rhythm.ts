/** Arrivals remembered: several clients at ordinary intervals. */
const mostArrivals = 64;
/** Who comes this often, in milliseconds, is not worth predicting. */
const shortestPeriodMs = 2_000;
/** How far an arrival may be off its beat. */
const slackMs = 250;
const slackShare = 0.03;

/**
 * The beat in which clients come, so that a page is prepared shortly before the next one and not all the time in between. Several clients
 * with one period (two Prometheus servers side by side) are one beat of several strokes. Times in milliseconds that only grow.
 */
export class ScrapeRhythm {
  readonly #arrivals: number[] = [];
  /** Undefined while arrivals show no beat. */
  #periodMs: number | undefined;

  add(atMs: number): void {
    this.#arrivals.push(atMs);
    if (this.#arrivals.length > mostArrivals) this.#arrivals.shift();
    this.#periodMs = findPeriod(this.#arrivals);
  }

  /** When the next client is expected, at `nowMs` or later; undefined without a beat: then anybody may come at any time. */
  nextMs(nowMs: number): number | undefined {
    const periodMs = this.#periodMs;
    const last = this.#arrivals.at(-1);
    if (periodMs === undefined || last === undefined) return undefined;
    const strokes = this.#arrivals.filter((atMs) => atMs > last - periodMs + slackOf(periodMs));
    // One that did not come is expected a whole number of periods later.
    const expected = strokes.map(
      (atMs) => atMs + Math.max(1, Math.ceil((nowMs - atMs) / periodMs)) * periodMs,
    );
    return Math.min(...expected);
  }
}

/** The shortest time after which the arrivals of the last two periods repeat themselves. */
function findPeriod(arrivals: readonly number[]): number | undefined {
  const last = arrivals.at(-1) ?? 0;
  for (const earlier of arrivals.toReversed()) {
    const periodMs = last - earlier;
    if (periodMs < shortestPeriodMs) continue;
    const slack = slackOf(periodMs);
    const recent = arrivals.filter((atMs) => atMs > last - 2 * periodMs + slack);
    const repeats = (atMs: number): boolean =>
      arrivals.some((before) => Math.abs(atMs - periodMs - before) <= slack);
    if (recent.length > 1 && recent.every(repeats)) return periodMs;
  }
  return undefined;
}

function slackOf(periodMs: number): number {
  return Math.max(slackMs, periodMs * slackShare);
}
