import { pathAt } from '../predicates.ts';
import { type SqlStatement, type SqlToken, splitSql, sqlComments } from '../sql-tokens.ts';

/** What a statement of a file does, and to what. */
export interface MigrationStatement extends SqlStatement {
  readonly kind: 'create' | 'replace' | 'alter' | 'drop' | 'truncate' | 'delete' | 'write' | 'other';
  /** `TABLE`, `VIEW`, `SNAPSHOT TABLE`; of DML `TABLE`. */
  readonly what: string;
  /** As written, without back-ticks. */
  readonly object: string;
  /** IF EXISTS or IF NOT EXISTS: running it twice is no error. */
  readonly isRepeatable: boolean;
  /** Columns that it drops. */
  readonly droppedColumns: readonly string[];
}

/** `-- reeve: deletes <table> <rows|all>`, `-- reeve: drops <object>`: what a file says that it takes away. */
export interface Declarations {
  readonly deletes: ReadonlyMap<string, number>;
  readonly drops: ReadonlySet<string>;
  readonly unknown: readonly { readonly line: number; readonly text: string }[];
}

const objects = /^(?:SNAPSHOT TABLE|MATERIALIZED VIEW|EXTERNAL TABLE|TABLE|VIEW)\b/;

/** Undefined for what cannot be taken apart. */
export function readStatements(sql: string): readonly MigrationStatement[] | undefined {
  return splitSql(sql)?.map(classify);
}

function classify(statement: SqlStatement): MigrationStatement {
  const { tokens } = statement;
  const words = tokens.slice(0, 8).map(({ upper, text }) => upper || text);
  const [first = ''] = words;
  const base = { ...statement, what: 'TABLE', isRepeatable: false, droppedColumns: [] as readonly string[] };
  if (first === 'CREATE' || first === 'ALTER' || first === 'DROP') {
    const isReplace = words[1] === 'OR' && words[2] === 'REPLACE';
    const rest = words.slice(isReplace ? 3 : 1);
    const what = objects.exec(rest.join(' '))?.[0];
    if (what === undefined) return { ...base, what: rest[0] ?? '', kind: 'other', object: '' };
    let index = (isReplace ? 3 : 1) + what.split(' ').length;
    const isGuarded = words[index] === 'IF';
    if (isGuarded) index += words[index + 1] === 'NOT' ? 3 : 2;
    const object = pathAt(tokens, index)?.text ?? '';
    const kind =
      first === 'CREATE' ? (isReplace ? 'replace' : 'create') : first === 'ALTER' ? 'alter' : 'drop';
    const { columns, isAllGuarded } = droppedColumns(tokens);
    return {
      ...base,
      kind,
      what,
      object,
      isRepeatable: kind === 'alter' ? isAllGuarded : isGuarded || isReplace,
      droppedColumns: kind === 'alter' ? columns : [],
    };
  }
  const verbs: Readonly<Record<string, readonly [kind: MigrationStatement['kind'], skip: string]>> = {
    TRUNCATE: ['truncate', 'TABLE'],
    DELETE: ['delete', 'FROM'],
    UPDATE: ['write', ''],
    INSERT: ['write', 'INTO'],
    MERGE: ['write', 'INTO'],
  };
  const verb = verbs[first];
  if (verb === undefined) return { ...base, kind: 'other', object: '' };
  const [kind, skip] = verb;
  const index = words[1] === skip ? 2 : 1;
  return { ...base, kind, object: pathAt(tokens, index)?.text ?? '' };
}

function droppedColumns(tokens: readonly SqlToken[]): {
  readonly columns: readonly string[];
  readonly isAllGuarded: boolean;
} {
  const columns: string[] = [];
  let isAllGuarded = true;
  tokens.forEach(({ upper, depth }, index) => {
    if (upper !== 'DROP' || depth > 0 || tokens[index + 1]?.upper !== 'COLUMN') return;
    const isGuarded = tokens[index + 2]?.upper === 'IF';
    isAllGuarded &&= isGuarded;
    columns.push(tokens[index + (isGuarded ? 4 : 2)]?.text ?? '');
  });
  return { columns, isAllGuarded };
}

const form = {
  deletes: /^deletes\s+`?([\w-]+)`?\s+(\d+|all)$/i,
  drops: /^drops\s+`?([\w.-]+)`?$/i,
} as const;

export function readDeclarations(sql: string): Declarations {
  const deletes = new Map<string, number>();
  const drops = new Set<string>();
  const unknown: { line: number; text: string }[] = [];
  for (const { text, from } of sqlComments(sql)) {
    const said = /^(?:--|#)\s*reeve:\s*(.*?)\s*$/i.exec(text)?.[1];
    if (said === undefined) continue;
    const deleted = form.deletes.exec(said);
    const dropped = form.drops.exec(said)?.[1];
    if (deleted?.[1] !== undefined && deleted[2] !== undefined)
      deletes.set(
        deleted[1],
        deleted[2].toLowerCase() === 'all' ? Number.POSITIVE_INFINITY : Number(deleted[2]),
      );
    else if (dropped !== undefined) drops.add(dropped);
    else unknown.push({ line: sql.slice(0, from).split('\n').length, text: said });
  }
  return { deletes, drops, unknown };
}

/** Names after FROM, JOIN and the like that say their dataset: elsewhere the same file would touch the same table. */
export function qualifiedNames({ tokens }: Pick<SqlStatement, 'tokens'>): readonly string[] {
  const before = new Set([
    'FROM',
    'JOIN',
    'INTO',
    'TABLE',
    'VIEW',
    'UPDATE',
    'MERGE',
    'CLONE',
    'COPY',
    'LIKE',
    'USING',
    'EXISTS',
    'DELETE',
  ]);
  return tokens.flatMap((token, index) => {
    if (!before.has(token.upper)) return [];
    const path = pathAt(tokens, index + 1);
    // A quoted name holds its dots in itself.
    return path !== undefined && path.text.includes('.') ? [path.text] : [];
  });
}
