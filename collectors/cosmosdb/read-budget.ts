import { type Clock, CollectError } from '../../src/sdk.ts';

/**
 * Reads that Azure Resource Manager grants one caller in one subscription.
 *
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
 */
export const readsPerHour = 12_000;
const hourMs = 3_600_000;
/** The last tenth is kept for the readings of every minute. */
const reservedReads = readsPerHour / 10;
/** So few left by the service's own count are left to others. */
const fewLeft = 20;
/** The service's own count is old after this. */
const countLivesMs = 60_000;

/** `deferrable` readings give way when the budget runs low. */
export type ReadUrgency = 'essential' | 'deferrable';

/** One budget for all targets in a subscription: fills steadily, and heeds what the service says is left. */
export class ReadBudget {
  readonly #clock: Clock;
  readonly #plans = new Map<string, number>();
  #left = readsPerHour;
  #filledAtMs: number;
  #served: { readonly left: number; readonly atMs: number } | undefined;
  #closedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#filledAtMs = clock.monotonicMs();
  }

  /** @throws {CollectError} `throttled` when there is nothing to take, with the time until there is. */
  take(urgency: ReadUrgency): void {
    const nowMs = this.#fill();
    const pauseMs = this.#pauseMs(urgency, nowMs);
    if (pauseMs > 0) {
      const text =
        'the reads of Azure Resource Manager in this subscription are used up: watch less often, or fewer accounts';
      throw new CollectError('throttled', text, { retryAfterMs: Math.ceil(pauseMs) });
    }
    this.#left -= 1;
  }

  /** What the service says is left, from `x-ms-ratelimit-remaining-subscription-reads`. */
  heed(left: number): void {
    this.#served = { left, atMs: this.#clock.monotonicMs() };
  }

  /** The service asked for a pause: nobody reads before it is over; after an hour of it the service is asked again all the same. */
  close(forMs: number): void {
    this.#closedUntilMs = Math.max(this.#closedUntilMs, this.#clock.monotonicMs() + Math.min(forMs, hourMs));
  }

  /** Reads left now: by our own count, or by the service's where that is less. */
  remaining(): number {
    const nowMs = this.#fill();
    return Math.floor(Math.min(this.#left, this.#servedLeft(nowMs) ?? Number.POSITIVE_INFINITY));
  }

  /** What a target will need in an hour. */
  plan(target: string, reads: number): void {
    this.#plans.set(target, reads);
  }

  /** What all targets together will need in an hour. */
  planned(): number {
    return [...this.#plans.values()].reduce((sum, reads) => sum + reads, 0);
  }

  #pauseMs(urgency: ReadUrgency, nowMs: number): number {
    if (nowMs < this.#closedUntilMs) return this.#closedUntilMs - nowMs;
    const floor = urgency === 'deferrable' ? reservedReads : 0;
    if (this.#left < floor + 1) return ((floor + 1 - this.#left) * hourMs) / readsPerHour;
    const served = this.#servedLeft(nowMs);
    const floorServed = urgency === 'deferrable' ? fewLeft : 0;
    if (served !== undefined && served <= floorServed) return countLivesMs;
    return 0;
  }

  #servedLeft(nowMs: number): number | undefined {
    if (this.#served === undefined || nowMs - this.#served.atMs >= countLivesMs) return undefined;
    return this.#served.left;
  }

  #fill(): number {
    const nowMs = this.#clock.monotonicMs();
    const grown = ((nowMs - this.#filledAtMs) * readsPerHour) / hourMs;
    this.#left = Math.min(readsPerHour, this.#left + Math.max(0, grown));
    this.#filledAtMs = nowMs;
    return nowMs;
  }
}
