import {
  existing,
  free,
  invalid,
  nameOf,
  type PreparedStatement,
  type StatementContext,
  withOptions,
} from './statement-context.ts';
import { columnOf, splitList } from './statement-text.ts';
import { optionsOf } from './table-options.ts';
import type { UserTable } from './user-tables.ts';

export function setOptions(
  [to = '', options = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  existing(to, context);
  const given = optionsOf(options, context);
  return {
    type: 'ALTER_TABLE',
    run: () => void context.tables.put(withOptions(existing(to, context), given)),
  };
}

export function renameTable(
  [to = '', name = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  existing(to, context);
  const run = (): void => {
    const table = existing(to, context);
    free({ ...table, name }, false, context);
    context.tables.remove(table);
    context.tables.put({ ...table, name });
  };
  return { type: 'ALTER_TABLE', run };
}

export function alterColumns(
  [to = '', list = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  const changes = splitList(list).map((part) => {
    const match = /^(ADD|DROP)\s+COLUMN\s+(IF\s+(?:NOT\s+)?EXISTS\s+)?([\s\S]+)$/i.exec(part);
    if (match === null) throw invalid(`Syntax error: Unexpected ${part}`);
    const [, kind = '', spared, what = ''] = match;
    return { isAdd: kind.toUpperCase() === 'ADD', isSpared: spared !== undefined, what };
  });
  const change = (table: UserTable): UserTable =>
    changes.reduce(
      (current, each) => (each.isAdd ? addColumn(current, each) : dropColumn(current, each)),
      table,
    );
  change(existing(to, context));
  return {
    type: 'ALTER_TABLE',
    run: () => void context.tables.put(change(existing(to, context))),
  };
}

interface ColumnChange {
  readonly isSpared: boolean;
  readonly what: string;
}

function addColumn(table: UserTable, { isSpared, what }: ColumnChange): UserTable {
  const column = columnOf(what);
  if (table.columns.some(({ name }) => name === column.name)) {
    if (isSpared) return table;
    throw invalid(`Column already exists: ${column.name}`);
  }
  return {
    ...table,
    columns: [...table.columns, column],
    rows: table.rows.map((row) => [...row, null]),
  };
}

function dropColumn(table: UserTable, { isSpared, what }: ColumnChange): UserTable {
  const name = what.replaceAll('`', '').trim();
  const at = table.columns.findIndex((column) => column.name === name);
  if (at < 0 && isSpared) return table;
  if (at < 0) throw invalid(`Column not found: ${name}`);
  return {
    ...table,
    columns: table.columns.toSpliced(at, 1),
    rows: table.rows.map((row) => row.toSpliced(at, 1)),
  };
}

export function dropTable(
  [kind = '', spared = '', to = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  const named = nameOf(to, context);
  const found = context.tables.find(named.project, named.dataset, named.name);
  if (found === undefined && spared === '') existing(to, context);
  const wanted = { 'SNAPSHOT TABLE': 'SNAPSHOT', TABLE: 'TABLE', VIEW: 'VIEW' }[
    kind.replace(/\s+/, ' ').toUpperCase()
  ];
  if (found !== undefined && found.kind !== wanted)
    throw invalid(`${named.dataset}.${named.name} is a ${found.kind}, not a ${wanted ?? kind}`);
  return {
    type: `DROP_${wanted === 'SNAPSHOT' ? 'SNAPSHOT_TABLE' : wanted}`,
    run: () => context.tables.remove(named),
  };
}
