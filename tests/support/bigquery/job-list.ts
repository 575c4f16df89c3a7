import { ApiError } from './api-error.ts';
import type { Estate, StoredRow } from './estate.ts';
import type { ApiRequest } from './http-double.ts';
import { toMicros } from './row-value.ts';
import { asText } from './sql/values.ts';

export interface JobListOptions {
  readonly estate: Estate;
  readonly isDenied: (permission: string, project: string) => boolean;
}

/** Answers jobs.list from the rows of JOBS. @see https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list */
export function listJobs(
  { project, caller, parameters }: ApiRequest,
  { estate, isDenied }: JobListOptions,
): unknown {
  const all = parameters.get('allUsers') === 'true';
  if (isDenied(all ? 'bigquery.jobs.listAll' : 'bigquery.jobs.list', project)) {
    throw new ApiError(
      403,
      'accessDenied',
      `Access Denied: Project ${project}: User does not have bigquery.jobs.list${all ? 'All' : ''} permission in project ${project}.`,
    );
  }
  const isFull = parameters.get('projection') === 'full';
  const from = Number(parameters.get('pageToken') ?? 0);
  const count = Number(parameters.get('maxResults') ?? 50);
  const matching = estate
    .rows('JOBS')
    .filter((stored) => stored.project === project && (all || stored.row['user_email'] === caller))
    .filter(between(parameters))
    .toSorted((left, right) => createdMs(right) - createdMs(left));
  const next = from + count < matching.length ? { nextPageToken: String(from + count) } : {};
  return {
    kind: 'bigquery#jobList',
    jobs: matching.slice(from, from + count).map((stored) => listedJob(stored, isFull)),
    ...next,
  };
}

function between(parameters: URLSearchParams): (stored: StoredRow) => boolean {
  const from = Number(parameters.get('minCreationTime') ?? 0);
  const to = Number(parameters.get('maxCreationTime') ?? Number.POSITIVE_INFINITY);
  const parent = parameters.get('parentJobId');
  const states = parameters.getAll('stateFilter').map((state) => state.toUpperCase());
  return (stored) => {
    const at = createdMs(stored);
    return (
      at >= from &&
      at <= to &&
      (parent === null || stored.row['parent_job_id'] === parent) &&
      (states.length === 0 || states.includes(String(stored.row['state'])))
    );
  };
}

function createdMs({ row }: StoredRow): number {
  return toMicros(row['creation_time']) / 1_000;
}

/** Without its configuration, unless the projection is full. */
function listedJob(stored: StoredRow, isFull: boolean): unknown {
  const { row, project, region } = stored;
  return {
    kind: 'bigquery#job',
    id: `${project}:${region.toUpperCase()}.${String(row['job_id'])}`,
    jobReference: { projectId: project, jobId: row['job_id'], location: region.toUpperCase() },
    state: row['state'],
    user_email: row['user_email'],
    status: { state: row['state'] },
    ...(isFull ? { configuration: { jobType: row['job_type'], labels: row['labels'] ?? {} } } : {}),
    statistics: {
      creationTime: String(createdMs(stored)),
      totalSlotMs: asText(row['total_slot_ms'] ?? 0),
      ...(typeof row['reservation_id'] === 'string' ? { reservation_id: row['reservation_id'] } : {}),
      totalBytesProcessed: asText(row['total_bytes_processed'] ?? 0),
      query: {
        totalBytesBilled: asText(row['total_bytes_billed'] ?? 0),
        statementType: row['statement_type'],
      },
    },
  };
}
