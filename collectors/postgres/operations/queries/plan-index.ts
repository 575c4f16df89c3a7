import type { Candidate, OperationContext, PlanDraft, Precondition, Refusal } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { estimatedBytes } from './index-candidate.ts';
import { columnsOfFacts, type NewIndexFacts, newIndexFacts } from './index-facts.ts';
import { inspectIndex, servingIndex } from './index-state.ts';
import { createStatement, dropStatement } from './index-statement.ts';
import { longestTransactionSeconds, mostLagBytes } from './server-state.ts';
import { readTables, type TableFacts } from './table-facts.ts';

/** Exact statements for one index, and what it costs. */
export async function planIndex(
  access: Access,
  candidate: Candidate,
  { signal }: OperationContext,
): Promise<PlanDraft | Refusal> {
  const facts = newIndexFacts(candidate.facts);
  const place = `${facts.database}.${facts.schema}.${facts.table}`;
  return access.reading(facts.database, signal, async (connection) => {
    const tables = await readTables(connection, [facts.table], signal);
    const table = tables.find(({ oid }) => oid === facts.tableOid);
    if (table === undefined)
      return {
        id: 'table_there',
        text: `table ${place} was dropped or made anew: look for candidates again`,
      };
    const { state, detail } = await inspectIndex(connection, facts, signal);
    if (state !== 'pending') return { id: 'index_absent', text: detail };
    const serving = await servingIndex(connection, facts, signal);
    if (serving !== undefined)
      return { id: 'index_absent', text: `index ${facts.schema}.${serving} serves these statements already` };
    const identity = await access.identify(signal);
    return draftOf(access, candidate, facts, table, identity);
  });
}

function draftOf(
  { input }: Access,
  { title, subject, action }: Candidate,
  facts: NewIndexFacts,
  table: TableFacts,
  identity: PlanDraft['identity'],
): PlanDraft {
  const columns = columnsOfFacts(facts);
  const bytes = estimatedBytes(columns, table);
  const place = `${facts.database}.${facts.schema}.${facts.table}`;
  const locks = `SHARE UPDATE EXCLUSIVE on ${place}: reads and writes go on; ALTER TABLE, VACUUM and other builds of this table wait`;
  const { minimumImprovement } = input.policy;
  return {
    target: input.target.id,
    engine: input.target.engine,
    pipeline: 'query_optimisation',
    action,
    identity,
    subject,
    title,
    acts: [
      {
        id: 'build',
        summary: `build index ${facts.index} on ${place} without blocking writes`,
        statement: createStatement({ ...facts, columns }),
        undo: [dropStatement(facts)],
        undoKind: 'immediate',
        locks: `${locks}. It waits for transactions that are older than itself.`,
      },
    ],
    preconditions: preconditions(facts, place),
    blastRadius: { objects: [place], bytes, locks: [locks], estimatedMs: estimatedMs(table, bytes) },
    cost: costOf(table, bytes, facts),
    expectation: {
      kind: 'faster',
      byAtLeast: minimumImprovement,
      text: `the mean time of ${facts.statements.length === 1 ? 'the statement' : `the ${facts.statements.length} statements`} in pg_stat_statements falls by at least ${percent(minimumImprovement)}; otherwise the index is dropped again`,
    },
    exclusive: [place],
    warnings: [
      `Reeve does not know the free disk of this server: the build needs about ${mebibytes(bytes)}, and as much again in WAL and for sorting.`,
    ],
    facts,
  };
}

function preconditions({ index, statements }: NewIndexFacts, place: string): readonly Precondition[] {
  const many = statements.length === 1 ? 'the statement still takes' : 'the statements still take';
  return [
    { id: 'table_there', text: `${place} is the very table that was planned for` },
    { id: 'index_absent', text: `no index does the same, and ${index} does not exist` },
    { id: 'statements_still_cost', text: `${many} at least half the mean time that was seen` },
    {
      id: 'no_long_transactions',
      text: `no transaction is open for more than ${longestTransactionSeconds} s`,
    },
    { id: 'no_other_build', text: `nothing else builds on, or locks, ${place}` },
    {
      id: 'replicas_follow',
      text: `no standby is more than ${mebibytes(mostLagBytes)} behind; a build stops when one falls behind`,
    },
    { id: 'no_wraparound_vacuum', text: 'autovacuum does not prevent wraparound at this moment' },
  ];
}

/** Two readings of the table at 100 MiB/s, and sorting; for people, not for limits. */
function estimatedMs({ bytes, rows }: TableFacts, indexBytes: number): number {
  return Math.round(((2 * bytes + 2 * indexBytes) / 104_857_600) * 1000 + Math.max(0, rows) / 1000 + 100);
}

/** A new entry of a b-tree with its WAL, roughly: for people to weigh. */
const secondsAWrite = 20e-6;

/** What every write pays from now on, in numbers of this table. */
function costOf(table: TableFacts, bytes: number, { statements }: NewIndexFacts): string {
  const size = `about ${mebibytes(bytes)} on disk (the table has ${mebibytes(table.bytes)}, ${Math.max(0, table.rows)} rows)`;
  const writes = table.inserts + table.updates - table.hot_updates;
  const seconds = table.counted_seconds;
  const rate =
    seconds === null || seconds <= 0
      ? `${writes} row versions were written so far, each of which would be added to it`
      : `${perSecond(writes / seconds)} row versions a second were written so far, each of which would be added to it`;
  const hot =
    table.updates === 0
      ? 'no row was updated'
      : `${percent(table.hot_updates / table.updates)} of updates needed no index entry (HOT); those that change one of its columns will need entries in every index`;
  const took = statements.reduce((sum, { total }) => sum + total.seconds, 0);
  const upkeep = `at ${secondsAWrite * 1e6} µs each, keeping it up to date for these would have taken ${(writes * secondsAWrite).toFixed(1)} s, and its statements took ${took.toFixed(1)} s in all`;
  return `${size}; ${rate}; ${upkeep}; ${hot}`;
}

function perSecond(rate: number): string {
  return rate < 10 ? rate.toFixed(2) : String(Math.round(rate));
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(bytes < 10 * 1_048_576 ? 1 : 0)} MiB`;
}
