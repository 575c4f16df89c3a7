import { z } from 'zod';
import { type QueryCheckRequest, type Refusal, toCollectError } from '../../../../src/sdk.ts';
import { sqlStateOf } from '../../client-errors.ts';
import { quoteLiteral } from '../../quote.ts';
import type { ActingSession } from '../acting-client.ts';
import { type Explained, nodesOf, outline, type PlanNode, rowsScanned } from './explain-tree.ts';
import { hypotheticalCost } from './hypothetical.ts';
import { candidatesFor, type IndexColumns } from './index-candidate.ts';
import { createStatement, dropStatement, indexName } from './index-statement.ts';
import { type TableFacts, tableOf } from './table-facts.ts';
import { explainGeneric, explainTrial, prepareTrial, type Trial } from './trial.ts';

export interface PlanOutcome {
  readonly faults: readonly Refusal[];
  readonly explain: string;
  readonly milliseconds: number | null;
  readonly suggestions: readonly string[];
}

/** A statement that runs longer is cancelled, and has failed. */
const timeoutMs = 20_000;
/** Indexes of larger tables are not built to see whether they help; HypoPG says it for these, or nobody. */
const largestTrialBytes = 512 * 1_048_576;
/** An index is missing when the planner expects it to save at least this part of the cost. */
const worthwhile = 0.5;
const anyRow = z.unknown();

interface Checking {
  readonly session: ActingSession;
  readonly trial: Trial;
  /** Undefined where a parameter has no value: then it is planned for any. */
  readonly values: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** Explains one statement, runs it when it only reads, and looks for indexes that it lacks. */
export async function checkPlan(
  session: ActingSession,
  text: string,
  position: number,
  request: QueryCheckRequest,
  signal: AbortSignal,
): Promise<PlanOutcome> {
  try {
    for (const setting of [`statement_timeout = ${timeoutMs}`, 'plan_cache_mode = force_custom_plan'])
      await session.query(`SET ${setting}`, anyRow, signal);
    const name = `reeve_check_${position}`;
    const trial = await prepareTrial(session, name, { queryId: '', text }, signal);
    const given = request.parameters.slice(0, trial.parameters);
    const values = given.length === trial.parameters ? given.map(quoteLiteral) : undefined;
    const checking = { session, trial, values, signal };
    const explained = await explain(checking, trial.shape.kind === 'reads');
    const missing = await missingIndexes(checking, explained);
    const scans = scanFaults(explained.Plan, trial.tables, request.mostSequentialRows);
    const faults = [...scans, ...missing.map(({ fault }) => fault)];
    return {
      faults,
      explain: outline(explained.Plan).join('\n'),
      milliseconds: explained['Execution Time'] ?? null,
      suggestions: missing.map(({ statement }) => statement),
    };
  } catch (thrown) {
    signal.throwIfAborted();
    return { faults: [errorFault(thrown)], explain: '', milliseconds: null, suggestions: [] };
  }
}

function explain({ session, trial, values, signal }: Checking, run: boolean): Promise<Explained> {
  if (values === undefined) return explainGeneric(session, trial, signal);
  return explainTrial(session, trial, values, run, signal);
}

function scanFaults(plan: PlanNode, tables: readonly TableFacts[], mostRows: number): readonly Refusal[] {
  const found: Refusal[] = [];
  for (const node of nodesOf(plan)) {
    if (node['Node Type'] !== 'Seq Scan') continue;
    const name = node['Relation Name'] ?? '';
    const rows = Math.round(rowsScanned(node, tables.find((table) => table.name === name)?.rows ?? 0));
    if (rows <= mostRows) continue;
    const text = `table ${name} is read as a whole: ${rows} rows, and at most ${mostRows} are allowed. Add a condition that an index serves, or the index.`;
    found.push({ id: 'sequential_scan', text });
  }
  return found;
}

interface MissingIndex {
  readonly statement: string;
  readonly fault: Refusal;
}

/** Indexes that the planner takes once they are there; proven by HypoPG, or by building and dropping them. */
async function missingIndexes(checking: Checking, before: Explained): Promise<readonly MissingIndex[]> {
  const { shape, tables } = checking.trial;
  const found: MissingIndex[] = [];
  for (const predicates of shape.tables) {
    const table = tableOf(tables, predicates.relation);
    if (table === undefined) continue;
    for (const columns of candidatesFor(predicates, table)) {
      const saved = await savedBy(checking, table, columns, before);
      if (saved === undefined || saved < worthwhile) continue;
      const index = indexName(table.name, columns);
      const statement = createStatement({ ...table, table: table.name, index, columns });
      const names = columns.map(({ column }) => column).join(', ');
      const text = `an index on ${table.schema}.${table.name} (${names}) is missing: with it the planner expects ${Math.round(saved * 100)} % less cost.`;
      found.push({ statement, fault: { id: 'missing_index', text } });
      break;
    }
  }
  return found;
}

/** Part of the planned cost that an index saves; undefined where it is not used or nothing can tell. */
async function savedBy(
  checking: Checking,
  table: TableFacts,
  columns: IndexColumns,
  before: Explained,
): Promise<number | undefined> {
  const { session, trial, values, signal } = checking;
  const place = { schema: table.schema, table: table.name, index: indexName(table.name, columns), columns };
  if (values !== undefined) {
    const cost = await hypotheticalCost(session, place, [{ ...trial, values: [values] }], signal);
    if (cost === false) return undefined;
    if (cost !== undefined) return savedShare(before, cost);
  }
  if (table.bytes > largestTrialBytes) return undefined;
  const run = async (statement: string, by: AbortSignal) => session.run(statement, { signal: by });
  // One of that name that is there already is not ours to drop.
  if (await exists(session, place, signal)) return undefined;
  try {
    if ((await run(createStatement(place), signal)).kind !== 'done') return undefined;
    const { Plan } = await explain(checking, false);
    if (!nodesOf(Plan).some((node) => node['Index Name'] === place.index)) return undefined;
    return savedShare(before, Plan['Total Cost']);
  } finally {
    // Also when it was interrupted, or left invalid.
    await run(dropStatement(place), AbortSignal.timeout(60_000));
  }
}

async function exists(
  session: ActingSession,
  { schema, index }: { readonly schema: string; readonly index: string },
  signal: AbortSignal,
): Promise<boolean> {
  const sql =
    'SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2';
  return (await session.query(sql, anyRow, signal, [schema, index])).length > 0;
}

function savedShare(before: Explained, cost: number): number {
  return 1 - cost / Math.max(before.Plan['Total Cost'], 0.01);
}

/** Classes of SQLSTATE whose messages speak of names and rules; those of others quote values of rows. */
const speakingStates = ['0A', '25', '3D', '3F', '42', '53'];

function errorFault(thrown: unknown): Refusal {
  const error = toCollectError(thrown);
  if (error.code === 'timeout')
    return {
      id: 'timeout',
      text: `it did not end within ${timeoutMs / 1000} s: look at its plan with EXPLAIN`,
    };
  const state = sqlStateOf(thrown);
  const isAboutText = state === '' || speakingStates.some((prefix) => state.startsWith(prefix));
  const about = isAboutText ? error.message : `it failed while it ran (SQLSTATE ${state})`;
  return { id: 'refused_by_server', text: `the server refuses it: ${about}` };
}
