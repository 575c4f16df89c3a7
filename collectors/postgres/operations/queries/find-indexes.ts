import { z } from 'zod';
import {
  type Candidate,
  type FindRequest,
  type OperationContext,
  toCollectError,
} from '../../../../src/sdk.ts';
import type { Connection } from '../../client.ts';
import type { Session } from '../../session.ts';
import type { PostgresOperationsInput } from '../access.ts';
import { type CostlyStatement, readCostlyStatements, type StatementCosts } from './costly-statements.ts';
import { candidatesFor, type IndexColumns } from './index-candidate.ts';
import { keysOfColumns, type NewIndexFacts } from './index-facts.ts';
import { indexName } from './index-statement.ts';
import { readStatement, relationsOf } from './read-statement.ts';
import { withReadingSession } from './reading-session.ts';
import { readTables, type TableFacts, tableOf } from './table-facts.ts';

export const createIndexId = 'create_index';

/** One statement and an index that could serve it. */
interface Proposal {
  readonly table: TableFacts;
  readonly columns: IndexColumns;
  readonly equalities: number;
  /** Each once, most costly first. */
  readonly statements: CostlyStatement[];
}

/** Indexes that could serve the statements that cost most, from their texts and the catalogue alone: nothing is planned on the target. */
export async function findIndexes(
  input: PostgresOperationsInput,
  request: FindRequest,
  context: OperationContext,
): Promise<readonly Candidate[]> {
  return withReadingSession(input, context.signal, async (session) => {
    const { subject } = request;
    const databases = session.databases.filter((name) => name === subject);
    const scope = databases.length > 0 ? databases : session.databases;
    const costs = await readCostlyStatements(session, input.snapshot(), scope, context.signal);
    saveCosts(costs, context);
    const found: Candidate[] = [];
    for (const database of scope) {
      const statements = costs.statements.filter((each) => each.database === database);
      if (statements.length === 0) continue;
      try {
        found.push(...(await findInDatabase(session, database, statements, context)));
      } catch (thrown) {
        context.signal.throwIfAborted();
        // The others can still be helped.
        const { code, message } = toCollectError(thrown);
        input.log.warn('no indexes looked for', { target: input.target.id, database, code, message });
      }
    }
    const wanted = found.filter((each) => request.only === undefined || each.subject === request.only);
    return wanted.slice(0, request.limit);
  });
}

async function findInDatabase(
  session: Session,
  database: string,
  statements: readonly CostlyStatement[],
  { signal }: OperationContext,
): Promise<readonly Candidate[]> {
  const connection = await session.connectionTo(database, signal);
  const proposals: Proposal[] = [];
  for (const statement of statements) proposals.push(...(await proposalsFor(connection, statement, signal)));
  const place = {
    database,
    databaseOid: await readDatabaseOid(connection, signal),
    serverStartedAt: session.server.startedAt,
  };
  return merged(proposals)
    .map((proposal) => candidateOf(place, proposal))
    .toSorted((one, other) => other.value - one.value)
    .map(({ candidate }) => candidate);
}

async function proposalsFor(
  connection: Connection,
  statement: CostlyStatement,
  signal: AbortSignal,
): Promise<readonly Proposal[]> {
  const relations = await relationsOf(statement.text);
  const tables = await readTables(
    connection,
    relations.map(({ name }) => name),
    signal,
  );
  const shape = await readStatement(statement.text, (relation) => {
    const table = tableOf(tables, relation);
    return table && new Set(table.columns.map(({ name }) => name));
  });
  if (shape.kind === 'other') return [];
  return shape.tables.flatMap((predicates): readonly Proposal[] => {
    const table = tableOf(tables, predicates.relation);
    if (table === undefined) return [];
    return candidatesFor(predicates, table).map((columns) => ({
      table,
      columns,
      equalities: columns.filter(({ column }) => predicates.equal.includes(column)).length,
      statements: [statement],
    }));
  });
}

/** Those of the same table whose columns are the same, or the first ones of another's, are one index. */
function merged(proposals: readonly Proposal[]): readonly Proposal[] {
  const kept: Proposal[] = [];
  for (const proposal of proposals.toSorted((one, other) => other.columns.length - one.columns.length)) {
    const same = kept.find((each) => isWithin(proposal, each));
    if (same === undefined) kept.push(proposal);
    else same.statements.push(...proposal.statements.filter((each) => !same.statements.includes(each)));
  }
  return kept;
}

function isWithin(small: Proposal, large: Proposal): boolean {
  const first = large.columns.slice(0, small.columns.length);
  return small.table.oid === large.table.oid && JSON.stringify(small.columns) === JSON.stringify(first);
}

function candidateOf(
  place: Pick<NewIndexFacts, 'database' | 'databaseOid' | 'serverStartedAt'>,
  { table, columns, equalities, statements }: Proposal,
): { readonly candidate: Candidate; readonly value: number } {
  const names = columns.map(({ column }) => column).join(', ');
  const value = statements.reduce((sum, { share }) => sum + share, 0);
  const { database } = place;
  const facts: NewIndexFacts = {
    ...place,
    schema: table.schema,
    table: table.name,
    tableOid: table.oid,
    index: indexName(table.name, columns),
    keys: keysOfColumns(columns),
    equalities,
    tableRows: table.rows,
    tableBytes: table.bytes,
    statements: statements.map(({ queryId, text, share, calls, seconds, rowsPerCall, total }) => ({
      queryId,
      text,
      share,
      calls,
      seconds,
      rowsPerCall,
      total,
    })),
  };
  const title = `index on ${table.schema}.${table.name} (${names}) for ${statements.length === 1 ? 'a statement' : `${statements.length} statements`} with ${Math.round(value * 100)} % of the time of ${database}`;
  const subject = `${database}.${table.schema}.${table.name} (${names})`;
  return { candidate: { action: createIndexId, subject, title, facts }, value };
}

async function readDatabaseOid(connection: Connection, signal: AbortSignal): Promise<string> {
  const row = z.object({ oid: z.string() });
  const sql = 'SELECT oid::text FROM pg_database WHERE datname = current_database()';
  const [found] = await connection.query(sql, row, signal);
  return found?.oid ?? '';
}

function saveCosts({ window, statements }: StatementCosts, context: OperationContext): void {
  const since =
    window === 'recent' ? 'since the latest reading of statements' : 'since they were first counted';
  context.evidence({
    kind: 'statistics',
    title: `${statements.length} statements take most of the time, ${since}`,
    body: {
      window,
      statements: statements.map(({ database, queryId, text, calls, seconds, share }) => ({
        database,
        queryId,
        text: text.slice(0, 2_000),
        calls,
        seconds,
        share,
        meanMs: (seconds / calls) * 1000,
      })),
    },
  });
}
