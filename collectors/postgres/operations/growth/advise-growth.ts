import {
  CollectError,
  type EvidenceDraft,
  type JsonObject,
  type OperationContext,
} from '../../../../src/sdk.ts';
import { discoverDatabases } from '../../databases.ts';
import { quoteLiteral } from '../../quote.ts';
import type { Access } from '../access.ts';
import {
  type DatabaseGrowth,
  type GrowingTable,
  type Holder,
  readDatabaseGrowth,
  readServerGrowth,
  type ServerGrowth,
} from './read-growth.ts';

const mostDatabases = 20;
const mostShown = 10;
/** Below these nobody gains anything. */
const worthBytes = 100 * 1_048_576;
const worthShare = 0.2;
const worthWalBytes = 268_435_456;
/** Of transactions: rows that died since are kept for it. */
const worthAge = 1_000_000;

/**
 * What grows, how fast, what keeps space that nobody needs, and what could be done about it. Advice: everything that gives space back deletes
 * rows, takes a lock, or takes away what a consumer may still need. The server does not tell how large its disk is; the forecast that breached
 * the objective says when the projection is exceeded.
 */
export async function adviseGrowth(
  access: Access,
  { signal }: OperationContext,
): Promise<readonly EvidenceDraft[]> {
  const names = await access.reading(undefined, signal, async (connection) => {
    const found = await discoverDatabases(connection, access.input.options.databases, [], signal);
    return found.databases;
  });
  const databases: DatabaseGrowth[] = [];
  for (const name of names.slice(0, mostDatabases)) {
    const found = await readOne(access, name, signal);
    if (found !== undefined) databases.push(found);
  }
  const server = await access.reading(undefined, signal, (connection) =>
    readServerGrowth(connection, signal),
  );
  return [
    ...databases.map(sizeAdvice),
    ...databases.flatMap(deadRowsAdvice),
    ...databases.flatMap(temporaryAdvice),
    ...server.holders.flatMap(holderAdvice),
    ...archiverAdvice(server),
  ];
}

/** A database that cannot be read is for `check` to name. */
async function readOne(
  access: Access,
  name: string,
  signal: AbortSignal,
): Promise<DatabaseGrowth | undefined> {
  try {
    return await access.reading(name, signal, (connection) => readDatabaseGrowth(connection, signal));
  } catch (thrown) {
    if (!(thrown instanceof CollectError) || signal.aborted) throw thrown;
    return undefined;
  }
}

function sizeAdvice({ database, bytes, tables }: DatabaseGrowth): EvidenceDraft {
  const rated = tables
    .map((table) => ({ ...table, bytesPerDay: bytesPerDay(table) }))
    .toSorted((one, other) => (other.bytesPerDay ?? 0) - (one.bytesPerDay ?? 0));
  const [fastest] = rated;
  const indexes = sum(tables.map(({ index_bytes }) => index_bytes));
  const heaps = sum(tables.map(({ heap_bytes, toast_bytes }) => heap_bytes + toast_bytes));
  const pace =
    fastest?.bytesPerDay === undefined || fastest.bytesPerDay <= 0
      ? 'how fast is not known yet (counters younger than a day) or nothing grows'
      : `${fastest.name} grows fastest, by about ${shown(fastest.bytesPerDay)} a day`;
  const largest = tables[0]?.name ?? 'none';
  return advice(
    `${database} takes ${shown(bytes)}: tables ${shown(heaps)}, indexes ${shown(indexes)}; the largest table is ${largest}; ${pace}; what may end, should end by partitions that are dropped or by an archive`,
    {
      database,
      bytes,
      tableBytes: heaps,
      indexBytes: indexes,
      tables: rated.slice(0, mostShown).map((table) => ({
        name: table.name,
        bytes: table.heap_bytes + table.toast_bytes + table.index_bytes,
        indexBytes: table.index_bytes,
        rows: table.live_rows,
        bytesPerDay: table.bytesPerDay === undefined ? null : Math.round(table.bytesPerDay),
      })),
    },
  );
}

