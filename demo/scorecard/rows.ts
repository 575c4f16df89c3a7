import type { Row } from './row.ts';
import { bigqueryRows } from './rows/bigquery.ts';
import { cosmosdbRows } from './rows/cosmosdb.ts';
import { mongodbRows } from './rows/mongodb.ts';
import { postgresRows } from './rows/postgres.ts';
import { redisRows } from './rows/redis.ts';

/** In the order in which they are shown. */
export const rows: readonly Row[] = [
  ...postgresRows,
  ...redisRows,
  ...mongodbRows,
  ...cosmosdbRows,
  ...bigqueryRows,
];
