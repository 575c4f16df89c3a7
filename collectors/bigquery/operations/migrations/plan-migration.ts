import {
  type Act,
  type Candidate,
  type FindRequest,
  inMigrationOrder,
  type MigrationFile,
  migrationSubject,
  type OperationContext,
  type PlanDraft,
  type Refusal,
  readMigrationRequest,
} from '../../../../src/sdk.ts';
import { gib } from '../partition-filter.ts';
import { identifyPlace, type Place } from '../place.ts';
import { fingerprintOf, judgeFile } from './judge-files.ts';
import { type MigrationPlace, migrationPlace, readHistory, tableIn } from './migration-place.ts';
import { readStatements } from './migration-statements.ts';
import { statusOf } from './migration-status.ts';
import { touched } from './run-file.ts';
import { countRows, readStates } from './table-state.ts';

export const migrationActionId = 'apply_migration';

/** One candidate for all pending files. */
export async function findMigrations(
  place: Place,
  { request, only }: FindRequest,
  { signal, evidence }: OperationContext,
): Promise<readonly Candidate[]> {
  const brought = readMigrationRequest(request);
  if (brought === undefined || place.input.options.migrations === undefined) return [];
  const where = await migrationPlace(place, signal);
  const statuses = statusOf(brought.files, await readHistory(where, signal));
  evidence({
    kind: 'catalogue',
    title: `migrations of ${where.dataset}: ${statuses.filter(({ state }) => state === 'pending').length} of ${statuses.length} pending`,
    body: { files: statuses.map(({ name, state, sha256 }) => ({ name, state, sha256 })) },
  });
  const wrong = statuses.filter(({ state }) => state !== 'pending' && state !== 'applied');
  const pending = inMigrationOrder(brought.files).filter((file) =>
    statuses.some(({ name, state }) => name === file.name && state === 'pending'),
  );
  const last = pending.at(-1);
  if (last === undefined) return [];
  const subject = migrationSubject(where.dataset, last.name);
  if (only !== undefined && only !== subject) return [];
  return [
    {
      action: migrationActionId,
      subject,
      title: `apply ${pending.length} migration(s) of ${brought.directory} to ${where.project}.${where.dataset}: ${pending.map(({ name }) => name).join(', ')}`,
      facts: {
        files: pending.map(({ name, up, down, tool }) => ({ name, up, down, tool })),
        wrong: wrong.map(({ name, state }) => `${name} is ${state}`),
      },
    },
  ];
}

const preconditions = [
  { id: 'tables_unchanged', text: 'the tables that the files name are as when it was planned' },
  { id: 'history_unchanged', text: 'nobody applied these files meanwhile' },
];

export async function planMigrations(
  place: Place,
  { facts, subject, title }: Candidate,
  context: OperationContext,
): Promise<PlanDraft | Refusal> {
  const files = readMigrationRequest({ files: facts['files'] ?? [] })?.files ?? [];
  const wrong = Array.isArray(facts['wrong']) ? facts['wrong'] : [];
  if (wrong.length > 0)
    return {
      id: 'history_agrees',
      text: `the history of the target and the files do not agree: ${wrong.join(', ')}; see reeve migrate status`,
    };
  const refusals = files.flatMap(judgeFile);
  const [first] = refusals;
  if (first !== undefined) return { id: first.id, text: refusals.map(({ text }) => text).join('; ') };
  const where = await migrationPlace(place, context.signal);
  const tables = touched(files.flatMap(({ up, down }) => [up, down]));
  const states = await readStates(where, tables, context.signal);
  const refused = await tryFirst(where, files, context);
  if (refused !== undefined) return refused;
  const bytes = await bytesOf(where, tables, context.signal);
  const foreign = files.filter(({ tool }) => tool !== 'reeve');
  return {
    target: place.input.target.id,
    engine: 'bigquery',
    pipeline: 'migration',
    action: migrationActionId,
    identity: await identifyPlace(place, context.signal),
    subject,
    title,
    acts: files.map(actOf),
    preconditions,
    blastRadius: {
      objects: tables.map((table) => `${where.project}.${where.dataset}.${table}`),
      bytes,
      locks: [],
      estimatedMs: null,
    },
    cost: `DDL is free; DML is billed for what it reads, at most ${gib(place.input.options.maximumBytesBilled)} a statement (maximumBytesBilled). The tables it touches hold ${gib(bytes)}`,
    expectation: { kind: 'in_force', byAtLeast: 0, text: `${subject} is applied` },
    exclusive: tables.map((table) => `${where.project}.${where.dataset}.${table}`),
    warnings: [
      'DDL of BigQuery knows no transactions: a file that fails in the middle is gone on with, or taken back by its down file',
      ...(foreign.length === 0
        ? []
        : [
            `${foreign.map(({ name, tool }) => `${name} (${tool})`).join(', ')}: their own tool applies them and keeps their history; Reeve rehearses them only`,
          ]),
    ],
    facts: {
      dataset: where.dataset,
      tables: [...tables],
      before: { ...states },
      rows: { ...(await countRows(where, tables, context.signal)) },
      files: files.map((file) => ({ name: file.name, sha256: fingerprintOf(file), tool: file.tool })),
    },
  };
}

function actOf(file: MigrationFile): Act {
  return {
    id: file.name,
    summary: `${file.name}: ${readStatements(file.up)?.length ?? 0} statement(s)`,
    statement: file.up,
    undo: [file.down],
    undoKind: 'rebuild',
    locks:
      'none: BigQuery reads tables as they were when a query began; two statements that write the same table wait or fail',
  };
}

/** Nothing stands before the first statement of the first file: a dry run says whether BigQuery takes it. */
async function tryFirst(
  where: MigrationPlace,
  [first]: readonly MigrationFile[],
  { signal, evidence, runId }: OperationContext,
): Promise<Refusal | undefined> {
  const [statement] = readStatements(first?.up ?? '') ?? [];
  if (first === undefined || statement === undefined) return undefined;
  const { project, dataset, location } = where;
  try {
    const bytes = await where.api.dryRun(
      {
        sql: statement.text,
        location,
        labels: { reeve_run: runId.toLowerCase() },
        dataset: { project, dataset },
      },
      signal,
    );
    evidence({
      kind: 'explain',
      title: `${first.name}: a dry run of its first statement reads ${bytes} bytes`,
      body: { file: first.name, line: statement.line, bytes },
    });
    return undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return {
      id: 'dry_run',
      text: `${first.name}, line ${statement.line}: BigQuery refuses a dry run: ${text}`,
    };
  }
}

async function bytesOf(
  where: MigrationPlace,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  for (const table of tables) bytes += (await where.api.table(tableIn(where, table), signal))?.numBytes ?? 0;
  return bytes;
}
