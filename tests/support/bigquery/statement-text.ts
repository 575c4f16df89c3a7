import { invalid } from './statement-context.ts';
import type { UserColumn } from './user-tables.ts';

export function clusterNames(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The list in the first parentheses, where there is one. */
export function columnsOf(text: string): {
  readonly columns: readonly UserColumn[] | undefined;
  readonly after: string;
} {
  if (!text.startsWith('(')) return { columns: undefined, after: text };
  const end = closing(text);
  return { columns: splitList(text.slice(1, end)).map(columnOf), after: text.slice(end + 1).trim() };
}

function closing(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '(') depth += 1;
    if (text[index] === ')') depth -= 1;
    if (depth === 0) return index;
  }
  throw invalid('Syntax error: Expected ")" but got end of script');
}

/** By commas that stand in no brackets. */
export function splitList(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let current = '';
  for (const letter of text) {
    if ('(<['.includes(letter)) depth += 1;
    if (')>]'.includes(letter)) depth -= 1;
    if (letter === ',' && depth === 0) {
      parts.push(current.trim());
      current = '';
    } else current += letter;
  }
  return [...parts, current.trim()].filter((part) => part !== '');
}

export function columnOf(text: string): UserColumn {
  const match = /^`?(\w+)`?\s+([\w<>, ]+?)(\s+NOT NULL)?(\s+OPTIONS\s*\(.*\))?$/i.exec(text);
  if (match === null) throw invalid(`Syntax error: Unexpected ${text}`);
  const [, name = '', type = '', required] = match;
  return { name, type: type.toUpperCase(), ...(required === undefined ? {} : { isRequired: true }) };
}

export function splitAs(text: string): readonly [head: string, query: string | undefined] {
  const match = /(?:^|\s)AS\s+((?:SELECT|WITH|\()[\s\S]*)$/i.exec(text);
  return match === null ? [text, undefined] : [text.slice(0, match.index), match[1]];
}
