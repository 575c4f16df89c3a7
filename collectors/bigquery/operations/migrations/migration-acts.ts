import type {
  Act,
  ActContext,
  ActOutcome,
  Inspection,
  MigrationFigures,
  OperationContext,
  Plan,
  PlanDraft,
  Refusal,
} from '../../../../src/sdk.ts';
import { labelValue, type Place, refusedOutcome } from '../place.ts';
import { fingerprintOf } from './judge-files.ts';
import {
  type HistoryRow,
  type MigrationPlace,
  migrationPlace,
  readHistory,
  runIn,
  tableIn,
  uniqueId,
  writeHistory,
} from './migration-place.ts';
import { readStatements } from './migration-statements.ts';
import { runFile, touched } from './run-file.ts';
import { differing, readStates } from './table-state.ts';

function shaOf({ statement, undo }: Act): string {
  return fingerprintOf({ up: statement, down: undo[0] ?? '' });
}

/** Of the tables that only this file of the plan touches: how they were. */
function statesBefore(plan: PlanDraft, act: Act): Readonly<Record<string, string>> {
  const { before } = plan.facts;
  if (typeof before !== 'object' || before === null || Array.isArray(before)) return {};
  const earlier = new Set<string>();
  for (const each of plan.acts) {
    if (each.id === act.id) break;
    for (const table of touched([each.statement, ...each.undo])) earlier.add(table);
  }
  const own = touched([act.statement, ...act.undo]).filter((table) => !earlier.has(table));
  return Object.fromEntries(
    Object.entries(before).flatMap(([table, state]) =>
      own.includes(table) && typeof state === 'string' ? [[table, state] as const] : [],
    ),
  );
}

export async function recheckMigration(
  place: Place,
  plan: Plan,
  { signal }: OperationContext,
): Promise<readonly Refusal[]> {
  const where = await migrationPlace(place, signal);
  const files = Array.isArray(plan.facts['files']) ? plan.facts['files'] : [];
  const foreign = files.filter(
    (file) => JSON.stringify(file).includes('"tool":') && !JSON.stringify(file).includes('"tool":"reeve"'),
  );
  if (foreign.length > 0)
    return [
      { id: 'own_files', text: 'files of another tool are applied by that tool, which keeps their history' },
    ];
  const history = await readHistory(where, signal);
  const refusals: Refusal[] = [];
  for (const act of plan.acts) {
    const row = history.get(act.id);
    // Begun by this run: the statements that are done explain the difference.
    if (row?.run === plan.runId && row.state !== 'rolled_back') continue;
    if (row !== undefined && row.state !== 'rolled_back')
      refusals.push({ id: 'history_unchanged', text: `${act.id} is ${row.state} by run ${row.run} already` });
    const before = statesBefore(plan, act);
    const changed = differing(before, await readStates(where, Object.keys(before), signal));
    if (changed.length > 0)
      refusals.push({
        id: 'tables_unchanged',
        text: `${act.id}: ${changed.join(', ')} changed since it was planned (reeve runs retry)`,
      });
  }
  return refusals;
}

/** What the target's own history says. */
export async function inspectMigration(
  place: Place,
  plan: Plan,
  act: Act,
  { signal }: Pick<OperationContext, 'signal'>,
): Promise<Inspection> {
  const where = await migrationPlace(place, signal);
  return judgeRow(plan, act, (await readHistory(where, signal)).get(act.id));
}

function judgeRow(plan: Plan, act: Act, row: HistoryRow | undefined): Inspection {
  if (row === undefined || row.state === 'rolled_back')
    return { state: 'pending', detail: `${act.id} is not applied` };
  if (row.run !== plan.runId || row.sha256 !== shaOf(act))
    return {
      state: 'other',
      detail: `${act.id} is ${row.state} by run ${row.run}${row.sha256 === shaOf(act) ? '' : ', with another text'}`,
    };
  return row.state === 'applied'
    ? { state: 'done', detail: `${act.id} is applied` }
    : { state: 'half_applied', detail: `${act.id} was begun and not ended` };
}

export async function applyMigration(
  place: Place,
  plan: Plan,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  try {
    const where = await migrationPlace(place, context.signal);
    const found = judgeRow(plan, act, (await readHistory(where, context.signal)).get(act.id));
    if (found.state === 'done') return { result: 'already', detail: found.detail };
    if (found.state === 'other') return { result: 'refused', detail: found.detail };
    const row = { name: act.id, sha256: shaOf(act), run: plan.runId };
    await context.assertHeld();
    if (found.state === 'pending') await writeHistory(where, { ...row, state: 'applying' }, context.signal);
    const outcome = await runFile(
      where,
      {
        sql: act.statement,
        jobPrefix: prefixOf(plan, act, 'up'),
        runId: plan.runId,
        keeps: true,
        beforeEach: () => context.assertHeld(),
      },
      context,
    );
    if (outcome.error !== undefined) return await failed(where, row, outcome.error, context.signal);
    await writeHistory(where, { ...row, state: 'applied' }, context.signal);
    return {
      result: 'done',
      detail: `${act.id} is applied`,
      migration: figures(outcome.durationMs, outcome.rowsLost, true),
    };
  } catch (thrown) {
    context.signal.throwIfAborted();
    return refusedOutcome(thrown);
  }
}

