/** Time, handed in so that tests own it. */
export interface Clock {
  /** Unix time in milliseconds; may jump. For what people and other machines read. */
  now(): number;
  /** Milliseconds that only grow, for intervals and deadlines. */
  monotonicMs(): number;
  /** Resolves after the delay; rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

/** A number in [0, 1), handed in so that tests own it. */
export type Random = () => number;
