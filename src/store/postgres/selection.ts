import type { StoreValue } from './client.ts';

/** Conditions that must all hold, as SQL with parameters; one whose value is undefined is none. Keys are a column and an operator. */
export function selectWhere(conditions: Readonly<Record<string, StoreValue | undefined>>): {
  readonly where: string;
  readonly values: readonly StoreValue[];
} {
  const parts: string[] = [];
  const values: StoreValue[] = [];
  for (const [condition, value] of Object.entries(conditions)) {
    if (value === undefined) continue;
    values.push(value);
    parts.push(`${condition} $${values.length}`);
  }
  return { where: parts.length === 0 ? 'true' : parts.join(' AND '), values };
}