/** What failed at its first statement did nothing; later, something of it is in force. */
async function failed(
  where: MigrationPlace,
  row: Omit<HistoryRow, 'state' | 'changedMs'>,
  { reason, text, done }: { readonly reason: string; readonly text: string; readonly done: number },
  signal: AbortSignal,
): Promise<ActOutcome> {
  if (done > 0)
    return { result: 'half_applied', detail: `${row.name}: ${done} statement(s) are done, then ${text}` };
  await writeHistory(where, { ...row, state: 'rolled_back' }, signal);
  const isPassing = /quota|rateLimit|backendError|internalError|concurrent/i.test(`${reason} ${text}`);
  return {
    result: isPassing ? 'gave_up' : 'refused',
    detail: `${row.name}: ${text}; nothing of it was done`,
  };
}

export async function undoMigration(
  place: Place,
  plan: Plan,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  try {
    const where = await migrationPlace(place, context.signal);
    const found = judgeRow(plan, act, (await readHistory(where, context.signal)).get(act.id));
    if (found.state === 'pending') return { result: 'already', detail: found.detail };
    if (found.state === 'other') return { result: 'refused', detail: found.detail };
    const [down = ''] = act.undo;
    const loss = await discards(where, plan, down, context);
    if (loss.length > 0)
      return {
        result: 'refused',
        detail: `${act.id} is not taken back by itself, for what was written since would be lost: ${loss.join('; ')}; nothing was undone. When it may go: run its down file yourself`,
        wouldDiscard: true,
      };
    await context.assertHeld();
    const outcome = await runFile(
      where,
      {
        sql: down,
        jobPrefix: `${prefixOf(plan, act, 'down')}_${place.input.clock.now()}`,
        runId: plan.runId,
        keeps: true,
        beforeEach: () => context.assertHeld(),
      },
      context,
    );
    if (outcome.error !== undefined)
      return { result: 'half_applied', detail: `${act.id}: its way back failed at ${outcome.error.text}` };
    await writeHistory(
      where,
      { name: act.id, sha256: shaOf(act), run: plan.runId, state: 'rolled_back' },
      context.signal,
    );
    const before = statesBefore(plan, act);
    const changed = differing(before, await readStates(where, Object.keys(before), context.signal));
    const verified = changed.length === 0;
    return {
      result: 'done',
      detail: verified
        ? `${act.id} is taken back, its tables are as before`
        : `${act.id} is taken back, and ${changed.join(', ')} differ from before`,
      migration: figures(outcome.durationMs, outcome.rowsLost, verified),
    };
  } catch (thrown) {
    context.signal.throwIfAborted();
    return refusedOutcome(thrown);
  }
}

/** Rows and values that the way back would take away. */
async function discards(
  where: MigrationPlace,
  plan: Plan,
  down: string,
  { signal }: ActContext,
): Promise<readonly string[]> {
  const lost: string[] = [];
  for (const { kind, object, droppedColumns, what } of readStatements(down) ?? []) {
    const isTable = (kind === 'drop' && what === 'TABLE') || kind === 'truncate' || kind === 'delete';
    if (!isTable && droppedColumns.length === 0) continue;
    const table = await where.api.table(tableIn(where, object), signal);
    if (table === undefined || table.type !== 'TABLE') continue;
    if (isTable && kind !== 'delete') {
      if (table.numRows > 0 || table.streamingBuffer !== undefined)
        lost.push(`${object} holds ${table.numRows} rows`);
      continue;
    }
    const known = droppedColumns.filter((column) => table.schema.fields.some(({ name }) => name === column));
    for (const column of known) {
      const jobId = uniqueId(where, 'discards');
      const sql = `SELECT COUNT(\`${column}\`) AS n FROM \`${object}\``;
      const { error } = await runIn(where, { sql, jobId, runId: plan.runId }, signal);
      const [row] = error === undefined ? await where.api.rows(where.location, jobId, signal) : [];
      if (row?.['n'] !== '0')
        lost.push(`${object}.${column} holds ${row?.['n'] ?? 'an unknown number of'} values`);
    }
  }
  return lost;
}

function prefixOf({ runId, hash }: Plan, { id }: Act, direction: string): string {
  return `reeve_${labelValue(runId)}_${hash.slice(0, 8)}_${labelValue(id)}_${direction}`;
}

/** Readers and writers go on while tables are changed. */
function figures(durationMs: number, rowsLost: number, verified: boolean): MigrationFigures {
  return { durationMs, lockMs: 0, rowsLost, verified };
}
