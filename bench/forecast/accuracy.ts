/** What a method said about one made-up series, and what came. */
export interface Outcome {
  readonly forecast: number | undefined;
  readonly lower?: number;
  readonly upper?: number;
  readonly actual: number;
}

export interface Accuracy {
  /** Series that the method said something about. */
  readonly n: number;
  /** Mean of the distance from the forecast to what came, as a part of what came. */
  readonly error: number;
  /** Part of the series that ended within the interval; undefined for a method without one. */
  readonly coverage: number | undefined;
  /** Mean width of the interval, as a part of what came. */
  readonly width: number | undefined;
}

export function accuracyOf(outcomes: readonly Outcome[]): Accuracy {
  const errors: number[] = [];
  const inside: number[] = [];
  const widths: number[] = [];
  for (const { forecast, lower, upper, actual } of outcomes) {
    if (forecast === undefined) continue;
    errors.push(Math.abs(forecast - actual) / actual);
    if (lower === undefined || upper === undefined) continue;
    inside.push(actual >= lower && actual <= upper ? 1 : 0);
    widths.push((upper - lower) / actual);
  }
  return { n: errors.length, error: mean(errors) ?? 0, coverage: mean(inside), width: mean(widths) };
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
