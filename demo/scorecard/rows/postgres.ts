import { targets, unusedAfter } from '../../agent-config.ts';
import { type Scrape, valueOf } from '../../exposition.ts';
import { duration, whole } from '../format.ts';
import { type Row, sinceStart, twoReadings } from '../row.ts';

const shop = { database: 'shop' } as const;
const { ordersPrimary } = targets;

const inOrders = (scrape: Scrape, metric: string): number =>
  valueOf(scrape, `reeve_postgres_${metric}`, { target: ordersPrimary, ...shop }) ?? 0;
const tableBlocks = (scrape: Scrape): number =>
  inOrders(scrape, 'table_blocks_hit_total') + inOrders(scrape, 'table_blocks_read_total');

export const postgresRows: readonly Row[] = [
  {
    target: ordersPrimary,
    label: 'table hit ratio',
    metric: 'reeve_postgres_table_hit_ratio',
    where: shop,
    unit: 'ratio',
    group: 'relations',
    basis: (scrape) => `${whole(tableBlocks(scrape))} table blocks ${sinceStart}`,
    absent: twoReadings,
  },
  {
    target: ordersPrimary,
    label: 'new statements',
    metric: 'reeve_postgres_new_statements',
    unit: 'count',
    group: 'top_statements',
    basis: () => 'first seen within a day',
    absent: 'needs two readings',
  },
  {
    target: ordersPrimary,
    label: 'unused, not overdue yet',
    metric: 'reeve_postgres_unused_index_bytes',
    where: shop,
    unit: 'bytes',
    group: 'indexes',
    basis: (scrape) =>
      `${whole(inOrders(scrape, 'unused_indexes'))} unused for ${unusedAfter} (100 days in real life)`,
    absent: `no proof within ${unusedAfter} (100 days in real life)`,
  },
  {
    target: ordersPrimary,
    label: 'duplicate indexes',
    metric: 'reeve_postgres_duplicate_indexes',
    where: shop,
    unit: 'count',
    group: 'indexes',
    basis: (scrape) =>
      `${whole(inOrders(scrape, 'redundant_indexes'))} redundant; ${whole(inOrders(scrape, 'foreign_keys_without_index'))} foreign key without an index`,
    absent: twoReadings,
  },
  {
    target: ordersPrimary,
    label: 'invalid indexes',
    metric: 'reeve_postgres_invalid_indexes',
    where: shop,
    unit: 'count',
    group: 'relations',
    basis: () => 'left by a cancelled CREATE INDEX CONCURRENTLY',
    absent: twoReadings,
  },
  {
    target: ordersPrimary,
    label: 'blocked sessions',
    metric: 'reeve_postgres_blocked_sessions',
    unit: 'count',
    group: 'activity',
    basis: (scrape) =>
      `oldest transaction ${duration(valueOf(scrape, 'reeve_postgres_oldest_transaction_seconds', { target: ordersPrimary }, 'max') ?? 0)}`,
    absent: 'not reported',
  },
];
