import { readFileSync } from 'node:fs';

/** For tests: the text of a fixture. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
}
