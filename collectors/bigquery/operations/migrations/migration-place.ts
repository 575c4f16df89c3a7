import { randomUUID } from 'node:crypto';
import { CollectError } from '../../../../src/sdk.ts';
import { sqlText } from '../layout.ts';
import { labelValue, type Place, runLabels } from '../place.ts';
import type { TableName } from '../table-resource.ts';
import type { JobOutcome, WarehouseApi } from '../warehouse-api.ts';

/** Where migrations of a target run. */
export interface MigrationPlace {
  readonly place: Place;
  /** The login that acts; where there is none, that which collects. */
  readonly api: WarehouseApi;
  readonly project: string;
  readonly dataset: string;
  readonly location: string;
}

const historyTable = 'reeve_migrations';
const jobTimeLimitMs = 3_600_000;

/** @throws {CollectError} where no dataset is configured. */
export async function migrationPlace(place: Place, signal: AbortSignal): Promise<MigrationPlace> {
  const { input, acting, reading } = place;
  const { migrations, project } = input.options;
  if (migrations === undefined)
    throw new CollectError(
      'unsupported',
      `target "${input.target.id}" has no migrations.dataset: name the dataset that migrations change`,
    );
  const api = input.credentials === undefined ? reading.api : acting;
  const { dataset } = migrations;
  return { place, api, project, dataset, location: await api.location({ project, dataset }, signal) };
}

export function tableIn({ project, dataset }: MigrationPlace, table: string): TableName {
  return { project, dataset, table };
}

/** Runs one statement of a file or of ours; a job that was begun under this id is waited for. */
export function runIn(
  { place, api, project, dataset, location }: MigrationPlace,
  { sql, jobId, runId }: { readonly sql: string; readonly jobId: string; readonly runId: string },
  signal: AbortSignal,
): Promise<JobOutcome> {
  const job = {
    sql,
    location,
    labels: runLabels(runId),
    maximumBytesBilled: place.input.options.maximumBytesBilled,
    timeLimitMs: jobTimeLimitMs,
    dataset: { project, dataset },
  };
  return api.run(job, jobId, signal);
}

/** `pending` is never written: it is what has no row, or was rolled back. */
export interface HistoryRow {
  readonly name: string;
  readonly sha256: string;
  readonly state: 'applying' | 'applied' | 'rolled_back';
  readonly run: string;
  /** Unix time in milliseconds. */
  readonly changedMs: number;
}

/** The latest row of each file, by name. Empty where there is no history yet. */
export async function readHistory(
  where: MigrationPlace,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, HistoryRow>> {
  const stands = await where.api.table(tableIn(where, historyTable), signal);
  if (stands === undefined) return new Map();
  const jobId = uniqueId(where, 'history');
  const sql = `SELECT name, sha256, state, run, changed_ms FROM ${historyTable} ORDER BY serial`;
  const { error } = await runIn(where, { sql, jobId, runId: 'history' }, signal);
  if (error !== undefined)
    throw new CollectError('denied', `${historyTable} cannot be read: ${error.reason}: ${error.message}`);
  const rows = await where.api.rows(where.location, jobId, signal);
  return new Map(
    rows.map((row) => {
      const state = row['state'] === 'applying' || row['state'] === 'applied' ? row['state'] : 'rolled_back';
      const name = row['name'] ?? '';
      const known = { name, sha256: row['sha256'] ?? '', run: row['run'] ?? '' };
      return [name, { ...known, state, changedMs: Number(row['changed_ms'] ?? 0) }] as const;
    }),
  );
}

/** Appends a row; an error is thrown, for without its history nothing is done. */
export async function writeHistory(
  where: MigrationPlace,
  row: Omit<HistoryRow, 'changedMs'>,
  signal: AbortSignal,
): Promise<void> {
  const now = where.place.input.clock.now();
  const values = [row.name, row.sha256, row.state, row.run].map(sqlText).join(', ');
  for (const [part, sql] of [
    [
      'create',
      `CREATE TABLE IF NOT EXISTS ${historyTable} (name STRING, sha256 STRING, state STRING, run STRING, changed_ms INT64, serial INT64)`,
    ],
    [
      'insert',
      `INSERT INTO ${historyTable} (name, sha256, state, run, changed_ms, serial) SELECT ${values}, ${now}, (SELECT IFNULL(MAX(serial), 0) + 1 FROM ${historyTable})`,
    ],
  ] as const) {
    const { error } = await runIn(where, { sql, jobId: uniqueId(where, part), runId: row.run }, signal);
    if (error !== undefined)
      throw new CollectError(
        'denied',
        `${historyTable} cannot be written: ${error.reason}: ${error.message}`,
      );
  }
}

/** For jobs that nobody has to find again. */
export function uniqueId({ place: { input } }: MigrationPlace, part: string): string {
  return `reeve_${labelValue(part)}_${input.clock.now()}_${randomUUID()}`;
}
