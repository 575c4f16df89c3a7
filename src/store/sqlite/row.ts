import type { SQLOutputValue } from 'node:sqlite';
import { StoreError } from '../store-error.ts';

/** A row as node:sqlite hands it out; undefined where a statement found none. */
export type Row = Readonly<Record<string, SQLOutputValue>> | undefined;

export function readText(row: Row, column: string): string {
  const value = row?.[column];
  return typeof value === 'string' ? value : damaged(column, value);
}

/** Undefined where the column is NULL. */
export function readOptionalText(row: Row, column: string): string | undefined {
  return row?.[column] === null ? undefined : readText(row, column);
}

export function readNumber(row: Row, column: string): number {
  const value = row?.[column];
  return typeof value === 'number' ? value : damaged(column, value);
}

/** Undefined where the column is NULL. */
export function readOptionalNumber(row: Row, column: string): number | undefined {
  return row?.[column] === null ? undefined : readNumber(row, column);
}

function damaged(column: string, value: unknown): never {
  throw new StoreError(
    'damaged',
    `the store holds ${value === null ? 'null' : typeof value} in column ${column}`,
  );
}
