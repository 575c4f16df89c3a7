import { type SqlToken, sqlTokens } from './sql-tokens.ts';
import type { TableName } from './table-resource.ts';

/** A filter on one column of a table, as a query has it. */
export interface Predicate {
  /** Lower case. */
  readonly column: string;
  readonly kind: 'equality' | 'range' | 'join' | 'other';
  /** It stands alone beside the others (AND) and compares the column with nothing that a row decides, so that partitions can be left out. */
  readonly prunes: boolean;
}

/** What a query does with a table. */
export interface TableUse {
  /** Once for each time that the query names the table. */
  readonly references: readonly (readonly Predicate[])[];
  /** It takes all columns. */
  readonly hasStar: boolean;
  /** Where the table's name stands in the text. */
  readonly places: readonly { readonly from: number; readonly to: number }[];
}

/** Ends of a WHERE or ON on the same level. */
const clauseEnds: ReadonlySet<string> = new Set([
  'GROUP',
  'HAVING',
  'QUALIFY',
  'WINDOW',
  'ORDER',
  'LIMIT',
  'UNION',
  'INTERSECT',
  'EXCEPT',
  'JOIN',
  'INNER',
  'LEFT',
  'RIGHT',
  'FULL',
  'CROSS',
  'WHERE',
  'ON',
  'WHEN',
  'SELECT',
  ';',
  '|>',
]);
const setWords: ReadonlySet<string> = new Set(['UNION', 'INTERSECT']);
const notAnAlias: ReadonlySet<string> = new Set([
  ...clauseEnds,
  'AS',
  'USING',
  'SET',
  'FOR',
  'TABLESAMPLE',
  'PIVOT',
  'UNPIVOT',
  'VALUES',
]);
const comparisons: Readonly<Record<string, Predicate['kind']>> = {
  '=': 'equality',
  IN: 'equality',
  '<': 'range',
  '>': 'range',
  '<=': 'range',
  '>=': 'range',
  BETWEEN: 'range',
};

/**
 * Where a query names a table, and by which of its columns it filters there. Undefined when the text does not name it (a view stands
 * between) or cannot be read.
 *
 * @param columns of the table, pseudo-columns too
 */
export function tableUse(sql: string, name: TableName, columns: readonly string[]): TableUse | undefined {
  const tokens = sqlTokens(sql);
  if (tokens === undefined || tokens.some(({ upper }) => upper === '|>')) return undefined;
  const found = occurrences(tokens, name);
  if (found.length === 0) return undefined;
  const known = new Set(columns.map((column) => column.toLowerCase()));
  return {
    references: found.map((place) => predicatesOf(tokens, place, known)),
    hasStar: tokens.some(isStar),
    places: found.map(({ from, to }) => ({ from: tokens[from]?.from ?? 0, to: tokens[to]?.to ?? 0 })),
  };
}

/** `SELECT *`, `t.*`, not `COUNT(*)` nor a product. */
function isStar({ upper }: SqlToken, index: number, tokens: readonly SqlToken[]): boolean {
  if (upper !== '*') return false;
  const before = tokens[index - 1]?.upper ?? '';
  return ['SELECT', 'DISTINCT', 'ALL', ',', '.'].includes(before);
}

interface Occurrence {
  readonly from: number;
  readonly to: number;
  /** Lower case. */
  readonly alias: string;
  readonly depth: number;
}

/** The name in FROM, JOIN, UPDATE, INTO or after a comma, in its parts, back-ticked or not. */
function occurrences(
  tokens: readonly SqlToken[],
  { project, dataset, table }: TableName,
): readonly Occurrence[] {
  const wanted = [`${project}.${dataset}.${table}`, `${dataset}.${table}`].map((text) => text.toLowerCase());
  const found: Occurrence[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const path = pathAt(tokens, index);
    if (path === undefined) continue;
    if (wanted.includes(path.text.toLowerCase())) {
      const after = tokens[path.last + 1];
      const second = tokens[path.last + 2];
      const given = after?.upper === 'AS' ? second : after;
      const isAlias =
        given !== undefined &&
        (given.kind === 'word' || given.kind === 'quoted') &&
        !notAnAlias.has(given.upper);
      found.push({
        from: index,
        to: path.last,
        alias: (isAlias ? given.text : table).toLowerCase(),
        depth: tokens[index]?.depth ?? 0,
      });
    }
    index = path.last;
  }
  return found;
}

/** A dotted name that begins here: `a`.`b`, a.b.c, project-with-hyphens.b.c. */
export function pathAt(
  tokens: readonly SqlToken[],
  index: number,
): { readonly text: string; readonly last: number } | undefined {
  const isName = (token: SqlToken | undefined): token is SqlToken =>
    token !== undefined && (token.kind === 'word' || token.kind === 'quoted');
  const first = tokens[index];
  if (!isName(first)) return undefined;
  let text = first.text;
  let last = index;
  for (;;) {
    const joint = tokens[last + 1];
    const next = tokens[last + 2];
    const isTight = joint?.from === tokens[last]?.to && next?.from === joint?.to;
    const isDot = joint?.upper === '.' && isName(next);
    const isHyphen =
      joint?.upper === '-' && isTight && (next?.kind === 'number' || isName(next)) && !text.includes('.');
    if ((!isDot && !isHyphen) || next === undefined) return { text, last };
    text += `${joint?.text ?? ''}${next.text}`;
    last += 2;
  }
}

