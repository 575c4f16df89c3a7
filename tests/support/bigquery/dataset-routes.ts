import { z } from 'zod';
import { ApiError } from './api-error.ts';
import type { Estate, StoredRow } from './estate.ts';
import type { ApiRequest, Route } from './http-double.ts';
import { toMicros } from './row-value.ts';
import { asText } from './sql/values.ts';
import { etagOf, type UserTables, userTableResource } from './user-tables.ts';

export interface DatasetRoutesOptions {
  readonly estate: Estate;
  readonly tables: UserTables;
  /** What a caller may do, where a test says it; everything otherwise. */
  readonly permissionsOf: (caller: string) => ReadonlySet<string> | undefined;
  /** Row access policies of a table, by `dataset.table`. */
  readonly rowPolicies: ReadonlyMap<string, readonly string[]>;
  readonly isDenied: (permission: string, project: string) => boolean;
}

/** @see https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets */
export function datasetRoutes(options: DatasetRoutesOptions): readonly Route[] {
  const { estate, tables } = options;
  return [
    {
      operation: 'datasets.list',
      method: 'GET',
      path: /^\/datasets$/,
      answer: (request) => {
        demand('bigquery.datasets.get', request, options);
        const rows = ofProject(estate.rows('SCHEMATA'), request.project);
        return { kind: 'bigquery#datasetList', ...paged('datasets', rows.map(datasetResource), request) };
      },
    },
    {
      operation: 'datasets.get',
      method: 'GET',
      path: /^\/datasets\/([^/]+)$/,
      answer: (request) => {
        demand('bigquery.datasets.get', request, options);
        return datasetResource(findDataset(request, estate));
      },
    },
    {
      operation: 'tables.list',
      method: 'GET',
      path: /^\/datasets\/([^/]+)\/tables$/,
      answer: (request) => {
        demand('bigquery.tables.list', request, options);
        findDataset(request, estate);
        const stored = tablesOf(request, options).map((table) => tableResource(table, estate));
        const own = tables.inDataset(request.project, request.ids[0] ?? '').map(userTableResource);
        const all = [...stored, ...own];
        return { kind: 'bigquery#tableList', totalItems: all.length, ...paged('tables', all, request) };
      },
    },
    {
      operation: 'tables.get',
      method: 'GET',
      path: /^\/datasets\/([^/]+)\/tables\/([^/]+)$/,
      answer: (request) => {
        demand('bigquery.tables.get', request, options);
        const own = tables.find(request.project, request.ids[0] ?? '', request.ids[1] ?? '');
        if (own !== undefined) return userTableResource(own);
        const table = tablesOf(request, options).find(({ row }) => row['table_name'] === request.ids[1]);
        if (table === undefined) throw notFound('Table', request, `.${request.ids[1] ?? ''}`);
        return tableResource(table, estate);
      },
    },
    {
      operation: 'tables.patch',
      method: 'PATCH',
      path: /^\/datasets\/([^/]+)\/tables\/([^/]+)$/,
      answer: (request) => {
        demand('bigquery.tables.update', request, options);
        return patchTable(request, options);
      },
    },
    {
      operation: 'tables.testIamPermissions',
      method: 'POST',
      path: /^\/datasets\/([^/]+)\/tables\/([^/]+):testIamPermissions$/,
      answer: ({ caller, body }) => {
        const allowed = options.permissionsOf(caller);
        const { permissions } = permissionsBody.parse(body);
        return { permissions: permissions.filter((each) => allowed?.has(each) ?? true) };
      },
    },
    {
      operation: 'rowAccessPolicies.list',
      method: 'GET',
      path: /^\/datasets\/([^/]+)\/tables\/([^/]+)\/rowAccessPolicies$/,
      answer: (request) => {
        demand('bigquery.rowAccessPolicies.list', request, options);
        const policies = options.rowPolicies.get(request.ids.join('.')) ?? [];
        return {
          rowAccessPolicies: policies.map((policyId) => ({ rowAccessPolicyReference: { policyId } })),
        };
      },
    },
  ];
}

const permissionsBody = z.object({ permissions: z.array(z.string()) });
const patchBody = z.strictObject({
  requirePartitionFilter: z.boolean().optional(),
  labels: z.record(z.string(), z.string().nullable()).optional(),
});

