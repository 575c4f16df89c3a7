import type { BackupFound } from '../../../src/sdk.ts';
import { parseName, type TableName } from '../operations/table-resource.ts';
import type { WarehouseApi } from '../operations/warehouse-api.ts';
import type { BackupChain, SnapshotChain } from './chains.ts';

const mostBackups = 100;
/** A snapshot a night, and two hours to make it in. */
const oldestMs = 26 * 3_600_000;

/** One chain, newest first. Free requests. */
export async function listChain(
  api: WarehouseApi,
  project: string,
  chain: readonly [name: string, settings: BackupChain],
  now: number,
  signal: AbortSignal,
): Promise<readonly BackupFound[]> {
  const [, settings] = chain;
  const found =
    settings.kind === 'snapshot'
      ? await listSnapshots(api, project, [chain[0], settings], signal)
      : await listTimeTravel(api, project, [chain[0], settings.tables], now, signal);
  return found.toSorted((one, other) => other.takenAt - one.takenAt);
}

async function listSnapshots(
  api: WarehouseApi,
  project: string,
  [chain, settings]: readonly [string, SnapshotChain],
  signal: AbortSignal,
): Promise<readonly BackupFound[]> {
  const place = { project, dataset: settings.dataset };
  // Names end with their time, where Reeve's script made them.
  const names = (await api.tables(place, signal))
    .filter(({ type }) => type === 'SNAPSHOT')
    .map((each) => each.name)
    .toSorted()
    .toReversed();
  const found: BackupFound[] = [];
  for (const each of names.slice(0, mostBackups)) {
    const snapshot = await api.table({ ...place, table: each }, signal);
    const base = snapshot?.snapshotDefinition;
    if (snapshot === undefined || base === undefined) continue;
    const { datasetId, tableId } = base.baseTableReference;
    if (settings.of !== undefined && datasetId !== settings.of) continue;
    const takenAt = Date.parse(base.snapshotTime);
    const until = snapshot.expirationTime;
    found.push({
      chain,
      kind: 'snapshot',
      name: `${settings.dataset}.${each}`,
      takenAt,
      recoverableUntil: takenAt,
      bytes: snapshot.numBytes,
      databases: [datasetId],
      health: 'ok',
      detail: `of ${datasetId}.${tableId}, ${snapshot.numRows} rows; ${
        until === undefined ? 'it never expires' : `it expires at ${new Date(until).toISOString()}`
      }`,
      isRetained: true,
    });
  }
  return found;
}

/** What BigQuery keeps by itself: nobody made it, nobody keeps it longer than the window of the dataset. */
async function listTimeTravel(
  api: WarehouseApi,
  project: string,
  [chain, tables]: readonly [string, readonly string[]],
  now: number,
  signal: AbortSignal,
): Promise<readonly BackupFound[]> {
  const found: BackupFound[] = [];
  for (const each of tables) {
    const parsed = parseName(`${project}.${each}`);
    const stands = parsed === undefined ? undefined : await api.table(parsed, signal);
    found.push({
      chain,
      kind: 'time_travel',
      name: each,
      takenAt: now,
      recoverableUntil: now,
      bytes: stands?.numBytes ?? null,
      databases: [each.split('.')[0] ?? ''],
      health: stands === undefined ? 'damaged' : 'unknown',
      detail:
        stands === undefined
          ? `table ${each} does not exist: within the time travel window bq cp ${each}@<milliseconds> brings it back`
          : 'can be read as it was for 2 to 7 days (max_time_travel_hours of the dataset): no backup, and reading back is no restore test',
      isRetained: false,
    });
  }
  return found;
}

/** Tables of the dataset that has to be covered whose newest snapshot is too old, or that have none. */
export async function uncovered(
  api: WarehouseApi,
  project: string,
  { of }: SnapshotChain,
  found: readonly BackupFound[],
  now: number,
  signal: AbortSignal,
): Promise<readonly TableName[]> {
  if (of === undefined) return [];
  const tables = await api.tables({ project, dataset: of }, signal);
  return tables
    .filter(({ type }) => type === 'TABLE')
    .map((each): TableName => ({ project, dataset: of, table: each.name }))
    .filter((each) => {
      const newest = found.find(({ detail }) => detail.startsWith(`of ${each.dataset}.${each.table}, `));
      return newest === undefined || now - newest.takenAt > oldestMs;
    });
}
