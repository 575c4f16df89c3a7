import type { DatabaseSync } from 'node:sqlite';
import { readText } from './row.ts';

/** The rows of a table that fulfil all conditions; a condition whose value is undefined is none. */
export interface Selection {
  readonly table: 'breach' | 'objective_event';
  /** Value by condition, such as `target = ?`. */
  readonly where: Readonly<Record<string, string | number | undefined>>;
  readonly orderBy: string;
  readonly limit: number | undefined;
}

/** The bodies of the rows. */
export function selectBodies(database: DatabaseSync, { table, where, orderBy, limit }: Selection): string[] {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  for (const [condition, value] of Object.entries(where)) {
    if (value === undefined) continue;
    conditions.push(condition);
    values.push(value);
  }
  const sql = `SELECT body FROM ${table} ${conditions.length > 0 ? 'WHERE' : ''} ${conditions.join(' AND ')}
    ORDER BY ${orderBy} LIMIT ?`;
  return database
    .prepare(sql)
    .all(...values, limit ?? -1)
    .map((row) => readText(row, 'body'));
}
