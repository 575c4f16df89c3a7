import { createHash } from 'node:crypto';
import { CollectError } from '../../../src/sdk.ts';
import type { MemberClient } from '../client.ts';
import { at, type Document, documentAt, listAt, numberAt } from '../document.ts';
import type { QueryShape } from './query-shape.ts';

/** Values for the fields of a query, out of one document of the rehearsal target. Kept nowhere. */
export type QueryValues = Document;

/** What the executions of one round came to, all queries together. */
export interface QueryRuns {
  readonly milliseconds: number;
  readonly examined: number;
  readonly returned: number;
}

const sampled = 100;
const mostQueries = 5;
/** Results beyond are not compared document by document. */
const mostResults = 10_000;
const limitMs = 60_000;

/** Values of a few different documents that have all fields of the query. @throws {CollectError} `denied` without find. */
export async function sampleValues(
  client: MemberClient,
  database: string,
  { collection, equality, range }: QueryShape,
  signal: AbortSignal,
): Promise<readonly QueryValues[]> {
  const command = {
    aggregate: collection,
    pipeline: [{ $sample: { size: sampled } }],
    cursor: { batchSize: sampled + 1 },
  };
  const answer = await client.command(database, command, { signal, group: 'rehearsal', maxTimeMs: limitMs });
  const fields = [...equality, ...range];
  const found = listAt(answer, 'cursor.firstBatch').flatMap((document) => {
    const entries = fields.map((field) => [field, at(document, field)] as const);
    // A list matches by its elements and may be long: other documents will do.
    return entries.some(([, value]) => value === undefined || Array.isArray(value))
      ? []
      : [Object.fromEntries(entries)];
  });
  const different = new Map(found.map((values) => [JSON.stringify(values), values]));
  return [...different.values()].slice(0, mostQueries);
}

/** Explains each query with its execution: it is run, and nothing of a document comes back. */
export async function measureQueries(
  client: MemberClient,
  database: string,
  query: QueryShape,
  values: readonly QueryValues[],
  signal: AbortSignal,
): Promise<QueryRuns> {
  let runs: QueryRuns = { milliseconds: 0, examined: 0, returned: 0 };
  for (const each of values) {
    const explain = { explain: findCommand(query, each), verbosity: 'executionStats' };
    const answer = await client.command(database, explain, {
      signal,
      group: 'rehearsal',
      maxTimeMs: limitMs,
    });
    const stats = documentAt(answer, 'executionStats');
    const micros = numberAt(stats, 'executionStages.executionTimeMicros');
    const milliseconds = micros === undefined ? numberAt(stats, 'executionTimeMillis') : micros / 1_000;
    const examined = numberAt(stats, 'totalDocsExamined');
    const returned = numberAt(stats, 'nReturned');
    if (milliseconds === undefined || examined === undefined || returned === undefined)
      throw new CollectError('malformed', `explain on ${client.name} gives no executionStats`);
    runs = {
      milliseconds: runs.milliseconds + milliseconds,
      examined: runs.examined + examined,
      returned: runs.returned + returned,
    };
  }
  return runs;
}

/** A hash of which documents the queries give, whatever their order. */
export async function readResults(
  client: MemberClient,
  database: string,
  query: QueryShape,
  values: readonly QueryValues[],
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  for (const each of values) {
    // Without the limit: of documents that sort alike any may be the last.
    const command = {
      ...findCommand({ ...query, limit: 0 }, each),
      projection: { _id: 1 },
      limit: mostResults + 1,
    };
    const answer = await client.command(
      database,
      { ...command, batchSize: mostResults + 1 },
      { signal, group: 'rehearsal', maxTimeMs: limitMs },
    );
    const ids = listAt(answer, 'cursor.firstBatch').map((document) => JSON.stringify(document['_id']));
    hash.update(ids.length > mostResults ? 'more' : ids.toSorted().join('\n'));
  }
  return hash.digest('hex');
}

function findCommand(
  { collection, equality, range, sort, limit }: QueryShape,
  values: QueryValues,
): Document {
  const filter = Object.fromEntries([
    ...equality.map((field) => [field, values[field]] as const),
    ...range.map((field) => [field, { $gte: values[field] }] as const),
  ]);
  return {
    find: collection,
    filter,
    ...(sort.length > 0
      ? { sort: Object.fromEntries(sort.map(({ field, direction }) => [field, direction])) }
      : {}),
    ...(limit > 0 ? { limit } : {}),
  };
}