/** Rows that come and stay, times what a row takes with its indexes; undefined where nobody knows. */
function bytesPerDay(table: GrowingTable): number | undefined {
  const { rows_per_day: rows, live_rows: live, dead_rows: dead } = table;
  if (rows === null || live + dead === 0) return undefined;
  return (rows * (table.heap_bytes + table.toast_bytes + table.index_bytes)) / (live + dead);
}

/** Space inside of files that VACUUM hands out again, and that only a rewrite gives back to the disk. */
function deadRowsAdvice({ database, tables }: DatabaseGrowth): readonly EvidenceDraft[] {
  return tables.flatMap((table) => {
    const { name, live_rows: live, dead_rows: dead, options, vacuumed_hours: vacuumed } = table;
    const share = live + dead === 0 ? 0 : dead / (live + dead);
    const bytes = share * (table.heap_bytes + table.toast_bytes);
    if (share < worthShare || bytes < worthBytes) return [];
    const own = options.filter((option) => option.startsWith('autovacuum'));
    const statement = `ALTER TABLE ${name} SET (autovacuum_vacuum_scale_factor = 0.02)`;
    const last = vacuumed === null ? 'never vacuumed' : `vacuumed ${Math.round(vacuumed)} h ago`;
    return [
      advice(
        `${database}: ${percent(share)} of the rows of ${name} are dead (about ${shown(bytes)}, ${last}${own.length === 0 ? '' : `, ${own.join(', ')}`}): vacuum it now (VACUUM ${name}), and more often from then on (${statement}; back by RESET)`,
        {
          database,
          table: name,
          liveRows: live,
          deadRows: dead,
          estimatedBytes: Math.round(bytes),
          options: own,
          statement,
        },
      ),
    ];
  });
}

function temporaryAdvice({ database, temp_bytes_per_day: bytes }: DatabaseGrowth): readonly EvidenceDraft[] {
  if (bytes === null || bytes < worthWalBytes) return [];
  return [
    advice(
      `${database} writes ${shown(bytes)} of temporary files a day: statements that sort or hash more than work_mem; find them by temp_blks_written in pg_stat_statements, and bound them by temp_file_limit`,
      { database, temporaryBytesPerDay: Math.round(bytes) },
    ),
  ];
}

function holderAdvice({
  kind,
  name,
  active,
  wal_bytes: wal,
  xmin_age: age,
}: Holder): readonly EvidenceDraft[] {
  const holdsWal = wal !== null && wal >= worthWalBytes;
  const holdsRows = age !== null && age >= worthAge;
  if (!holdsWal && !holdsRows) return [];
  const what = [
    ...(holdsWal ? [`${shown(wal)} of WAL`] : []),
    ...(holdsRows ? [`dead rows of the last ${Math.round(age)} transactions, which no VACUUM removes`] : []),
  ].join(' and ');
  const remedy: Readonly<Record<string, string>> = {
    slot: active
      ? 'its consumer is connected and too slow: look there'
      : `nobody reads it: connect its consumer, or if that is gone for good, SELECT pg_drop_replication_slot(${quoteLiteral(name)}); max_slot_wal_keep_size bounds it`,
    transaction: 'end it in the application; idle_in_transaction_session_timeout ends such by itself',
    'prepared transaction': `nobody finishes it: COMMIT PREPARED or ROLLBACK PREPARED ${quoteLiteral(name)}`,
  };
  return [
    advice(`${kind} ${name} keeps ${what}: ${remedy[kind] ?? ''}`, {
      kind,
      name,
      active,
      walBytes: wal,
      transactionsHeld: age,
    }),
  ];
}

function archiverAdvice({ archiverFails, walBytes }: ServerGrowth): readonly EvidenceDraft[] {
  if (!archiverFails) return [];
  const size = walBytes === undefined ? '' : ` (${shown(walBytes)} by now)`;
  return [
    advice(
      `archiving fails: every WAL file is kept until it succeeds${size}; mend archive_command, nothing else frees that space`,
      { walBytes: walBytes ?? null },
    ),
  ];
}

function advice(title: string, body: JsonObject): EvidenceDraft {
  return { kind: 'advice', title, body };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function shown(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1_024 ** power).toPrecision(3))} ${units[power] ?? 'B'}`;
}
