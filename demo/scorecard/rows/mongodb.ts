import { targets, unusedAfter } from '../../agent-config.ts';
import { type Scrape, valueOf } from '../../exposition.ts';
import { whole } from '../format.ts';
import { type Row, sinceStart, twoReadings } from '../row.ts';

const target = targets.catalogSet;
const database = { database: 'catalog' } as const;

const inCatalog = (scrape: Scrape, metric: string, where = {}): number =>
  valueOf(scrape, `reeve_mongodb_${metric}`, { target, ...where }) ?? 0;

export const mongodbRows: readonly Row[] = [
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
    label: 'unused, not overdue yet',
    metric: 'reeve_mongodb_unused_index_bytes',
    where: database,
    unit: 'bytes',
    group: 'indexes',
    basis: (scrape) =>
      `${whole(inCatalog(scrape, 'unused_indexes', database))} on every member for ${unusedAfter} (real life: 100 days)`,
    absent: `no proof within ${unusedAfter} (100 days in real life)`,
  },
];
