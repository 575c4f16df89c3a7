import type {
  BackupFound,
  BackupOperations,
  BackupStrategy,
  EvidenceDraft,
  OperationContext,
  Refusal,
} from '../../../src/sdk.ts';
import { labelValue, type Place, refusedOutcome, runLabels } from '../operations/place.ts';
import { namePath, parseName, type TableName } from '../operations/table-resource.ts';
import type { SnapshotChain } from './chains.ts';
import { listChain } from './list-chain.ts';

const jobTimeLimitMs = 600_000;
const mostTables = 100;
const hourMs = 3_600_000;

/**
 * Snapshots and time travel: what there is, and how to make it. There is no drill: reading a table as it was proves that BigQuery can read,
 * not that anybody can restore.
 */
export function backupOperations(place: Place): BackupOperations {
  const { input } = place;
  const { backups, project } = input.options;
  const all = async ({ signal }: Pick<OperationContext, 'signal'>): Promise<readonly BackupFound[]> => {
    const found: BackupFound[] = [];
    for (const chain of Object.entries(backups))
      found.push(...(await listChain(place.reading.api, project, chain, input.clock.now(), signal)));
    return found.toSorted((one, other) => other.takenAt - one.takenAt);
  };
  return {
    chains: Object.keys(backups),
    list: all,
    take: (chain, context) => takeSnapshots(place, chain, context),
    strategy: (folder) => strategyOf(place, folder),
  };
}

/** A snapshot of every table of the dataset that the chain covers. */
async function takeSnapshots(
  place: Place,
  wanted: string | undefined,
  context: OperationContext,
): Promise<BackupFound | Refusal> {
  const { input, acting, reading } = place;
  const { backups, project } = input.options;
  const found = Object.entries(backups).find(
    ([name, { kind }]) => kind === 'snapshot' && (wanted === undefined || name === wanted),
  );
  const [chain, settings] = found ?? [];
  if (chain === undefined || settings?.kind !== 'snapshot' || settings.of === undefined)
    return {
      id: 'chain_takes',
      text: `${wanted ?? 'the target'} has no chain of snapshots with \`of\`, the dataset to take them of`,
    };
  const { of } = settings;
  const tables = (await reading.api.tables({ project, dataset: of }, context.signal)).filter(
    ({ type }) => type === 'TABLE',
  );
  if (tables.length === 0) return { id: 'something_to_take', text: `there is no table in ${of}` };
  const stamp = new Date(input.clock.now()).toISOString().slice(0, 19).replace(/[-:]/g, '');
  try {
    for (const { name } of tables.slice(0, mostTables)) {
      const refusal = await takeOne(place, settings, { project, dataset: of, table: name }, stamp, context);
      if (refusal !== undefined) return refusal;
    }
  } catch (thrown) {
    context.signal.throwIfAborted();
    return { id: 'taken', text: refusedOutcome(thrown).detail };
  }
  const made = await listChain(acting, project, [chain, settings], input.clock.now(), context.signal);
  return made[0] ?? { id: 'taken', text: `no snapshot is to be seen in ${settings.dataset}` };
}

async function takeOne(
  { acting }: Place,
  { dataset, keepDays }: SnapshotChain,
  table: TableName,
  stamp: string,
  { runId, signal }: OperationContext,
): Promise<Refusal | undefined> {
  const base = await acting.table(table, signal);
  const snapshot = { ...table, dataset, table: `${table.table}__${stamp}` };
  const job = {
    sql: `CREATE SNAPSHOT TABLE ${namePath(snapshot)}\nCLONE ${namePath(table)}\nOPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL ${keepDays} DAY))`,
    location: base?.location ?? '',
    labels: runLabels(runId === '' ? 'by-hand' : runId),
    maximumBytesBilled: undefined,
    timeLimitMs: jobTimeLimitMs,
  };
  const jobId = `reeve_${labelValue(`backup_${table.dataset}_${table.table}`).slice(0, 63)}_${stamp}`;
  const { error } = await acting.run(job, jobId, signal);
  return error === undefined
    ? undefined
    : { id: 'taken', text: `${table.dataset}.${table.table}: ${error.reason}: ${error.message}` };
}

