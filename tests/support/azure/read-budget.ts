/** Reads that a subscription may still make: a sliding hour, as good as the service's own accounting for a test. */
export class ReadBudget {
  /** Default 12,000 an hour, Azure Resource Manager's figure. */
  limit = 12_000;
  #times: number[] = [];

  /** Reads of the hour before `nowMs`. */
  used(nowMs: number): number {
    this.#times = this.#times.filter((atMs) => atMs > nowMs - HOUR_MS);
    return this.#times.length;
  }

  remaining(nowMs: number): number {
    return Math.max(0, this.limit - this.used(nowMs));
  }

  /** Takes one; `undefined` when it was there, else seconds until there is one again. */
  take(nowMs: number): number | undefined {
    if (this.remaining(nowMs) > 0) {
      this.#times.push(nowMs);
      return undefined;
    }
    return Math.max(1, Math.ceil(((this.#times[0] ?? nowMs) + HOUR_MS - nowMs) / 1_000));
  }
}

const HOUR_MS = 3_600_000;
