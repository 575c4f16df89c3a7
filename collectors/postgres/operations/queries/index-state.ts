import { z } from 'zod';
import type { Inspection } from '../../../../src/sdk.ts';
import type { Connection } from '../../client.ts';
import { isServed } from './index-candidate.ts';
import { columnsOfFacts, type NewIndexFacts } from './index-facts.ts';
import { readTables } from './table-facts.ts';

const row = z.object({
  table_oid: z.string().nullable(),
  valid: z.boolean().nullable(),
  ready: z.boolean().nullable(),
  unique: z.boolean().nullable(),
  /** Whether a session builds it at this moment. */
  building: z.boolean(),
  kind: z.string(),
  definition_columns: z.array(z.string().nullable()),
  options: z.array(z.number()),
  partial: z.boolean(),
});

const sql = `
  SELECT i.indrelid::text AS table_oid, i.indisvalid AS valid, i.indisready AS ready, i.indisunique AS "unique",
         EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid) AS building, c.relkind::text AS kind,
         coalesce((SELECT json_agg(a.attname ORDER BY nr) FROM unnest(i.indkey::int2[]) WITH ORDINALITY key (attnum, nr)
                     LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = key.attnum AND key.attnum > 0), '[]') AS definition_columns,
         coalesce((SELECT json_agg(o ORDER BY nr) FROM unnest(i.indoption::int2[]) WITH ORDINALITY opt (o, nr)), '[]') AS options,
         i.indpred IS NOT NULL AS partial
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
   WHERE n.nspname = $1 AND c.relname = $2`;

/** What the catalogue says of the index that a plan makes. */
export async function inspectIndex(
  reader: Pick<Connection, 'query'>,
  facts: NewIndexFacts,
  signal: AbortSignal,
): Promise<Inspection> {
  const name = `${facts.schema}.${facts.index}`;
  const [found] = await reader.query(sql, row, signal, [facts.schema, facts.index]);
  if (found === undefined) return { state: 'pending', detail: `index ${name} does not exist` };
  const isOurs =
    found.kind === 'i' &&
    found.table_oid === facts.tableOid &&
    found.unique === false &&
    !found.partial &&
    sameKeys(found.definition_columns, facts);
  if (!isOurs)
    return {
      state: 'other',
      detail: `${name} is something else than was planned: Reeve leaves it alone, look at it`,
    };
  if (found.building) return { state: 'half_applied', detail: `index ${name} is being built at this moment` };
  if (found.valid !== true || found.ready !== true)
    return {
      state: 'half_applied',
      detail: `index ${name} is invalid: a build that did not end left it; queries cannot use it, and writes may have to maintain it`,
    };
  return { state: 'done', detail: `index ${name} is there and valid` };
}

function sameKeys(columns: readonly (string | null)[], facts: NewIndexFacts): boolean {
  const names = facts.keys.map(({ column }) => column);
  return JSON.stringify(names) === JSON.stringify(columns);
}

/** Another index that does the same; undefined when there is none. Its name says which. */
export async function servingIndex(
  reader: Pick<Connection, 'query'>,
  facts: NewIndexFacts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const tables = await readTables(reader, [facts.table], signal);
  const table = tables.find(({ schema }) => schema === facts.schema);
  const columns = columnsOfFacts(facts);
  return table?.indexes.find(
    (index) => index.name !== facts.index && isServed(columns, facts.equalities, { indexes: [index] }),
  )?.name;
}