/** Only what Reeve changes; anything else is a mistake of the test. */
function patchTable(
  { project, ids: [dataset = '', name = ''], body, ifMatch }: ApiRequest,
  { tables }: DatasetRoutesOptions,
): unknown {
  const table = tables.get(project, dataset, name);
  if (ifMatch !== undefined && ifMatch !== etagOf(table))
    throw new ApiError(412, 'conditionNotMet', 'Precondition Failed');
  const { requirePartitionFilter = table.requirePartitionFilter, labels = {} } = patchBody.parse(body);
  if (requirePartitionFilter && table.partitioning === undefined)
    throw new ApiError(400, 'invalid', `Cannot require a partition filter: ${name} is not partitioned`);
  const merged = Object.entries({ ...table.labels, ...labels }).flatMap(([key, value]) =>
    value === null ? [] : [[key, value] as const],
  );
  return userTableResource(
    tables.put({ ...table, requirePartitionFilter, labels: Object.fromEntries(merged) }),
  );
}

function demand(
  permission: string,
  { project }: ApiRequest,
  { estate, isDenied }: DatasetRoutesOptions,
): void {
  if (!estate.projects.includes(project))
    throw new ApiError(404, 'notFound', `Not found: Project ${project}`);
  if (isDenied(permission, project)) {
    throw new ApiError(
      403,
      'accessDenied',
      `Access Denied: Project ${project}: User does not have ${permission} permission in project ${project}.`,
    );
  }
}

function ofProject(rows: readonly StoredRow[], project: string): readonly StoredRow[] {
  return rows.filter((stored) => stored.project === project);
}

function findDataset(request: ApiRequest, estate: Estate): StoredRow {
  const dataset = ofProject(estate.rows('SCHEMATA'), request.project).find(
    ({ row }) => row['schema_name'] === request.ids[0],
  );
  if (dataset === undefined) throw notFound('Dataset', request, '');
  return dataset;
}

function notFound(what: string, { project, ids }: ApiRequest, rest: string): ApiError {
  return new ApiError(404, 'notFound', `Not found: ${what} ${project}:${ids[0] ?? ''}${rest}`);
}

function tablesOf(
  { project, ids }: ApiRequest,
  { estate, tables }: DatasetRoutesOptions,
): readonly StoredRow[] {
  return ofProject(estate.rows('TABLES'), project).filter(
    ({ row }) =>
      row['table_schema'] === ids[0] &&
      tables.find(project, String(row['table_schema']), String(row['table_name'])) === undefined,
  );
}

function paged(name: string, items: readonly unknown[], { parameters }: ApiRequest): object {
  const from = Number(parameters.get('pageToken') ?? 0);
  const count = Number(parameters.get('maxResults') ?? 50);
  const next = from + count < items.length ? { nextPageToken: String(from + count) } : {};
  return { [name]: items.slice(from, from + count), ...next };
}

function datasetResource({ project, region, row }: StoredRow): unknown {
  const datasetId = String(row['schema_name']);
  return {
    kind: 'bigquery#dataset',
    id: `${project}:${datasetId}`,
    datasetReference: { projectId: project, datasetId },
    location: region.length === 2 ? region.toUpperCase() : region,
  };
}

function tableResource({ project, row }: StoredRow, estate: Estate): unknown {
  const [datasetId, tableId] = [String(row['table_schema']), String(row['table_name'])];
  const isHere = (stored: StoredRow): boolean =>
    stored.project === project &&
    stored.row['table_schema'] === datasetId &&
    stored.row['table_name'] === tableId;
  const columns = estate
    .rows('COLUMNS')
    .filter(isHere)
    .map((stored) => stored.row);
  const storage = estate.rows('TABLE_STORAGE').find(isHere)?.row ?? {};
  const partitioning = columns.find((column) => column['is_partitioning_column'] === 'YES');
  const clustering = columns
    .filter((column) => typeof column['clustering_ordinal_position'] === 'number')
    .toSorted(
      (left, right) =>
        Number(left['clustering_ordinal_position']) - Number(right['clustering_ordinal_position']),
    );
  const options = estate.rows('TABLE_OPTIONS').filter(isHere);
  const requires = options.some(
    (stored) =>
      stored.row['option_name'] === 'require_partition_filter' && stored.row['option_value'] === 'true',
  );
  return {
    kind: 'bigquery#table',
    id: `${project}:${datasetId}.${tableId}`,
    tableReference: { projectId: project, datasetId, tableId },
    type: row['table_type'] === 'VIEW' ? 'VIEW' : 'TABLE',
    creationTime: String(toMicros(row['creation_time']) / 1_000),
    numBytes: asText(storage['total_logical_bytes'] ?? 0),
    numLongTermBytes: asText(storage['long_term_logical_bytes'] ?? 0),
    numTotalPhysicalBytes: asText(storage['total_physical_bytes'] ?? 0),
    numRows: asText(storage['total_rows'] ?? 0),
    ...(partitioning === undefined
      ? {}
      : { timePartitioning: { type: 'DAY', field: partitioning['column_name'] } }),
    ...(clustering.length === 0
      ? {}
      : { clustering: { fields: clustering.map((column) => column['column_name']) } }),
    ...(requires ? { requirePartitionFilter: true } : {}),
  };
}
