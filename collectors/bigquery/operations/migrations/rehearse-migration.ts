import {
  type PlanDraft,
  type Rehearsal,
  type RehearsalContext,
  testWhileChanged,
} from '../../../../src/sdk.ts';
import type { Place } from '../place.ts';
import { labelValue } from '../place.ts';
import { type MigrationPlace, migrationPlace } from './migration-place.ts';
import { readDeclarations } from './migration-statements.ts';
import { runFile, touched } from './run-file.ts';
import { countRows, differing, readData, readStates } from './table-state.ts';

interface Cycle {
  readonly where: MigrationPlace;
  readonly draft: PlanDraft;
  readonly context: RehearsalContext;
}

/**
 * Up, down, compared with the beginning, up again, the user's test, down again: in the dataset of the rehearsal target, which is left as
 * it was. Whatever fails, the way back is tried.
 */
export async function rehearseMigration(
  place: Place,
  draft: PlanDraft,
  context: RehearsalContext,
): Promise<Rehearsal> {
  const where = await migrationPlace(place, context.signal);
  const on = place.input.target.id;
  const tables = touched(draft.acts.flatMap(({ statement, undo }) => [statement, ...undo]));
  const { signal, runId } = context;
  const schema = await readStates(where, tables, signal);
  const rows = await compareRows(where, draft, tables, signal);
  const drifted = differing(recordOf(draft, 'before'), schema);
  const data = await readData(where, tables, runId, signal);
  const cycle = { where, draft, context };
  const result = (
    verdict: 'passed' | 'failed',
    text: string,
    figures: Rehearsal['figures'] = {},
  ): Rehearsal => ({
    on,
    verdict,
    text,
    rows,
    figures,
  });
  if (drifted.length > 0)
    return result(
      'failed',
      `${drifted.join(', ')} on ${on} are not what they are on ${draft.target}: bring both to the same schema first, or the rehearsal says nothing`,
    );
  return upAndDown(cycle, { tables, schema, data }, result);
}

interface Beginning {
  readonly tables: readonly string[];
  readonly schema: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

type Result = (verdict: 'passed' | 'failed', text: string, figures?: Rehearsal['figures']) => Rehearsal;

async function upAndDown(
  cycle: Cycle,
  { tables, schema, data }: Beginning,
  result: Result,
): Promise<Rehearsal> {
  const { where, draft, context } = cycle;
  const { signal, runId } = context;
  const on = where.place.input.target.id;
  const up = await runAll(cycle, 'up', 1);
  if (up.fault !== undefined) {
    const back = await runAll(cycle, 'down', 1);
    const rest = back.fault === undefined ? '' : `; and taking it back failed: ${back.fault}`;
    return result('failed', `${up.fault} on ${on}${rest}`);
  }
  const down = await runAll(cycle, 'down', 1);
  if (down.fault !== undefined) return result('failed', `the way back fails on ${on}: ${down.fault}`);
  const schemaFault = differing(schema, await readStates(where, tables, signal));
  // Rows that a file declares to delete do not come back by its down file.
  const spared = new Set(draft.acts.flatMap(({ statement }) => declaredTables(statement)));
  const dataFault = differing(data, await readData(where, tables, runId, signal)).filter(
    (table) => !spared.has(table),
  );
  const rollback = {
    verified: schemaFault.length === 0 && dataFault.length === 0,
    durationMs: down.durationMs,
  };
  if (schemaFault.length > 0)
    return result(
      'failed',
      `after up and down the schema of ${schemaFault.join(', ')} is not as before on ${on}`,
      { rollback },
    );
  if (dataFault.length > 0)
    return result(
      'failed',
      `after up and down the rows of ${dataFault.join(', ')} are not as before on ${on}`,
      { rollback },
    );
  const again = await runAll(cycle, 'up', 2);
  const testFault = again.fault ?? (await testWhileChanged(context));
  const last = await runAll(cycle, 'down', 2);
  const fault = testFault ?? last.fault;
  if (fault !== undefined) return result('failed', `${fault} (the second time) on ${on}`, { rollback });
  return result(
    up.rowsLost > 0 ? 'failed' : 'passed',
    up.rowsLost > 0
      ? `it deleted ${up.rowsLost} rows beyond what it declares on ${on}`
      : `up in ${up.durationMs} ms, down in ${down.durationMs} ms, schema and rows as before, up again: on ${on}`,
    { rollback, upMs: up.durationMs, rowsLost: up.rowsLost, compared: tables.length },
  );
}

/** Rows here and there, by table, so that a person can judge whether it says something. */
async function compareRows(
  where: MigrationPlace,
  draft: PlanDraft,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<Rehearsal['rows']> {
  const planned = recordOf(draft, 'rows');
  const here = await countRows(where, tables, signal);
  return Object.fromEntries(
    tables.map(
      (table) => [table, { target: Number(planned[table] ?? 0), rehearsal: here[table] ?? 0 }] as const,
    ),
  );
}

function recordOf({ facts }: PlanDraft, name: string): Readonly<Record<string, string>> {
  const value = facts[name];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(
      ([key, each]) => [key, typeof each === 'string' ? each : JSON.stringify(each)] as const,
    ),
  );
}

function declaredTables(sql: string): readonly string[] {
  const { deletes, drops } = readDeclarations(sql);
  return [...deletes.keys(), ...[...drops].map((name) => name.split('.')[0] ?? '')];
}

interface Ran {
  readonly fault: string | undefined;
  readonly durationMs: number;
  readonly rowsLost: number;
}

async function runAll(
  { where, draft, context }: Cycle,
  direction: 'up' | 'down',
  round: number,
): Promise<Ran> {
  const acts = direction === 'up' ? draft.acts : draft.acts.toReversed();
  let durationMs = 0;
  let rowsLost = 0;
  for (const { id, statement, undo } of acts) {
    const outcome = await runFile(
      where,
      {
        sql: direction === 'up' ? statement : (undo[0] ?? ''),
        jobPrefix: `reeve_rehearse_${labelValue(context.runId)}_${where.place.input.clock.now()}_${labelValue(id)}_${direction}_${round}`,
        runId: context.runId,
        keeps: false,
        beforeEach: async () => context.signal.throwIfAborted(),
      },
      context,
    );
    durationMs += outcome.durationMs;
    rowsLost += direction === 'up' ? outcome.rowsLost : 0;
    if (outcome.error !== undefined) return { fault: `${id}: ${outcome.error.text}`, durationMs, rowsLost };
  }
  return { fault: undefined, durationMs, rowsLost };
}
