import { z } from 'zod';
import type { Connection } from '../../client.ts';
import { quoteIdentifier } from '../../quote.ts';
import { type Explained, explainRow } from './explain-tree.ts';
import type { StatementShape } from './predicates.ts';
import { readStatement, relationsOf } from './read-statement.ts';
import { sampleValues } from './sample-values.ts';
import { readTables, type TableFacts, tableOf } from './table-facts.ts';

type Session = Pick<Connection, 'query'>;

/** A statement that is prepared on the rehearsal target, with values to run it with. */
export interface Trial {
  readonly name: string;
  readonly queryId: string;
  readonly text: string;
  readonly shape: StatementShape;
  /** Tables that it names. */
  readonly tables: readonly TableFacts[];
  readonly parameters: number;
  /** SQL expressions; kept nowhere. */
  readonly values: readonly (readonly string[])[];
}

const anyRow = z.unknown();
const typesRow = z.object({ types: z.array(z.string()) });

/**
 * Prepares a normalised statement, whose unqualified names mean the tables that the catalogue has by them.
 *
 * @throws {CollectError} when the server does not take it.
 */
export async function prepareTrial(
  session: Session,
  name: string,
  { queryId, text }: { readonly queryId: string; readonly text: string },
  signal: AbortSignal,
): Promise<Trial> {
  const relations = await relationsOf(text);
  const tables = await readTables(
    session,
    relations.map((relation) => relation.name),
    signal,
  );
  const shape = await readStatement(text, (relation) => {
    const table = tableOf(tables, relation);
    return table && new Set(table.columns.map((column) => column.name));
  });
  const schemas = new Set(relations.flatMap((relation) => tableOf(tables, relation)?.schema ?? []));
  const path = [...schemas, 'public'].map(quoteIdentifier).join(', ');
  await session.query(`SET search_path = ${path}`, anyRow, signal);
  await session.query(`PREPARE ${name} AS ${text}`, anyRow, signal);
  const typesSql = `SELECT parameter_types::text[] AS types FROM pg_prepared_statements WHERE name = '${name}'`;
  const [found] = await session.query(typesSql, typesRow, signal);
  const values = await sampleValues(session, shape.parameters, found?.types ?? [], tables, signal);
  const parameters = found?.types.length ?? 0;
  // Without parameters every set is the same.
  return {
    name,
    queryId,
    text,
    shape,
    tables,
    parameters,
    values: parameters === 0 ? values.slice(0, 1) : values,
  };
}

/** The plan with these values, or, with `run`, how it went; changes are rolled back. */
export async function explainTrial(
  session: Session,
  { name, shape }: Pick<Trial, 'name' | 'shape'>,
  values: readonly string[],
  run: boolean,
  signal: AbortSignal,
): Promise<Explained> {
  const options = run ? 'ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON' : 'FORMAT JSON';
  const sql = `EXPLAIN (${options}) EXECUTE ${name}${argumentsOf(values)}`;
  // What is only planned changes nothing, whatever functions the planner calls.
  const [found] = await inRolledBack(session, run ? shape.kind : 'reads', signal, () =>
    session.query(sql, explainRow, signal),
  );
  if (found === undefined) throw new Error('EXPLAIN answered nothing');
  return found['QUERY PLAN'][0];
}

/** The plan without values, which holds none. */
export async function explainGeneric(
  session: Session,
  trial: Trial,
  signal: AbortSignal,
): Promise<Explained> {
  const unknown = (trial.values[0] ?? []).map(() => 'NULL');
  await session.query('SET plan_cache_mode = force_generic_plan', anyRow, signal);
  try {
    return await explainTrial(session, trial, unknown, false, signal);
  } finally {
    await session.query('SET plan_cache_mode = force_custom_plan', anyRow, signal);
  }
}

const resultRow = z.object({ result: z.string() });

/** Number of rows and a sum of their hashes, whatever their order: the same rows give the same text. Undefined where it cannot be told. */
export async function resultOf(
  session: Session,
  { name, text, shape }: Trial,
  values: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (shape.kind !== 'reads') return undefined;
  const digest = `${name}_rows`;
  const sql = `PREPARE ${digest} AS SELECT concat(count(*), ' ', sum(hashtextextended(r::text, 0)::numeric)) AS result FROM (${text}) r`;
  try {
    await session.query(sql, anyRow, signal);
    const execute = `EXECUTE ${digest}${argumentsOf(values)}`;
    const [found] = await inRolledBack(session, 'reads', signal, () =>
      session.query(execute, resultRow, signal),
    );
    return found?.result;
  } finally {
    // Nothing is left where it could not be prepared.
    await session.query(`DEALLOCATE ${digest}`, anyRow, signal).catch(() => undefined);
  }
}

async function inRolledBack<T>(
  session: Session,
  kind: StatementShape['kind'],
  signal: AbortSignal,
  body: () => Promise<T>,
): Promise<T> {
  await session.query(`BEGIN ${kind === 'reads' ? 'READ ONLY' : 'READ WRITE'}`, anyRow, signal);
  try {
    return await body();
  } finally {
    await session.query('ROLLBACK', anyRow, signal);
  }
}

function argumentsOf(values: readonly string[]): string {
  return values.length === 0 ? '' : `(${values.join(', ')})`;
}
