import { seededRandom } from '../../collectors/bigquery/forecast.ts';
import { forecastGrowth } from '../../src/core/forecast.ts';
import type { DailyValue } from '../../src/core/ports/objective-records.ts';
import { dayMs, type GrowthKind, generateGrowth } from '../../tests/support/growth-series.ts';
import { type Accuracy, accuracyOf, type Outcome } from './accuracy.ts';

export interface GrowthAccuracy {
  readonly reeve: Accuracy;
  /** A straight line by least squares, as Prometheus' predict_linear draws it. */
  readonly linear: Accuracy;
  /** That nothing grows any more. */
  readonly last: Accuracy;
}

/** One kind of growth, forecast from so many days of history for a day so far ahead of the last. */
export function measureGrowth(
  kind: GrowthKind,
  { history, ahead, series }: { history: number; ahead: number; series: number },
): GrowthAccuracy {
  const reeve: Outcome[] = [];
  const linear: Outcome[] = [];
  const last: Outcome[] = [];
  for (let each = 0; each < series; each += 1) {
    const random = seededRandom(`bench ${kind.name} ${history} ${ahead} ${each}`);
    const { days, future } = generateGrowth(kind, history, ahead, random);
    const due = future.at(-1);
    if (due === undefined) continue;
    const actual = due.value;
    const forecast = forecastGrowth(days, due.day, { historyMs: 30 * dayMs });
    reeve.push({
      actual,
      forecast: forecast?.median,
      ...(forecast === undefined ? {} : { lower: forecast.lower, upper: forecast.upper }),
    });
    linear.push({ actual, forecast: leastSquares(days, due.day) });
    last.push({ actual, forecast: days.at(-1)?.value });
  }
  return { reeve: accuracyOf(reeve), linear: accuracyOf(linear), last: accuracyOf(last) };
}

function leastSquares(days: readonly DailyValue[], at: number): number {
  const middle = days.reduce((sum, { day }) => sum + day, 0) / days.length;
  const mean = days.reduce((sum, { value }) => sum + value, 0) / days.length;
  let shared = 0;
  let spread = 0;
  for (const { day, value } of days) {
    shared += (day - middle) * (value - mean);
    spread += (day - middle) ** 2;
  }
  return mean + (shared / spread) * (at - middle);
}
