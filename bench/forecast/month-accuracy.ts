import { forecastMonth, seededRandom } from '../../collectors/bigquery/forecast.ts';
import { monthUsd } from '../../collectors/bigquery/pricing.ts';
import {
  type GeneratedMonth,
  generateMonth,
  type SpendWay,
  spendPricing,
} from '../../tests/support/bigquery/spend-series.ts';
import { type Accuracy, accuracyOf, type Outcome } from './accuracy.ts';

export interface MonthAccuracy {
  readonly reeve: Accuracy;
  /** What the month has used so far goes on evenly. */
  readonly even: Accuracy;
  /** Days to come are as the last seven days were on average. */
  readonly week: Accuracy;
}

/** One way to spend on demand, forecast on a day of the month. */
export function measureMonth(
  way: SpendWay,
  { historyDays, gone, months }: { historyDays: number; gone: number; months: number },
): MonthAccuracy {
  const reeve: Outcome[] = [];
  const even: Outcome[] = [];
  const week: Outcome[] = [];
  for (let each = 0; each < months; each += 1) {
    const random = seededRandom(`bench ${way} ${historyDays} ${gone} ${each}`);
    const month = generateMonth(way, { historyDays, gone, of: 'bytes' }, random);
    const { actual } = month;
    const forecast = forecastMonth({
      ...month,
      pricing: spendPricing,
      random: seededRandom(`bench forecast ${each}`),
    });
    reeve.push({
      actual,
      forecast: forecast?.median,
      ...(forecast === undefined ? {} : { lower: forecast.lower, upper: forecast.upper }),
    });
    even.push({ actual, forecast: goOn(month, month.soFar.bytes / gone, month.soFar.capacityUsd / gone) });
    const lately = month.history.slice(-7);
    const bytes = lately.reduce((sum, day) => sum + day.bytes, 0) / lately.length;
    const capacity = lately.reduce((sum, day) => sum + day.capacityUsd, 0) / lately.length;
    week.push({ actual, forecast: goOn(month, bytes, capacity) });
  }
  return { reeve: accuracyOf(reeve), even: accuracyOf(even), week: accuracyOf(week) };
}

/** In US dollars at the end of the month, when every day to come uses as much. */
function goOn({ soFar, toCome }: GeneratedMonth, bytesADay: number, capacityUsdADay: number): number {
  const bytes = soFar.bytes + toCome.length * bytesADay;
  return monthUsd(bytes, spendPricing) + soFar.capacityUsd + toCome.length * capacityUsdADay;
}
