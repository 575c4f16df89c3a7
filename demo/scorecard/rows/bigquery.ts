import { targets } from '../../agent-config.ts';
import { type Scrape, valueOf } from '../../exposition.ts';
import { measured } from '../format.ts';
import type { Row } from '../row.ts';

const target = targets.warehouse;

const inWarehouse = (scrape: Scrape, metric: string, where = {}): number | undefined =>
  valueOf(scrape, `reeve_bigquery_${metric}`, { target, ...where });
const dollars = (value: number | undefined): string =>
  value === undefined ? 'unknown' : measured(value, 'usd');
const month = { window: 'month' } as const;

export const bigqueryRows: readonly Row[] = [
  {
    target,
    label: 'spend, month to date',
    metric: 'reeve_bigquery_spend_usd',
    where: month,
    unit: 'usd',
    group: 'spend',
    basis: (scrape) =>
      `${dollars(inWarehouse(scrape, 'spend_usd', { window: 'last_24h' }))} in the last 24 hours`,
    absent: 'not every region was read',
  },
  {
    target,
    label: 'forecast of the month',
    metric: 'reeve_bigquery_spend_forecast_usd',
    where: month,
    unit: 'usd',
    group: 'spend',
    basis: (scrape) => {
      const lower = dollars(inWarehouse(scrape, 'spend_forecast_lower_usd', month));
      const upper = dollars(inWarehouse(scrape, 'spend_forecast_upper_usd', month));
      return `at the month's end; ${lower} to ${upper} in 8 of 10`;
    },
    absent: 'needs seven days of history',
  },
  {
    target,
    label: 'own spend',
    metric: 'reeve_bigquery_own_spend_usd',
    where: month,
    unit: 'usd',
    group: 'own_spend',
    basis: () => 'what asking has cost; every 15 min at most',
    absent: 'no query was sent yet',
  },
];
