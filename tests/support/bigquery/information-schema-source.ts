import { ApiError } from './api-error.ts';
import type { Estate, Place } from './estate.ts';
import type { View } from './information-schema.ts';
import type { Table } from './sql/scope.ts';
import { InvalidQueryError } from './sql/sql-error.ts';
import type { SqlType } from './sql/types.ts';
import { bytesOf, fieldsOf, type UserTable, type UserTables } from './user-tables.ts';

export interface SourceOptions extends Place {
  readonly estate: Estate;
  readonly tables?: UserTables;
  readonly defaultDataset?: string | undefined;
  readonly caller: string;
  readonly isDenied: (permission: string, project: string) => boolean;
}

/** What a query read, for its bill. */
export interface Reference {
  readonly project: string;
  readonly view: View;
  readonly rowCount: number;
  readonly columns: ReadonlySet<string>;
  /** A table of users, not a view. */
  readonly table?: UserTable;
}

/**
 * Finds `[project.]region-x.INFORMATION_SCHEMA.VIEW` and `[project.]dataset.INFORMATION_SCHEMA.VIEW`; each mention of a view adds a
 * reference.
 */
export function informationSchemaSource(
  options: SourceOptions,
  references: Reference[],
): (path: string, at: string) => Table {
  return (path, at) => {
    const table = userTable(path, options);
    if (table !== undefined) return readUserTable(table, options, references);
    const { project, qualifier, view } = readPath(path, at, options);
    const name = `${project}:${qualifier}.INFORMATION_SCHEMA.${view.name}`;
    const dataset = qualifier.startsWith('region-') ? undefined : qualifier;
    const region = dataset === undefined ? qualifier.slice('region-'.length) : options.region;
    if (!options.estate.projects.includes(project))
      throw new ApiError(404, 'notFound', `Not found: Project ${project}`);
    if (!options.estate.regions.includes(region) || region !== options.region) {
      throw new ApiError(
        404,
        'notFound',
        `Not found: Dataset ${project}:${qualifier} was not found in location ${options.region}`,
      );
    }
    if (options.isDenied(view.permission, project)) {
      const message = `Access Denied: Table ${name}: User does not have permission to query table ${name}, or perhaps it does not exist. Required permission: ${view.permission}`;
      throw new ApiError(403, 'accessDenied', message);
    }
    const isWide = /_BY_(ORGANIZATION|FOLDER)$/.test(view.name);
    const rows = options.estate
      .rows(view.name)
      .filter((stored) => stored.region === region && (isWide || stored.project === project))
      .filter(({ row }) => dataset === undefined || row['table_schema'] === dataset)
      .filter(({ row }) => !view.name.endsWith('_BY_USER') || row['user_email'] === options.caller);
    const used = new Set<string>();
    references.push({ project, view, rowCount: rows.length, columns: used });
    const positions = columnPositions(options.estate, view);
    return {
      name,
      columns: view.columns,
      use: (column) => used.add(column),
      rows: () =>
        positions === undefined
          ? rows.map(({ tuple }) => tuple)
          : rows.map(({ tuple }) => positions.map((index) => tuple[index])),
    };
  };
}

/** `[project.]dataset.table`; undefined where there is none of that name. */
function userTable(
  path: string,
  { tables, project, defaultDataset = '' }: SourceOptions,
): UserTable | undefined {
  const [name = '', dataset = defaultDataset, owner = project] = path.split('.').toReversed();
  return tables?.find(owner, dataset, name);
}

function readUserTable(table: UserTable, options: SourceOptions, references: Reference[]): Table {
  const name = `${table.project}:${table.dataset}.${table.name}`;
  if (options.isDenied('bigquery.tables.getData', table.project))
    throw new ApiError(
      403,
      'accessDenied',
      `Access Denied: Table ${name}: User does not have bigquery.tables.getData permission for table ${name}, or perhaps it does not exist.`,
    );
  if (table.region !== options.region)
    throw new ApiError(
      404,
      'notFound',
      `Not found: Table ${name} was not found in location ${options.region}`,
    );
  const used = new Set<string>();
  const columns = fieldsOf(table);
  references.push({
    project: table.project,
    view: { name: table.name, family: table.name, columns, scope: 'region', permission: '', docs: '' },
    rowCount: table.rows.length,
    columns: used,
    table,
  });
  return { name, columns, use: (column) => used.add(column), rows: () => table.rows };
}

/** Rows are stored with the columns of the family's first view; others have fewer. */
function columnPositions(estate: Estate, view: View): readonly number[] | undefined {
  const whole = estate.views.get(view.family);
  if (whole === undefined || whole.columns === view.columns) return undefined;
  return view.columns.map((column) => whole.columns.findIndex(({ name }) => name === column.name));
}

function readPath(
  path: string,
  at: string,
  options: SourceOptions,
): { readonly project: string; readonly qualifier: string; readonly view: View } {
  const parts = path.split('.');
  const marker = parts.findIndex((part) => part.toUpperCase() === 'INFORMATION_SCHEMA');
  const view = options.estate.views.get(parts[marker + 1] ?? '');
  if (marker < 0)
    throw new ApiError(
      404,
      'notFound',
      `Not found: Table ${path} was not found in location ${options.region}`,
    );
  if (view === undefined || parts.length !== marker + 2) {
    throw new InvalidQueryError(`Table-valued or unknown INFORMATION_SCHEMA view: ${path}`, at);
  }
  const qualifier = parts[marker - 1] ?? `region-${options.region}`;
  const project = parts.slice(0, Math.max(0, marker - 1)).join('.');
  if (!qualifier.toLowerCase().startsWith('region-') && view.scope === 'region') {
    throw new InvalidQueryError(`INFORMATION_SCHEMA.${view.name} needs a region qualifier`, at);
  }
  return {
    project: project === '' ? options.project : project,
    qualifier: qualifier.toLowerCase().startsWith('region-') ? qualifier.toLowerCase() : qualifier,
    view,
  };
}

const MEBIBYTE = 1024 ** 2;
/** @see https://cloud.google.com/bigquery/pricing#on_demand_pricing */
const MINIMUM_BYTES_PER_REFERENCE = 10 * MEBIBYTE;

/** Bytes of the columns a query names, over all rows of the view: an upper bound, as a dry run gives it. The widths are made up. */
export function bytesProcessed(references: readonly Reference[]): number {
  return references.reduce((total, { view, rowCount, columns, table }) => {
    if (table?.bytes !== undefined)
      return total + Math.round((bytesOf(table) * columns.size) / Math.max(1, table.columns.length));
    const width = view.columns
      .filter(({ name }) => columns.has(name))
      .reduce((sum, { type }) => sum + widthOf(type), 0);
    return total + rowCount * width;
  }, 0);
}

export function bytesBilled(processed: number, referenceCount: number): number {
  if (referenceCount === 0) return 0;
  return Math.max(Math.ceil(processed / MEBIBYTE) * MEBIBYTE, referenceCount * MINIMUM_BYTES_PER_REFERENCE);
}

function widthOf(type: SqlType): number {
  if (type.kind === 'ARRAY') return 2 * widthOf(type.element);
  if (type.kind === 'STRUCT') return type.fields.reduce((sum, field) => sum + widthOf(field.type), 0);
  return type.kind === 'STRING' || type.kind === 'JSON' ? 24 : 8;
}
