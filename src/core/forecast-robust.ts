/** Statistics that a few wild values do not move. */

/** 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const upper = sorted[sorted.length >> 1] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] ?? upper)) / 2;
}

/** Standard deviation of a normal distribution with the same median absolute deviation. */
export function spread(values: readonly number[], middle: number = median(values)): number {
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
}

export interface Point {
  /** In days. */
  readonly x: number;
  readonly y: number;
}

/** The median of the slopes of all pairs that are far enough apart to say something about it (Theil and Sen). */
export function slopeOf(points: readonly Point[]): number {
  const shortest = points.length / 4;
  const slopes: number[] = [];
  for (const [index, one] of points.entries())
    for (const other of points.slice(index + 1))
      if (other.x - one.x >= shortest) slopes.push((other.y - one.y) / (other.x - one.x));
  return median(slopes);
}
