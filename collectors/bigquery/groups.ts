import type { GroupDefinition } from '../../src/sdk.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Nobody can have queries sent more often than this. */
const paidEveryMs = 15 * minute;
const paid = { everyMs: paidEveryMs, paidEveryMs, apartDeadlineMs: 2 * minute } as const;

/** Reading groups. What asks no view of INFORMATION_SCHEMA is free. */
export const bigqueryGroups = {
  availability: {
    summary: 'Whether the API answers for each project. Free.',
    everyMs: 0,
    needs: 'roles/bigquery.metadataViewer (bigquery.datasets.get) on each project',
  },
  running: {
    summary: 'Jobs that run or wait now. Free.',
    everyMs: 0,
    needs: 'roles/bigquery.resourceViewer (bigquery.jobs.listAll) on each project',
  },
  own_spend: { summary: 'What watching costs. Free.', everyMs: 0, needs: '' },
  spend: {
    summary: 'Spend by window, and the forecast of the month.',
    ...paid,
    needs:
      'roles/bigquery.jobUser on the first project; roles/bigquery.resourceViewer (bigquery.jobs.listAll, reservations.list, capacityCommitments.list) on each',
  },
  breakdown: {
    summary: 'Spend by user, label, kind of statement and query pattern.',
    ...paid,
    everyMs: 6 * hour,
    needs: 'as spend',
  },
  performance: {
    summary: 'Time and failures of jobs that ended in the last hour.',
    ...paid,
    needs: 'roles/bigquery.jobUser on the first project; roles/bigquery.resourceViewer on each',
  },
  slots: {
    summary: 'Slots in use, and work that waited for slots, in the last hour.',
    ...paid,
    needs: 'roles/bigquery.jobUser on the first project; roles/bigquery.resourceViewer on each',
  },
  storage: {
    summary: 'Size and price of what is stored.',
    ...paid,
    everyMs: hour,
    needs: 'roles/bigquery.jobUser on the first project; roles/bigquery.metadataViewer on each',
  },
  tables: {
    summary: 'Tables without partitions, partition filter or clustering that cost most.',
    ...paid,
    everyMs: 6 * hour,
    needs:
      'roles/bigquery.jobUser on the first project; roles/bigquery.resourceViewer and roles/bigquery.metadataViewer on each',
  },
  recommendations: {
    summary: 'What BigQuery itself recommends to save money.',
    ...paid,
    everyMs: 24 * hour,
    needs:
      'roles/bigquery.jobUser on the first project; roles/recommender.bigqueryPartitionClusterViewer on each',
  },
  backups: {
    summary: 'Age and size of snapshot tables, and whether tables that can be read back are there. Free.',
    everyMs: hour,
    needs: 'roles/bigquery.metadataViewer (bigquery.tables.get, bigquery.tables.list) on the first project',
  },
} as const satisfies Readonly<Record<string, GroupDefinition>>;

export type BigqueryGroup = keyof typeof bigqueryGroups;