/** Whether tables can be read as they were a day ago, with their rows: reported, and counts for nothing as a restore test. */
export async function adviseBackups(
  place: Place,
  { signal, runId }: OperationContext,
): Promise<readonly EvidenceDraft[]> {
  const { input, acting, reading } = place;
  const { backups, project, maximumBytesBilled } = input.options;
  const api = input.credentials === undefined ? reading.api : acting;
  const at = input.clock.now() - 24 * hourMs;
  const advice: EvidenceDraft[] = [];
  for (const [chain, settings] of Object.entries(backups)) {
    if (settings.kind !== 'time_travel') continue;
    const rows: Record<string, string> = {};
    for (const table of settings.tables) {
      const name = parseName(`${project}.${table}`);
      const stands = name === undefined ? undefined : await reading.api.table(name, signal);
      if (name === undefined || stands === undefined) {
        rows[table] = 'the table does not exist';
        continue;
      }
      const asOf = Math.max(at, stands.creationTime);
      const sql = `SELECT COUNT(*) AS n FROM ${namePath(name)} FOR SYSTEM_TIME AS OF TIMESTAMP_MILLIS(${asOf})`;
      const job = {
        sql,
        location: stands.location,
        labels: runLabels(runId),
        maximumBytesBilled,
        timeLimitMs: jobTimeLimitMs,
      };
      try {
        const jobId = `reeve_readback_${labelValue(table)}_${input.clock.now()}`;
        const { error } = await api.run(job, jobId, signal);
        const [row] = error === undefined ? await api.rows(stands.location, jobId, signal) : [];
        rows[table] =
          error === undefined
            ? `${row?.['n'] ?? 'unknown'} rows as of ${new Date(asOf).toISOString()}, ${stands.numRows} now`
            : `${error.reason}: ${error.message}`;
      } catch (thrown) {
        signal.throwIfAborted();
        rows[table] = refusedOutcome(thrown).detail;
      }
    }
    advice.push({
      kind: 'advice',
      title: `chain ${chain}: ${settings.tables.length} tables read back as of a day ago; that is no restore test`,
      body: { chain, rows },
    });
  }
  return advice;
}

function strategyOf({ input }: Place, folder: string): BackupStrategy {
  const { project, regions } = input.options;
  const [region = 'us'] = regions;
  return {
    summary:
      'A scheduled query takes a snapshot of every table of a dataset each night into a dataset of its own and keeps it for 14 days; only what changes is stored and billed. It does not protect from the loss of the region or the project: copy what matters to another region as well (bq cp, a transfer of the dataset). Time travel, which BigQuery has by itself, ends after 2 to 7 days and goes with the dataset.',
    files: [
      {
        name: 'snapshots.sql',
        isExecutable: false,
        text: [
          '-- Takes a snapshot of every table of <dataset> into <dataset>_backups. Run each night as a scheduled query:',
          `-- bq query --use_legacy_sql=false --location=${region} --display_name="nightly snapshots" --schedule="every 24 hours" < ${folder}/snapshots.sql`,
          `CREATE SCHEMA IF NOT EXISTS \`${project}.<dataset>_backups\` OPTIONS (location = '${region}');`,
          'FOR each IN (',
          `  SELECT table_name FROM \`${project}.<dataset>.INFORMATION_SCHEMA.TABLES\` WHERE table_type = 'BASE TABLE'`,
          ') DO',
          '  EXECUTE IMMEDIATE FORMAT("""',
          `    CREATE SNAPSHOT TABLE \`${project}.<dataset>_backups.%s__%s\``,
          `    CLONE \`${project}.<dataset>.%s\``,
          '    OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 14 DAY))""",',
          "    each.table_name, FORMAT_TIMESTAMP('%Y%m%dT%H%M%S', CURRENT_TIMESTAMP()), each.table_name);",
          'END FOR;',
          '',
        ].join('\n'),
      },
      {
        name: 'restore.sql',
        isExecutable: false,
        text: [
          '-- Brings a table back beside the one that is there; compare, then rename.',
          `CREATE TABLE \`${project}.<dataset>.<table>_restored\``,
          `CLONE \`${project}.<dataset>_backups.<table>__<time>\`;`,
          '-- What was deleted within the time travel window needs no snapshot:',
          `-- CREATE TABLE \`${project}.<dataset>.<table>_restored\` CLONE \`${project}.<dataset>.<table>\``,
          '--   FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR);',
          '',
        ].join('\n'),
      },
    ],
    configLines: [
      'backups:',
      '  nightly:',
      '    kind: snapshot',
      '    dataset: <dataset>_backups',
      '    of: <dataset>',
    ],
    next: [
      `fill in <dataset> in ${folder}/snapshots.sql and run it once`,
      'schedule it with the command in its second line',
      'add the lines of configuration to the target; reeve backup list shows what there is',
      `restore one table by ${folder}/restore.sql now, and once a quarter: Reeve cannot try it for you here`,
    ],
  };
}
