import { spendWays } from '../../tests/support/bigquery/spend-series.ts';
import { growthKinds } from '../../tests/support/growth-series.ts';
import type { Report } from '../report.ts';
import type { Run } from '../run.ts';
import { measureGrowth } from './growth-accuracy.ts';
import { measureMonth } from './month-accuracy.ts';
import { type GrowthRow, type MonthRow, reportForecast } from './report-forecast.ts';

const histories = [31, 60, 120] as const;
const aheads = [30, 90] as const;
const monthShapes = [
  { historyDays: 14, gone: 5 },
  { historyDays: 40, gone: 5 },
  { historyDays: 40, gone: 20 },
] as const;

/** How far off forecasts are on made-up series, and how often what comes is in their interval. The same numbers at every run. */
export async function benchForecast(run: Run): Promise<Report> {
  const series = run.isQuick ? 30 : 500;
  // Each is a thousand simulations.
  const monthsEach = run.isQuick ? 30 : 200;
  const growth: GrowthRow[] = [];
  for (const history of histories) {
    run.say(`growth, ${history} days of history`);
    for (const kind of growthKinds)
      for (const ahead of aheads)
        growth.push({
          kind: kind.name,
          history,
          ahead,
          ...measureGrowth(kind, { history, ahead, series }),
        });
  }
  const months: MonthRow[] = [];
  for (const shape of monthShapes) {
    run.say(`month end, ${shape.historyDays} days of history, ${shape.gone} days gone`);
    for (const way of spendWays)
      months.push({ way, ...shape, ...measureMonth(way, { ...shape, months: monthsEach }) });
  }
  return reportForecast({ series, monthsEach, growth, months });
}
