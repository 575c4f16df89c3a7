/** The smallest value that this share of all values does not exceed; undefined without any. */
export function percentileOf(values: readonly number[], share: number): number | undefined {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)];
}
