/** When which part of the WAL existed, remembered from poll to poll, so that a position can be told as a time. */
export class LsnHistory {
  readonly #limit: number;
  #readings: { readonly atMs: number; readonly position: number }[] = [];

  constructor(limit = 512) {
    this.#limit = limit;
  }

  /** Takes the end of the WAL at a (monotonic) time. A WAL that became shorter is another WAL: what was known before is forgotten. */
  add(atMs: number, position: number): void {
    const last = this.#readings.at(-1);
    if (last !== undefined && position < last.position) this.#readings = [];
    if (last !== undefined && position === last.position) return;
    this.#readings.push({ atMs, position });
    // Every second one goes: old times get coarser, and the span that is remembered doubles.
    if (this.#readings.length > this.#limit) this.#readings = this.#readings.filter((_, at) => at % 2 === 0);
  }

  /**
   * For how long, at least, WAL beyond this position has existed; undefined when that was not seen before this moment. The true age is
   * longer by up to the time between two polls.
   */
  behindMs(position: number, nowMs: number): number | undefined {
    const first = this.#readings.find((reading) => reading.position > position);
    return first === undefined || first.atMs >= nowMs ? undefined : nowMs - first.atMs;
  }
}
