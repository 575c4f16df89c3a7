import { z } from 'zod';
import type { JsonObject } from '../../../../src/sdk.ts';
import type { IndexColumns } from './index-candidate.ts';

const orderKey = z.object({
  column: z.string(),
  descending: z.boolean(),
  nulls: z.enum(['first', 'last']).nullable(),
});

const servedStatement = z.object({
  queryId: z.string(),
  /** Normalised. */
  text: z.string(),
  share: z.number(),
  calls: z.number(),
  seconds: z.number(),
  rowsPerCall: z.number(),
  /** Since it entered pg_stat_statements, when it was planned. */
  total: z.object({ calls: z.number(), seconds: z.number() }),
});

const shape = z.object({
  database: z.string(),
  databaseOid: z.string(),
  /** Unix time in seconds; tells a server from its copies. */
  serverStartedAt: z.number(),
  schema: z.string(),
  table: z.string(),
  tableOid: z.string(),
  index: z.string(),
  keys: z.array(orderKey),
  /** How many of the first keys are compared for equality, so that their order does not matter. */
  equalities: z.int(),
  tableRows: z.number(),
  tableBytes: z.number(),
  statements: z.array(servedStatement),
});

/** What the engine has to know again when it builds an index: part of the plan, and of its hash. */
export type NewIndexFacts = z.infer<typeof shape>;

/** @throws when the facts are of another action. */
export function newIndexFacts(facts: JsonObject): NewIndexFacts {
  return shape.parse(facts);
}

export function columnsOfFacts({ keys }: Pick<NewIndexFacts, 'keys'>): IndexColumns {
  return keys.map(({ column, descending, nulls }) => ({ column, descending, nulls: nulls ?? undefined }));
}

export function keysOfColumns(columns: IndexColumns): NewIndexFacts['keys'] {
  return columns.map(({ column, descending, nulls }) => ({ column, descending, nulls: nulls ?? null }));
}
