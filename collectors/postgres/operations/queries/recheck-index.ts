import type { OperationContext, Plan, Refusal } from '../../../../src/sdk.ts';
import type { Connection } from '../../client.ts';
import type { Access } from '../access.ts';
import { type NewIndexFacts, newIndexFacts } from './index-facts.ts';
import { inspectIndex, servingIndex } from './index-state.ts';
import { obstacles, readServerState } from './server-state.ts';
import { readServedCounters } from './statement-counters.ts';
import { readTables } from './table-facts.ts';

/** Whether everything a plan for an index rests on still holds. */
export async function recheckIndex(
  access: Access,
  plan: Plan,
  context: OperationContext,
): Promise<readonly Refusal[]> {
  const facts = newIndexFacts(plan.facts);
  const found = await access.reading(facts.database, context.signal, (connection) =>
    refusalsNow(connection, facts, context.signal),
  );
  return [...found, ...(await costRefusals(access, plan, facts, context))];
}

/** What can be asked on the very connection that acts, too. */
export async function refusalsNow(
  connection: Pick<Connection, 'query'>,
  facts: NewIndexFacts,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const tables = await readTables(connection, [facts.table], signal);
  const place = `${facts.schema}.${facts.table}`;
  if (!tables.some(({ oid, schema }) => oid === facts.tableOid && schema === facts.schema))
    return [{ id: 'table_there', text: `table ${place} was dropped, renamed or made anew: plan again` }];
  const found: Refusal[] = [];
  const { state, detail } = await inspectIndex(connection, facts, signal);
  if (state === 'done' || state === 'other') found.push({ id: 'index_absent', text: detail });
  const serving = await servingIndex(connection, facts, signal);
  if (serving !== undefined)
    found.push({
      id: 'index_absent',
      text: `index ${facts.schema}.${serving} serves these statements by now`,
    });
  const server = await readServerState(connection, facts.tableOid, signal);
  return [...found, ...obstacles(server, place)];
}

/** So many calls since the plan say something. */
const fewestCalls = 5;

/** A statement that became fast since needs no index; one that did not run since is taken as it was. */
async function costRefusals(
  access: Access,
  plan: Plan,
  { statements }: NewIndexFacts,
  context: OperationContext,
): Promise<readonly Refusal[]> {
  const { series } = await readServedCounters(access, plan, context);
  const fast = statements.filter(({ queryId, calls, seconds, total }) => {
    const now = series[`statement ${queryId}`];
    const grown = now === undefined ? 0 : now.count - total.calls;
    return (
      now !== undefined && grown >= fewestCalls && (now.sum - total.seconds) / grown < seconds / calls / 2
    );
  });
  if (fast.length < statements.length) return [];
  return [
    {
      id: 'statements_still_cost',
      text: 'the statements take less than half the time that they took when this was planned: something else helped them',
    },
  ];
}
