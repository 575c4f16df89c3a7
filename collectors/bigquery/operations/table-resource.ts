import { z } from 'zod';

const int64 = z.union([z.string(), z.number()]).transform(Number);

export interface TableField {
  readonly name: string;
  /** As the API names it: INTEGER, RECORD … */
  readonly type: string;
  readonly mode?: string | undefined;
  readonly description?: string | undefined;
  readonly fields?: readonly TableField[] | undefined;
  /** Column-level security. */
  readonly policyTags?: unknown;
  readonly defaultValueExpression?: string | undefined;
}

const field: z.ZodType<TableField> = z.object({
  name: z.string(),
  type: z.string(),
  mode: z.string().optional(),
  description: z.string().optional(),
  policyTags: z.unknown().optional(),
  defaultValueExpression: z.string().optional(),
  get fields() {
    return z.array(field).optional();
  },
});

/**
 * The parts of a table that are looked at.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables#Table
 */
export const tableResource = z.object({
  /** Changes with everything that the table is. */
  etag: z.string(),
  /** TABLE, VIEW, SNAPSHOT, MATERIALIZED_VIEW, EXTERNAL. */
  type: z.string(),
  location: z.string().default(''),
  /** Unix time in milliseconds: tells a table from another one of its name. */
  creationTime: int64,
  labels: z.record(z.string(), z.string()).default({}),
  numBytes: int64.default(0),
  numRows: int64.default(0),
  schema: z.object({ fields: z.array(field).default([]) }).default({ fields: [] }),
  timePartitioning: z
    .object({ type: z.string(), field: z.string().optional(), expirationMs: int64.optional() })
    .optional(),
  rangePartitioning: z.object({ field: z.string() }).optional(),
  clustering: z.object({ fields: z.array(z.string()) }).optional(),
  requirePartitionFilter: z.boolean().default(false),
  streamingBuffer: z.unknown().optional(),
  expirationTime: int64.optional(),
  snapshotDefinition: z
    .object({
      baseTableReference: z.object({ projectId: z.string(), datasetId: z.string(), tableId: z.string() }),
      snapshotTime: z.string(),
    })
    .optional(),
});

export type TableResource = z.infer<typeof tableResource>;

/** A table, by its whole name. */
export interface TableName {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

/** `project.dataset.table`: how plans, subjects and messages name it. */
export function nameText({ project, dataset, table }: TableName): string {
  return `${project}.${dataset}.${table}`;
}

/** Back-ticked; names hold no back-tick. */
export function namePath(name: TableName): string {
  return `\`${nameText(name).replaceAll('`', '')}\``;
}

export function parseName(text: string): TableName | undefined {
  const match = /^(.+)\.([^.]+)\.([^.]+)$/.exec(text);
  if (match === null) return undefined;
  const [, project = '', dataset = '', table = ''] = match;
  return { project, dataset, table };
}

/** The column by which it is partitioned; of ingestion time its pseudo-column; undefined where it is not partitioned. */
export function partitionColumn({ timePartitioning, rangePartitioning }: TableResource): string | undefined {
  if (timePartitioning !== undefined) return timePartitioning.field ?? '_PARTITIONTIME';
  return rangePartitioning?.field;
}
