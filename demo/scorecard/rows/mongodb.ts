import { targets, unusedAfter } from '../../agent-config.ts';
import { type Scrape, seriesOf, valueOf } from '../../exposition.ts';
import { whole } from '../format.ts';
import { type Row, sinceStart, twoReadings } from '../row.ts';

const target = targets.catalogSet;
const database = { database: 'catalog' } as const;

const inCatalog = (scrape: Scrape, metric: string, where = {}): number =>
  valueOf(scrape, `reeve_mongodb_${metric}`, { target, ...where }) ?? 0;
const operations = (scrape: Scrape): number => inCatalog(scrape, 'operation_latency_observations_total');

export const mongodbRows: readonly Row[] = [
  {
    target,
    objective: 'replication_lag_seconds',
    metric: 'reeve_replication_lag_seconds',
    how: 'max',
    unit: 'seconds',
    group: 'replication',
    basis: (scrape) =>
      `the worst of ${seriesOf(scrape, 'reeve_replication_lag_seconds', { target }).length} members, each read directly`,
    absent: 'no primary, or no member tells',
  },
  {
    target,
    objective: 'oltp_query_seconds',
    metric: 'reeve_mongodb_operation_latency_p95_seconds',
    how: 'max',
    unit: 'seconds',
    group: 'operations',
    basis: (scrape) => `p95; ${whole(operations(scrape))} operations ${sinceStart}`,
    observations: operations,
    observed: 'operations',
    absent: twoReadings,
  },
  {
    target,
    label: 'cache hit ratio',
    metric: 'reeve_mongodb_cache_hit_ratio',
    how: 'min',
    unit: 'ratio',
    group: 'cache',
    basis: (scrape) =>
      `WiredTiger; ${whole(inCatalog(scrape, 'cache_pages_requested_total'))} pages ${sinceStart}`,
    absent: twoReadings,
  },
  {
    target,
    label: 'documents scanned',
    metric: 'reeve_mongodb_scanned_documents_per_returned',
    how: 'max',
    unit: 'times',
    group: 'targeting',
    basis: () => 'for each one returned, on the worst member',
    absent: twoReadings,
  },
  {
    target,
    objective: 'unused_index_bytes',
    metric: 'reeve_mongodb_unused_index_bytes',
    where: database,
    unit: 'bytes',
    group: 'indexes',
    basis: (scrape) =>
      `${whole(inCatalog(scrape, 'unused_indexes', database))} on every member for ${unusedAfter} (real life: 100 days)`,
    absent: `no proof within ${unusedAfter} (100 days in real life)`,
  },
];