/** Filters in the SELECT (UPDATE, DELETE) that names it, on the level on which it stands. */
function predicatesOf(
  tokens: readonly SqlToken[],
  place: Occurrence,
  columns: ReadonlySet<string>,
): readonly Predicate[] {
  const scope = scopeOf(tokens, place);
  const predicates: Predicate[] = [];
  for (let index = scope.from; index < scope.to; index += 1) {
    const token = tokens[index];
    if (token?.depth !== place.depth || (token.upper !== 'WHERE' && token.upper !== 'ON')) continue;
    const end = clauseEnd(tokens, index + 1, scope.to, place.depth);
    const clause = tokens.slice(index + 1, end);
    const parts = conjuncts(clause, place.depth);
    const isWhere = token.upper === 'WHERE';
    predicates.push(...parts.flatMap((part) => readPart(part, place, columns, isWhere)));
    index = end - 1;
  }
  return predicates;
}

/** From the bracket around it to that bracket's end, cut at UNION and the like. */
function scopeOf(
  tokens: readonly SqlToken[],
  { from, depth }: Occurrence,
): { readonly from: number; readonly to: number } {
  const ends = (token: SqlToken | undefined): boolean =>
    token === undefined || token.depth < depth || (token.depth === depth && setWords.has(token.upper));
  let begin = from;
  while (begin > 0 && !ends(tokens[begin - 1])) begin -= 1;
  let end = from;
  while (end < tokens.length && !ends(tokens[end])) end += 1;
  return { from: begin, to: end };
}

function clauseEnd(tokens: readonly SqlToken[], from: number, to: number, depth: number): number {
  let end = from;
  while (end < to) {
    const token = tokens[end];
    if (token?.depth === depth && clauseEnds.has(token.upper)) break;
    end += 1;
  }
  return end;
}

interface Part {
  readonly tokens: readonly SqlToken[];
  readonly hasOr: boolean;
}

/** What AND joins on this level; with an OR on the level it is one part. */
function conjuncts(clause: readonly SqlToken[], depth: number): readonly Part[] {
  const hasOr = clause.some(({ upper, depth: own }) => upper === 'OR' && own === depth);
  if (hasOr) return [{ tokens: clause, hasOr }];
  const parts: SqlToken[][] = [[]];
  let betweens = 0;
  for (const token of clause) {
    const isHere = token.depth === depth;
    if (isHere && token.upper === 'BETWEEN') betweens += 1;
    if (isHere && token.upper === 'AND' && betweens === 0) parts.push([]);
    else {
      if (isHere && token.upper === 'AND') betweens -= 1;
      parts.at(-1)?.push(token);
    }
  }
  return parts.flatMap((tokens): Part[] => {
    const [open, ...rest] = tokens;
    const close = rest.at(-1);
    // A bracket around several: (a AND b).
    const isWrapped =
      open?.upper === '(' &&
      close?.upper === ')' &&
      close.depth === open.depth &&
      !rest.slice(0, -1).some((token) => token.depth <= open.depth);
    return isWrapped ? [...conjuncts(rest.slice(0, -1), depth + 1)] : [{ tokens, hasOr: false }];
  });
}

function readPart(
  { tokens, hasOr }: Part,
  { alias }: Occurrence,
  columns: ReadonlySet<string>,
  isWhere: boolean,
): readonly Predicate[] {
  const named = columnsIn(tokens, alias, columns);
  const hasQuery = tokens.some(({ upper }) => upper === 'SELECT');
  const isNegated = tokens.some(({ upper }) => upper === 'NOT');
  const operator = tokens.map(({ upper }) => upper).find((upper) => upper in comparisons);
  const kind = operator === undefined ? 'other' : (comparisons[operator] ?? 'other');
  const isJoin = !isWhere || named.others > 0;
  const unique = [...new Set(named.own)];
  return unique.map((column) => ({
    column,
    kind: hasOr || hasQuery ? 'other' : isJoin && kind === 'equality' ? 'join' : kind,
    prunes:
      isWhere &&
      !hasOr &&
      !hasQuery &&
      !isNegated &&
      named.others === 0 &&
      unique.length === 1 &&
      kind !== 'other',
  }));
}

/** Columns of the table that stand in a condition, and how many names of something else. */
function columnsIn(
  tokens: readonly SqlToken[],
  alias: string,
  columns: ReadonlySet<string>,
): { readonly own: readonly string[]; readonly others: number } {
  const own: string[] = [];
  let others = 0;
  for (let index = 0; index < tokens.length; index += 1) {
    const path = pathAt(tokens, index);
    if (path === undefined) continue;
    const parts = path.text.toLowerCase().split('.');
    const isCall = tokens[path.last + 1]?.upper === '(';
    const [head = '', second] = parts;
    if (head === alias && second !== undefined) own.push(second);
    else if (!isCall && columns.has(head)) own.push(head);
    else if (parts.length > 1 && !isCall) others += 1;
    index = path.last;
  }
  return { own, others };
}

/** The text with another table in its place. */
export function withTable(sql: string, { places }: TableUse, path: string): string {
  return places
    .toReversed()
    .reduce((text, { from, to }) => `${text.slice(0, from)}${path}${text.slice(to)}`, sql);
}
