/**
 * Estimates quantiles of statement latency. PostgreSQL keeps a mean and a standard deviation for each statement and no quantile, so the
 * calls of each statement in an interval are spread over a log-normal distribution with its mean and deviation in that interval, and the
 * quantile is read from the sum of all. An estimate: two statements hidden behind one query id, or a bimodal one, are smoothed.
 */

/** What one statement did in one interval. */
export interface StatementGrowth {
  readonly calls: number;
  readonly seconds: number;
  /** Sum of the squares of each call's seconds. */
  readonly squares: number;
}

const bucketsPerDecade = 20;
const smallest = 1e-6;
const decades = 11;
const bucketCount = bucketsPerDecade * decades;
/** Spreads beyond this come from rounding or from one wild call, and would smear over every bucket. */
const widestSigma = 3;

/** Calls by latency, in buckets of equal width on a logarithmic scale; sums of these are windows. */
export class LatencyMixture {
  readonly #calls = new Float64Array(bucketCount);
  #total = 0;
  #seconds = 0;

  get calls(): number {
    return this.#total;
  }

  /** Mean seconds a call; undefined without calls. */
  get mean(): number | undefined {
    return this.#total > 0 ? this.#seconds / this.#total : undefined;
  }

  addStatement({ calls, seconds, squares }: StatementGrowth): void {
    if (!(calls > 0) || !(seconds >= 0)) return;
    this.#total += calls;
    this.#seconds += seconds;
    const mean = Math.max(seconds / calls, smallest);
    const variance = Math.max(0, squares / calls - mean * mean);
    const sigma = Math.min(widestSigma, Math.sqrt(Math.log1p(variance / (mean * mean))));
    const mu = Math.log(mean) - (sigma * sigma) / 2;
    if (sigma < 0.02) this.#put(bucketOf(mean), calls);
    else this.#spread(calls, mu, sigma);
  }

  add(other: LatencyMixture): void {
    for (const [at, calls] of other.#calls.entries()) this.#put(at, calls);
    this.#total += other.#total;
    this.#seconds += other.#seconds;
  }

  /** Seconds below which this part of the calls was, 0 < part < 1; undefined without calls. */
  quantile(part: number): number | undefined {
    if (this.#total <= 0) return undefined;
    const sum = this.#calls.reduce((total, calls) => total + calls, 0);
    let rest = part * sum;
    for (const [at, calls] of this.#calls.entries()) {
      if (rest <= calls) return lowerBound(at + rest / calls);
      rest -= calls;
    }
    return lowerBound(bucketCount);
  }

  #spread(calls: number, mu: number, sigma: number): void {
    const first = bucketOf(Math.exp(mu - 4 * sigma));
    const last = bucketOf(Math.exp(mu + 4 * sigma));
    let below = 0;
    for (let at = first; at <= last; at += 1) {
      const upTo = at === last ? 1 : normalCdf((Math.log(lowerBound(at + 1)) - mu) / sigma);
      this.#put(at, calls * (upTo - below));
      below = upTo;
    }
  }

  #put(at: number, calls: number): void {
    this.#calls[at] = (this.#calls[at] ?? 0) + calls;
  }
}

function bucketOf(seconds: number): number {
  const at = Math.floor(Math.log10(seconds / smallest) * bucketsPerDecade);
  return Math.min(bucketCount - 1, Math.max(0, at));
}

function lowerBound(at: number): number {
  return smallest * 10 ** (at / bucketsPerDecade);
}

/** Abramowitz and Stegun 7.1.26; off by less than 1e-7. */
function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    Math.exp(-x * x);
  return z < 0 ? tail / 2 : 1 - tail / 2;
}
