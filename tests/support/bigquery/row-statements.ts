import { existing, invalid, type PreparedStatement, type StatementContext } from './statement-context.ts';
import { splitList } from './statement-text.ts';

export function truncateTable([to = '']: readonly string[], context: StatementContext): PreparedStatement {
  existing(to, context);
  return {
    type: 'TRUNCATE_TABLE',
    run: () => void context.tables.put({ ...existing(to, context), rows: [] }),
  };
}

export function insertRows(
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

export function deleteRows(
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

export function updateRows(
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
