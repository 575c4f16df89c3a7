import { ApiError } from './api-error.ts';
import type { Place } from './estate.ts';
import type { StructField } from './sql/types.ts';
import { typeText } from './sql/types.ts';
import { optionsOf, type TableOptions } from './table-options.ts';
import type { UserColumn, UserTable, UserTables } from './user-tables.ts';

/** What a statement that changes something is: its kind, and what doing it answers. */
export interface PreparedStatement {
  /** As in JOBS. */
  readonly type: string;
  /** Changes the tables; gives the number of rows that DML took away. Throws as the service does. */
  readonly run: () => number | void;
}

export interface StatementContext extends Place {
  readonly tables: UserTables;
  readonly defaultDataset?: string | undefined;
  readonly nowMs: number;
  /** Evaluates a SELECT of ours over the tables and the parameters of the job. */
  readonly select: (sql: string) => {
    readonly columns: readonly StructField[];
    readonly rows: () => readonly (readonly unknown[])[];
  };
}

type Shape = readonly [
  pattern: RegExp,
  prepare: (part: readonly string[], context: StatementContext) => PreparedStatement,
];

const path = '(`[^`]+`|[\\w-]+(?:\\.[\\w-]+)*)';
const rest = '([\\s\\S]*)';

/** The statements that the double knows, each by what it looks like. */
const shapes: readonly Shape[] = [
  [
    shape(
      `CREATE SNAPSHOT TABLE( IF NOT EXISTS)? ${path} CLONE ${path}(?: FOR SYSTEM_TIME AS OF (.+?))?(?: OPTIONS ?\\(${rest}\\))?`,
    ),
    createSnapshot,
  ],
  [
    shape(`CREATE TABLE( IF NOT EXISTS)? ${path} (?:CLONE|COPY) ${path}(?: OPTIONS ?\\(${rest}\\))?`),
    cloneTable,
  ],
  [shape(`CREATE (OR REPLACE )?TABLE( IF NOT EXISTS)? ${path} ?${rest}`), createTable],
  [
    shape(`CREATE (OR REPLACE )?VIEW( IF NOT EXISTS)? ${path}(?: OPTIONS ?\\(.*?\\))? AS ${rest}`),
    createView,
  ],
  [shape(`ALTER TABLE ${path} SET OPTIONS ?\\(${rest}\\)`), setOptions],
  [shape(`ALTER TABLE ${path} RENAME TO ([\\w-]+)`), renameTable],
  [shape(`ALTER TABLE ${path} ((?:ADD|DROP) COLUMN ${rest})`), alterColumns],
  [shape(`DROP (SNAPSHOT TABLE|TABLE|VIEW)( IF EXISTS)? ${path}`), dropTable],
  [shape(`TRUNCATE TABLE ${path}`), truncateTable],
  [shape(`INSERT (?:INTO )?${path} ?\\(([^)]*)\\) (VALUES|SELECT) ?${rest}`), insertRows],
  [shape(`DELETE (?:FROM )?${path} WHERE ${rest}`), deleteRows],
  [shape(`UPDATE ${path} SET (\\w+) = ([\\s\\S]+?) WHERE ${rest}`), updateRows],
];

/**
 * A statement that is no query, ready to be run; undefined for a query.
 *
 * @throws {ApiError} for what is wrong already when it is only tried (a dry run), and for what the double does not know.
 */
export function prepareStatement(sql: string, context: StatementContext): PreparedStatement | undefined {
  const text = sql.trim().replace(/;$/, '').trim();
  if (/^(?:SELECT|WITH|\()/i.test(text)) return undefined;
  for (const [pattern, prepare] of shapes) {
    const match = pattern.exec(text);
    if (match !== null)
      return prepare(
        match.slice(1).map((part) => part ?? ''),
        context,
      );
  }
  throw invalid(`the BigQuery double does not evaluate ${text.slice(0, 60)}`);
}

function shape(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(' ', '\\s+').replaceAll('\\s+?', '\\s*')}$`, 'i');
}

function invalid(message: string): ApiError {
  return new ApiError(400, 'invalidQuery', message, 'query');
}

interface Named {
  readonly project: string;
  readonly dataset: string;
  readonly name: string;
}

function nameOf(given: string, { project, defaultDataset }: StatementContext): Named {
  const parts = given.replaceAll('`', '').split('.');
  const [name = '', dataset = defaultDataset, owner] = parts.toReversed();
  if (dataset === undefined)
    throw invalid(`Table "${name}" must be qualified with a dataset (e.g. dataset.table).`);
  return { project: owner ?? project, dataset, name };
}

