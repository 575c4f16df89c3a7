import { z } from 'zod';
import type { Connection } from './client.ts';
import type { IndexRow } from './index-rows.ts';

const row = z.object({
  table_oid: z.string(),
  schema: z.string(),
  table: z.string(),
  table_rows: z.number(),
  name: z.string(),
  columns: z.array(z.string()),
  attributes: z.array(z.string()),
});

/** A foreign key, seen from the table that refers. */
export interface ForeignKey {
  readonly tableOid: string;
  readonly schema: string;
  readonly table: string;
  readonly tableRows: number;
  readonly name: string;
  readonly columns: readonly string[];
  /** Attribute numbers of the referring columns. */
  readonly attributes: readonly string[];
}

/** Tables that hold rows: leaves of partitioned tables stand for their parents, whose copies of one key count once. */
const sql = `
  SELECT DISTINCT ON (k.conrelid, k.conkey)
         k.conrelid::text AS table_oid, n.nspname AS schema, t.relname AS "table", t.reltuples::float8 AS table_rows, k.conname AS name,
         ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS key (attnum, at)
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = key.attnum ORDER BY key.at) AS columns,
         k.conkey::text[] AS attributes
    FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
   WHERE k.contype = 'f' AND t.relkind = 'r'
   ORDER BY k.conrelid, k.conkey, k.conname
   LIMIT $1`;

export interface ForeignKeyList {
  readonly foreignKeys: readonly ForeignKey[];
  /** How many the cap left out, at least. */
  readonly leftOut: number;
}

export async function listForeignKeys(
  connection: Connection,
  maxRows: number,
  signal: AbortSignal,
): Promise<ForeignKeyList> {
  const rows = await connection.query(sql, row, signal, [maxRows + 1]);
  const kept = rows.slice(0, maxRows);
  return {
    foreignKeys: kept.map(({ table_oid, table_rows, ...rest }) => ({
      tableOid: table_oid,
      tableRows: table_rows,
      ...rest,
    })),
    leftOut: rows.length - kept.length,
  };
}

export interface ForeignKeySupport {
  /** Foreign keys that no usable index leads with, largest table first. */
  readonly unsupported: readonly ForeignKey[];
  /** Oids of the indexes that a foreign key needs. */
  readonly needed: ReadonlySet<string>;
}

/**
 * An index supports a foreign key fully when its first columns are the referring ones, in any order, and partly when it is partial or
 * only begins with one of them. One full support of each key is needed in each manner: the one that has to stay anyway, or the most used.
 * Without a full one, all partial ones are.
 */
export function supportOfForeignKeys(
  foreignKeys: readonly ForeignKey[],
  indexes: readonly IndexRow[],
): ForeignKeySupport {
  const byTable = Map.groupBy(indexes, ({ tableOid }) => tableOid);
  const needed = new Set<string>();
  const unsupported: ForeignKey[] = [];
  for (const key of foreignKeys) {
    const usable = (byTable.get(key.tableOid) ?? []).filter(
      ({ flags }) => !flags.has('invalid') && !flags.has('not_ready'),
    );
    const leading = usable.filter((index) => covers(index, key));
    const whole = leading.filter(({ predicate }) => predicate === undefined);
    const keepers = [...Map.groupBy(whole, (index) => manner(index, key)).values()].flatMap(
      (each) => each.sort(byUse)[0] ?? [],
    );
    const partial = usable.filter(({ keys }) => key.attributes.includes(keys[0] ?? ''));
    for (const { oid } of keepers.length === 0 ? partial : keepers) needed.add(oid);
    if (leading.length === 0) unsupported.push(key);
  }
  unsupported.sort((one, other) => other.tableRows - one.tableRows);
  return { unsupported, needed };
}

function byUse(one: IndexRow, other: IndexRow): number {
  const stays = (index: IndexRow): number =>
    Number(index.flags.has('unique') || index.flags.has('constraint_backing'));
  return stays(other) - stays(one) || other.scans - one.scans || Number(one.oid) - Number(other.oid);
}

/** By which method, operator classes and collations it serves the key: one of another manner may not serve it at all, or far worse. */
function manner({ method, keyRules, keys }: IndexRow, { attributes }: ForeignKey): string {
  const rules = attributes.map((column) => keyRules[keys.indexOf(column)]?.split(' ').slice(0, 2));
  return JSON.stringify([method, rules]);
}

function covers(index: IndexRow, key: ForeignKey): boolean {
  const first = index.keys.slice(0, key.attributes.length);
  return first.length === key.attributes.length && key.attributes.every((column) => first.includes(column));
}
