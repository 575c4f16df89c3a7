import { parseType, type StructField } from './sql/types.ts';
import {
  assignment,
  change,
  columns,
  commitment,
  jobs,
  option,
  partitions,
  recommendations,
  reservation,
  reservationTimeline,
  schemata,
  storage,
  tables,
  timeline,
} from './view-columns.ts';

/**
 * The INFORMATION_SCHEMA views of BigQuery, written down by hand from Google's reference (November 2026): one column a line, name and
 * type. Used twice: the double evaluates over it, and the real GoogleSQL analyser checks the collector's queries against it.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-intro
 */
export interface View {
  readonly name: string;
  /** The first of the synonyms: they show the same rows. */
  readonly family: string;
  readonly columns: readonly StructField[];
  /** What may stand before INFORMATION_SCHEMA. */
  readonly scope: 'region' | 'region or dataset';
  readonly permission: string;
  readonly docs: string;
}

const listAll = 'bigquery.jobs.listAll';
const reservations = 'bigquery.reservations.list';
const inRegion = 'region' as const;
const anywhere = 'region or dataset' as const;

// Names separated by spaces share a schema.
const definitions = [
  ['JOBS JOBS_BY_PROJECT', jobs, inRegion, listAll, 'information-schema-jobs'],
  ['JOBS_BY_USER', jobs, inRegion, 'bigquery.jobs.list', 'information-schema-jobs-by-user'],
  [
    'JOBS_BY_FOLDER JOBS_BY_ORGANIZATION',
    without(jobs, 'query'),
    inRegion,
    listAll,
    'information-schema-jobs-by-organization',
  ],
  ['JOBS_TIMELINE JOBS_TIMELINE_BY_PROJECT', timeline, inRegion, listAll, 'information-schema-jobs-timeline'],
  [
    'TABLE_STORAGE TABLE_STORAGE_BY_PROJECT TABLE_STORAGE_BY_ORGANIZATION',
    storage,
    inRegion,
    'bigquery.tables.list',
    'information-schema-table-storage',
  ],
  ['TABLES', tables, anywhere, 'bigquery.tables.list', 'information-schema-tables'],
  ['COLUMNS', columns, anywhere, 'bigquery.tables.list', 'information-schema-columns'],
  [
    'TABLE_OPTIONS',
    `table_catalog STRING\ntable_schema STRING\ntable_name STRING\n${option}`,
    anywhere,
    'bigquery.tables.list',
    'information-schema-table-options',
  ],
  ['PARTITIONS', partitions, anywhere, 'bigquery.tables.list', 'information-schema-partitions'],
  ['SCHEMATA', schemata, inRegion, 'bigquery.datasets.get', 'information-schema-datasets-schemata'],
  [
    'SCHEMATA_OPTIONS',
    `catalog_name STRING\nschema_name STRING\n${option}`,
    inRegion,
    'bigquery.datasets.get',
    'information-schema-datasets-schemata-options',
  ],
  [
    'RESERVATIONS RESERVATIONS_BY_PROJECT',
    `ddl STRING\n${reservation}`,
    inRegion,
    reservations,
    'information-schema-reservations',
  ],
  [
    'RESERVATION_CHANGES RESERVATION_CHANGES_BY_PROJECT',
    change + reservation,
    inRegion,
    reservations,
    'information-schema-reservation-changes',
  ],
  [
    'RESERVATIONS_TIMELINE RESERVATIONS_TIMELINE_BY_PROJECT RESERVATION_TIMELINE RESERVATION_TIMELINE_BY_PROJECT',
    reservationTimeline,
    inRegion,
    reservations,
    'information-schema-reservation-timeline',
  ],
  [
    'ASSIGNMENTS ASSIGNMENTS_BY_PROJECT',
    `ddl STRING\n${assignment}`,
    inRegion,
    'bigquery.reservationAssignments.list',
    'information-schema-assignments',
  ],
  [
    'ASSIGNMENT_CHANGES ASSIGNMENT_CHANGES_BY_PROJECT',
    `${change}${assignment}\nstate STRING`,
    inRegion,
    'bigquery.reservationAssignments.list',
    'information-schema-assignments-changes',
  ],
  [
    'CAPACITY_COMMITMENTS CAPACITY_COMMITMENTS_BY_PROJECT',
    `ddl STRING\n${commitment}`,
    inRegion,
    'bigquery.capacityCommitments.list',
    'information-schema-capacity-commitments',
  ],
  [
    'CAPACITY_COMMITMENT_CHANGES CAPACITY_COMMITMENT_CHANGES_BY_PROJECT',
    `${change}${commitment}\ncommitment_start_time TIMESTAMP\ncommitment_end_time TIMESTAMP\nfailure_status STRUCT<code STRING, message STRING>`,
    inRegion,
    'bigquery.capacityCommitments.list',
    'information-schema-capacity-commitment-changes',
  ],
  [
    'RECOMMENDATIONS RECOMMENDATIONS_BY_PROJECT',
    recommendations,
    inRegion,
    'recommender.bigqueryPartitionClusterRecommendations.list',
    'information-schema-recommendations',
  ],
] as const;

/** All views by name, upper case. */
export function informationSchema(): ReadonlyMap<string, View> {
  return new Map(
    definitions.flatMap(([names, schema, scope, permission, page]) => {
      const fields = readColumns(schema);
      const docs = `https://docs.cloud.google.com/bigquery/docs/${page}`;
      return names.split(' ').map(
        (name) =>
          [
            name,
            {
              name,
              family: name.startsWith('JOBS_BY_') ? 'JOBS' : (names.split(' ')[0] ?? name),
              columns: fields,
              scope,
              permission,
              docs,
            },
          ] as const,
      );
    }),
  );
}

function readColumns(schema: string): readonly StructField[] {
  const lines = schema.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return { name: line.slice(0, space), type: parseType(line.slice(space + 1)) };
    });
}

function without(schema: string, column: string): string {
  return schema
    .split('\n')
    .filter((line) => !line.trim().startsWith(`${column} `))
    .join('\n');
}