/** @throws {ApiError} 409 where it is there already. */
function free(named: Named, isSpared: boolean, { tables }: StatementContext): 'free' | 'taken' {
  if (tables.find(named.project, named.dataset, named.name) === undefined) return 'free';
  if (isSpared) return 'taken';
  throw new ApiError(
    409,
    'duplicate',
    `Already Exists: Table ${named.project}:${named.dataset}.${named.name}`,
  );
}

const nothing = (): void => undefined;

function empty(named: Named, { region, nowMs }: StatementContext): UserTable {
  return {
    ...named,
    region,
    kind: 'TABLE',
    columns: [],
    rows: [],
    labels: {},
    partitioning: undefined,
    clustering: [],
    requirePartitionFilter: false,
    description: undefined,
    creationMs: nowMs,
    expirationMs: undefined,
    base: undefined,
    query: undefined,
    bytes: undefined,
  };
}

function withOptions(table: UserTable, options: TableOptions): UserTable {
  const { partitionExpirationMs, ...others } = options;
  const partitioning =
    partitionExpirationMs === undefined || table.partitioning === undefined
      ? table.partitioning
      : { ...table.partitioning, expirationMs: partitionExpirationMs };
  return { ...table, ...others, partitioning };
}

function createSnapshot(
  [spared = '', to = '', from = '', , options = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  const named = nameOf(to, context);
  const source = nameOf(from, context);
  const base = context.tables.get(source.project, source.dataset, source.name);
  const given = optionsOf(options, context);
  const state = free(named, spared !== '', context);
  const put = (): void => {
    free(named, false, context);
    const atMs = context.nowMs;
    context.tables.put({
      ...base,
      ...named,
      kind: 'SNAPSHOT',
      creationMs: atMs,
      labels: {},
      base: { dataset: source.dataset, name: source.name, atMs },
      ...given,
    });
  };
  return { type: 'CREATE_SNAPSHOT_TABLE', run: state === 'taken' ? nothing : put };
}

function cloneTable(
  [spared = '', to = '', from = '', options = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  const named = nameOf(to, context);
  const source = nameOf(from, context);
  const base = context.tables.get(source.project, source.dataset, source.name);
  const given = optionsOf(options, context);
  const state = free(named, spared !== '', context);
  const put = (): void => {
    context.tables.put({
      ...base,
      ...named,
      kind: 'TABLE',
      base: undefined,
      expirationMs: undefined,
      creationMs: context.nowMs,
      labels: {},
      ...given,
    });
  };
  return { type: 'CREATE_TABLE', run: state === 'taken' ? nothing : put };
}

/** Columns in parentheses, partitions, clusters, options, a query: each may be absent. */
function createTable(
  [replaces = '', spared = '', to = '', clauses = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  const named = nameOf(to, context);
  const { columns: given, after } = columnsOf(clauses);
  const [written, query] = splitAs(after);
  const head = written.replaceAll('`', '');
  const partition = /PARTITION BY\s+(?:(\w+)\(\s*(\w+)\s*(?:,\s*(\w+)\s*)?\)|(\w+))/i.exec(head);
  const clusters = /CLUSTER BY\s+([\w, ]+?)(?:\s+OPTIONS|\s*$)/i.exec(head)?.[1] ?? '';
  const options = /OPTIONS\s*\(([\s\S]*)\)\s*$/i.exec(head)?.[1] ?? '';
  const selected = query === undefined ? undefined : context.select(query);
  const columns = given ?? selected?.columns.map(({ name, type }) => ({ name, type: typeText(type) })) ?? [];
  const partitioning =
    partition === null
      ? undefined
      : {
          type: partition[3]?.toUpperCase() ?? 'DAY',
          field: partition[2] ?? partition[4],
          expirationMs: undefined,
        };
  const old = context.tables.find(named.project, named.dataset, named.name);
  if (
    replaces !== '' &&
    old !== undefined &&
    JSON.stringify([old.partitioning, old.clustering]) !==
      JSON.stringify([partitioning, clusterNames(clusters)])
  )
    throw invalid(
      'Cannot replace a table with a different partitioning spec. Instead, DROP the table, and then recreate it.',
    );
  const given2 = optionsOf(options, context);
  const state = replaces === '' ? free(named, spared !== '', context) : 'free';
  const put = (): void => {
    if (replaces === '') free(named, false, context);
    const table = {
      ...empty(named, context),
      columns,
      partitioning,
      clustering: clusterNames(clusters),
      rows: selected?.rows() ?? [],
    };
    context.tables.put(withOptions(table, given2));
  };
  return {
    type: query === undefined ? 'CREATE_TABLE' : 'CREATE_TABLE_AS_SELECT',
    run: state === 'taken' ? nothing : put,
  };
}

function clusterNames(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The list in the first parentheses, where there is one. */
function columnsOf(text: string): {
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
function splitList(text: string): readonly string[] {
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

function columnOf(text: string): UserColumn {
  const match = /^`?(\w+)`?\s+([\w<>, ]+?)(\s+NOT NULL)?(\s+OPTIONS\s*\(.*\))?$/i.exec(text);
  if (match === null) throw invalid(`Syntax error: Unexpected ${text}`);
  const [, name = '', type = '', required] = match;
  return { name, type: type.toUpperCase(), ...(required === undefined ? {} : { isRequired: true }) };
}

function splitAs(text: string): readonly [head: string, query: string | undefined] {
  const match = /(?:^|\s)AS\s+((?:SELECT|WITH|\()[\s\S]*)$/i.exec(text);
  return match === null ? [text, undefined] : [text.slice(0, match.index), match[1]];
}

function createView(
  [replaces = '', spared = '', to = '', query = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  const named = nameOf(to, context);
  const { columns } = context.select(query);
  const state = replaces === '' ? free(named, spared !== '', context) : 'free';
  const put = (): void => {
    context.tables.put({
      ...empty(named, context),
      kind: 'VIEW',
      query,
      columns: columns.map(({ name, type }) => ({ name, type: typeText(type) })),
    });
  };
  return { type: 'CREATE_VIEW', run: state === 'taken' ? nothing : put };
}

function existing(given: string, context: StatementContext): UserTable {
  const { project, dataset, name } = nameOf(given, context);
  return context.tables.get(project, dataset, name);
}

function setOptions(
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

function renameTable([to = '', name = '']: readonly string[], context: StatementContext): PreparedStatement {
  existing(to, context);
  const run = (): void => {
    const table = existing(to, context);
    free({ ...table, name }, false, context);
    context.tables.remove(table);
    context.tables.put({ ...table, name });
  };
  return { type: 'ALTER_TABLE', run };
}

function alterColumns([to = '', list = '']: readonly string[], context: StatementContext): PreparedStatement {
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

function dropTable(
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

function truncateTable([to = '']: readonly string[], context: StatementContext): PreparedStatement {
  existing(to, context);
  return {
    type: 'TRUNCATE_TABLE',
    run: () => void context.tables.put({ ...existing(to, context), rows: [] }),
  };
}

function insertRows(
  [to = '', names = '', kind = '', values = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  const table = existing(to, context);
  const columns = names.split(',').map((name) => name.replaceAll('`', '').trim());
  for (const name of columns)
    if (!table.columns.some((column) => column.name === name))
      throw invalid(`Column ${name} is not present in table ${to}`);
  const queries =
    kind.toUpperCase() === 'SELECT'
      ? [`SELECT ${values}`]
      : splitList(values).map((tuple) => `SELECT ${tuple.replace(/^\(|\)$/g, '')}`);
  const selected = queries.map((query) => context.select(query));
  const run = (): void => {
    const current = existing(to, context);
    const added = selected
      .flatMap(({ rows }) => rows())
      .map((row) =>
        current.columns.map(({ name }) =>
          columns.includes(name) ? (row[columns.indexOf(name)] ?? null) : null,
        ),
      );
    context.tables.put({ ...current, rows: [...current.rows, ...added] });
  };
  return { type: 'INSERT', run };
}

function deleteRows(
  [to = '', condition = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  const selected = context.select(`SELECT ${condition} FROM ${to}`);
  const run = (): number => {
    const current = existing(to, context);
    const hits = selected.rows();
    const left = current.rows.filter((_, index) => hits[index]?.[0] !== true);
    context.tables.put({ ...current, rows: left });
    return current.rows.length - left.length;
  };
  return { type: 'DELETE', run };
}

function updateRows(
  [to = '', column = '', value = '', condition = '']: readonly string[],
  context: StatementContext,
): PreparedStatement {
  const at = existing(to, context).columns.findIndex(({ name }) => name === column);
  if (at < 0) throw invalid(`Unrecognized name: ${column}`);
  const selected = context.select(`SELECT ${condition}, ${value} FROM ${to}`);
  const run = (): void => {
    const current = existing(to, context);
    const hits = selected.rows();
    const rows = current.rows.map((row, index) =>
      hits[index]?.[0] === true ? row.with(at, hits[index]?.[1] ?? null) : row,
    );
    context.tables.put({ ...current, rows });
  };
  return { type: 'UPDATE', run };
}
