import { parse } from 'libpg-query';
import { z } from 'zod';
import type { CounterReading, OperationContext, PlanDraft } from '../../../src/sdk.ts';
import { CollectError } from '../../../src/sdk.ts';
import { findStatements } from '../statement-source.ts';
import type { Access } from './access.ts';
import { factsOf } from './index-facts.ts';
import { withReadingSession } from './queries/reading-session.ts';
import { nodesIn, nodesOfKind, rangeVar } from './syntax-tree.ts';

const row = z.object({ query_id: z.string(), text: z.string(), seconds: z.number(), calls: z.number() });
const epochRow = z.object({ epoch: z.string().nullable() });

/** The statements that take most time; what lies beyond them is not watched. */
const mostStatements = 500;
const longestText = 20_000;

interface Relation {
  readonly schema: string;
  readonly name: string;
}

/**
 * Total seconds and calls of the statements that name a table, or a view upon it, by query id: what a dropped index may slow down. An
 * empty series without pg_stat_statements. A statement that reaches the table through a function only is not found.
 */
export async function readTableCounters(
  { input }: Access,
  plan: Pick<PlanDraft, 'facts'>,
  { signal }: Pick<OperationContext, 'signal'>,
): Promise<CounterReading> {
  const { database, schema, table, tableOid } = factsOf(plan);
  return withReadingSession(input, signal, async (session) => {
    const at = input.clock.now();
    const { statisticsEpoch, startedAt } = session.server;
    const source = await findStatements(session, signal).catch((thrown: unknown) => {
      if (thrown instanceof CollectError && thrown.code === 'unsupported') return undefined;
      throw thrown;
    });
    if (source === undefined) return { at, epoch: '', series: {} };
    const views = await (await session.connectionTo(database, signal)).query(viewsSql, viewRow, signal, [
      tableOid,
    ]);
    const relations = [{ schema, name: table }, ...views];
    const rows = await source.connection.query(
      `SELECT s.queryid::text AS query_id, left(min(s.query), ${longestText}) AS text,
              sum(s.total_exec_time) / 1000 AS seconds, sum(s.calls)::float8 AS calls
         FROM ${source.view}(true) s JOIN pg_database d ON d.oid = s.dbid
        WHERE d.datname = $1 AND s.queryid IS NOT NULL ${source.has('toplevel') ? 'AND s.toplevel' : ''}
        GROUP BY 1 ORDER BY 3 DESC LIMIT ${mostStatements}`,
      row,
      signal,
      [database],
    );
    const [info] =
      source.info === undefined
        ? []
        : await source.connection.query(
            `SELECT stats_reset::text AS epoch FROM ${source.info}`,
            epochRow,
            signal,
          );
    const series: Record<string, { sum: number; count: number }> = {};
    for (const { query_id, text, seconds, calls } of rows) {
      if (await touches(text, relations)) series[`statement ${query_id}`] = { sum: seconds, count: calls };
    }
    return { at, epoch: info?.epoch ?? `${statisticsEpoch} ${startedAt}`, series };
  });
}

const viewRow = z.object({ schema: z.string(), name: z.string() });

/** Views upon the table, and views upon those. */
const viewsSql = `
  WITH RECURSIVE upon AS (
    SELECT r.ev_class AS oid FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
     WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid
    UNION
    SELECT r.ev_class FROM upon u JOIN pg_depend d ON d.refobjid = u.oid AND d.refclassid = 'pg_class'::regclass
      JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass)
  SELECT n.nspname::text AS schema, c.relname::text AS name
    FROM upon u JOIN pg_class c ON c.oid = u.oid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid <> $1::oid LIMIT 100`;

/** An index makes no difference to DDL. */
const queryKinds = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/** Whether a normalised query names one of the relations; one that cannot be parsed does when the bare name occurs in it. */
async function touches(text: string, relations: readonly Relation[]): Promise<boolean> {
  if (!relations.some(({ name }) => text.toLowerCase().includes(name.toLowerCase()))) return false;
  const tree = await parse(text).catch(() => undefined);
  if (tree === undefined) return true;
  const [root] = nodesIn(tree.stmts?.[0]?.stmt);
  if (!queryKinds.has(root?.kind ?? '')) return false;
  for (const node of nodesOfKind([tree], 'RangeVar')) if (names(node, relations)) return true;
  // INSERT, UPDATE and DELETE hold theirs without its kind.
  for (const node of nodesOfKind([tree], 'relation')) if (names(node, relations)) return true;
  return false;
}

function names(node: unknown, relations: readonly Relation[]): boolean {
  const parsed = rangeVar.safeParse(node);
  if (!parsed.success) return false;
  const { schemaname, relname } = parsed.data;
  return relations.some(({ schema, name }) => name === relname && (schemaname ?? schema) === schema);
}
