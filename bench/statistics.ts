/** What is kept of many measurements of the same thing. */
export interface Summary {
  readonly n: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly p99: number;
}

/** @throws {RangeError} without any value. */
export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    n: sorted.length,
    median: quantile(sorted, 0.5),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
    p99: quantile(sorted, 0.99),
  };
}

/** Linear between the neighbours, as most tools do it; the values in ascending order. */
function quantile(sorted: readonly number[], rank: number): number {
  const position = (sorted.length - 1) * rank;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError('nothing was measured');
  return below + (above - below) * (position - Math.floor(position));
}
