import type { DatabaseSync } from 'node:sqlite';
import { type Row, readText } from './row.ts';

/** The rows of a table that fulfil all conditions; a condition whose value is undefined is none. */
export interface Selection {
  readonly table: 'breach' | 'objective_event' | 'remediation_run' | 'remediation_act' | 'proof';
  /** Value by condition, such as `target = ?`. */
  readonly where: Readonly<Record<string, string | number | undefined>>;
  readonly orderBy: string;
  readonly limit: number | undefined;
}

/** The bodies of the rows. */
export function selectBodies(database: DatabaseSync, selection: Selection): string[] {
  return selectRows(database, selection).map((row) => readText(row, 'body'));
}

export function selectRows(
  database: DatabaseSync,
  { table, where, orderBy, limit }: Selection,
): readonly Exclude<Row, undefined>[] {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  for (const [condition, value] of Object.entries(where)) {
    if (value === undefined) continue;
    conditions.push(condition);
    values.push(value);
  }
  const sql = `SELECT * FROM ${table} ${conditions.length > 0 ? 'WHERE' : ''} ${conditions.join(' AND ')}
    ORDER BY ${orderBy} LIMIT ?`;
  return database.prepare(sql).all(...values, limit ?? -1);
}
