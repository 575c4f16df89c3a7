import { typeText } from './sql/types.ts';
import {
  empty,
  free,
  invalid,
  nameOf,
  nothing,
  type PreparedStatement,
  type StatementContext,
  withOptions,
} from './statement-context.ts';
import { clusterNames, columnsOf, splitAs } from './statement-text.ts';
import { optionsOf } from './table-options.ts';

export function createSnapshot(
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

export function cloneTable(
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
export function createTable(
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

export function createView(
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
