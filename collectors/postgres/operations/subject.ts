import { quoteIdentifier } from '../quote.ts';

/** What a plan is about, unique on its target: plain names as they are, others quoted. */
export function subjectOf(database: string, schema: string, name: string): string {
  return [database, schema, name].map(plain).join('.');
}

function plain(name: string): string {
  return /^[a-z_][a-z0-9_$-]*$/.test(name) ? name : quoteIdentifier(name);
}
