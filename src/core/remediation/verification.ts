/** What is compared before and after a change. */

/** Sums and counts since `epoch` began, by series: of statements their total time and calls. Only differences mean something. */
export interface CounterReading {
  /** Unix time in milliseconds. */
  readonly at: number;
  /** Changes when the counters were restarted. */
  readonly epoch: string;
  readonly series: Readonly<Record<string, CounterSum>>;
}

export interface CounterSum {
  readonly sum: number;
  readonly count: number;
  /** `share`: the sum counts some of `count`, such as the lookups that missed; seconds in all of `count` calls otherwise. */
  readonly unit?: 'share' | undefined;
}

/** Which of an engine's metrics say that a target suffers: compared before and after each change, whatever was changed. */
export interface GuardMeasure {
  /** `throttling`: answers 429 and the like. */
  readonly guard: 'errors' | 'latency' | 'lag' | 'throttling';
  /** Key in the engine's metric table. */
  readonly metric: string;
  /** Only samples with these label values. */
  readonly where?: Readonly<Record<string, string>>;
  /** `gauge`: the worst sample counts. `counter`: its growth per second, all samples together. */
  readonly kind: 'gauge' | 'counter';
  /** It is worse when it is above the baseline by this share … */
  readonly tolerance: number;
  /** … and by at least this much, in the metric's unit (a counter's: per second): noise on a quiet target is no regression. */
  readonly floor: number;
}

/** One comparison. */
export interface Comparison {
  /** Guard and subject, or statement. */
  readonly what: string;
  readonly role: 'indicator' | 'guard';
  /** `unknown`: too few observations before or after. */
  readonly verdict: 'better' | 'same' | 'worse' | 'unknown';
  readonly before: number | null;
  readonly after: number | null;
  readonly text: string;
}

/** `worse`: undo. `inconclusive`: nothing got worse, and nothing can be proven. */
export interface Verification {
  readonly verdict: 'improved' | 'inconclusive' | 'worse';
  readonly comparisons: readonly Comparison[];
  readonly text: string;
}
