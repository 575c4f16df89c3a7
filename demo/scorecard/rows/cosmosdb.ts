import { targets } from '../../agent-config.ts';
import { type Scrape, valueOf } from '../../exposition.ts';
import { hotContainer, tightContainer } from '../../servers/carts.ts';
import { measured, whole } from '../format.ts';
import type { Row } from '../row.ts';

const target = targets.cartsAccount;

const inCarts = (scrape: Scrape, metric: string, container: string): number | undefined =>
  valueOf(scrape, `reeve_cosmosdb_${metric}`, { target, container });
const written = (value: number | undefined, text: (known: number) => string): string =>
  value === undefined ? 'not known' : text(value);

/** Of one container, in the newest minute that Azure has counted; the objective takes seven days of them. */
function utilization(container: string): Row {
  return {
    target,
    label: `RU/s used of ${container}`,
    metric: 'reeve_cosmosdb_request_unit_utilization_ratio',
    where: { container },
    how: 'max',
    unit: 'ratio',
    group: 'consumption',
    basis: (scrape) => {
      const consumed = written(inCarts(scrape, 'request_units_per_second', container), whole);
      const provisioned = written(inCarts(scrape, 'provisioned_request_units_per_second', container), whole);
      return `${consumed} of ${provisioned} RU/s, newest minute`;
    },
    absent: 'needs the throughput, which is read apart',
  };
}

export const cosmosdbRows: readonly Row[] = [
  utilization(tightContainer),
  utilization(hotContainer),
  {
    target,
    label: 'throttled requests (429)',
    metric: 'reeve_cosmosdb_throttled_requests_ratio',
    where: { container: hotContainer },
    how: 'max',
    unit: 'ratio',
    group: 'consumption',
    basis: (scrape) => {
      const rate = written(inCarts(scrape, 'throttled_requests_per_second', hotContainer), whole);
      return `${hotContainer}: ${rate} refused each second`;
    },
    absent: 'no minute with requests is counted yet',
  },
  {
    target,
    label: 'partition skew',
    metric: 'reeve_cosmosdb_partition_skew',
    where: { container: hotContainer },
    how: 'max',
    unit: 'times',
    group: 'partitions',
    basis: (scrape) => {
      const busiest = inCarts(scrape, 'normalized_request_unit_ratio', hotContainer);
      return `${hotContainer}: the busiest partition is at ${written(busiest, (value) => measured(value, 'ratio'))}`;
    },
    absent: 'one partition only, or the median one is idle',
  },
];
