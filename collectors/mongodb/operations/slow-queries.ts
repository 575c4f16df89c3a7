import { CollectError, type OperationContext, toCollectError } from '../../../src/sdk.ts';
import { listDatabases } from '../collections.ts';
import { type Deployment, dataMembers } from '../deployment.ts';
import { booleanAt, type Document, documentAt, listAt, numberAt, textAt } from '../document.ts';
import { keyText } from '../index-spec.ts';
import type { Member } from '../member.ts';
import type { Place } from './place.ts';
import { indexKeyOf, type QueryShape, shapeOf, shapeText } from './query-shape.ts';

/** Executions of one shape of query, from all members together. */
export interface SlowQuery {
  readonly database: string;
  readonly shape: QueryShape;
  readonly executions: number;
  readonly seconds: number;
  readonly examined: number;
  readonly returned: number;
}

/** Entries read of each profile, newest first. */
const mostEntries = 500;
/** An index helps a query that looks at this many documents for each one it returns. */
const leastPerReturned = 10;

const profileFields = {
  op: 1,
  ns: 1,
  command: 1,
  millis: 1,
  docsExamined: 1,
  nreturned: 1,
  hasSortStage: 1,
  planSummary: 1,
};

/**
 * Shapes of queries that look at much more than they return, those that cost most first. From `system.profile` where an operator turned
 * the profiler on and the login may read it, and from what runs for long right now; the profiler is never turned on by Reeve.
 */
export async function findSlowQueries(
  place: Place,
  deployment: Deployment,
  context: OperationContext,
): Promise<readonly SlowQuery[]> {
  const found = new Map<string, SlowQuery>();
  const unread: string[] = [];
  for (const member of dataMembers(deployment, { config: false })) {
    if (member.hello === undefined) continue;
    try {
      for (const row of await readRunning(place, member, context.signal)) add(found, row);
      for await (const row of readProfiles(member, unread, context.signal)) add(found, row);
    } catch (thrown) {
      if (context.signal.aborted || !(thrown instanceof CollectError)) throw thrown;
      unread.push(`${member.name}: ${thrown.message}`);
    }
  }
  const slow = [...found.values()]
    .filter(({ examined, returned }) => examined >= leastPerReturned * Math.max(1, returned))
    .toSorted((one, other) => other.seconds - one.seconds);
  keepEvidence(place, slow, unread, context);
  return slow;
}

interface Row {
  readonly ns: string;
  readonly command: Document;
  readonly seconds: number;
  readonly examined: number;
  readonly returned: number;
}

async function* readProfiles(member: Member, unread: string[], signal: AbortSignal): AsyncIterable<Row> {
  const asking = { group: 'indexes', signal } as const;
  for (const database of await listDatabases(member, asking)) {
    const filter = { ns: { $not: /\.system\./ }, docsExamined: { $gt: 0 } };
    const command = {
      find: 'system.profile',
      filter,
      projection: profileFields,
      sort: { $natural: -1 },
      limit: mostEntries,
    };
    try {
      const answer = await member.client.command(
        database,
        { ...command, batchSize: mostEntries + 1 },
        asking,
      );
      for (const row of listAt(answer, 'cursor.firstBatch')) {
        const inner = documentAt(row, 'command');
        if (inner === undefined) continue;
        yield {
          ns: textAt(row, 'ns') ?? '',
          command: inner,
          seconds: (numberAt(row, 'millis') ?? 0) / 1_000,
          examined: numberAt(row, 'docsExamined') ?? 0,
          returned: numberAt(row, 'nreturned') ?? 0,
        };
      }
    } catch (thrown) {
      const error = toCollectError(thrown);
      if (error.code !== 'denied') throw error;
      unread.push(`${database}.system.profile on ${member.name} (grant the collecting login find on it)`);
    }
  }
}

/** What scans a collection right now: how much it looked at is not told, so that it counts as much. */
async function readRunning({ input }: Place, member: Member, signal: AbortSignal): Promise<readonly Row[]> {
  const pipeline = [
    { $currentOp: { allUsers: true, idleConnections: false } },
    {
      $match: {
        active: true,
        secs_running: { $gte: Math.ceil(input.options.longOperation / 1_000) },
        planSummary: /COLLSCAN/,
        ns: { $not: /^(?:admin|local|config)(?:\.|$)/ },
      },
    },
    { $project: { ns: 1, command: 1, secs_running: 1, waitingForLock: 1 } },
    { $limit: 50 },
  ];
  const command = { aggregate: 1, pipeline, cursor: { batchSize: 100 } };
  const answer = await member.client.command('admin', command, { group: 'long_operations', signal });
  return listAt(answer, 'cursor.firstBatch').flatMap((row) => {
    const inner = documentAt(row, 'command');
    if (inner === undefined || booleanAt(row, 'waitingForLock') === true) return [];
    const seconds = numberAt(row, 'secs_running') ?? 0;
    return [
      { ns: textAt(row, 'ns') ?? '', command: inner, seconds, examined: leastPerReturned, returned: 0 },
    ];
  });
}

function add(found: Map<string, SlowQuery>, { ns, command, seconds, examined, returned }: Row): void {
  const shape = shapeOf(command);
  const dot = ns.indexOf('.');
  const key = shape === undefined ? undefined : indexKeyOf(shape);
  if (shape === undefined || key === undefined || dot <= 0 || ns.slice(dot + 1) !== shape.collection) return;
  const name = JSON.stringify([ns, keyText(key)]);
  const before = found.get(name);
  found.set(name, {
    database: ns.slice(0, dot),
    shape: before?.shape ?? shape,
    executions: (before?.executions ?? 0) + 1,
    seconds: (before?.seconds ?? 0) + seconds,
    examined: (before?.examined ?? 0) + examined,
    returned: (before?.returned ?? 0) + returned,
  });
}

/** Shapes and figures only: values of queries stay where they were. */
function keepEvidence(
  { input }: Place,
  slow: readonly SlowQuery[],
  unread: readonly string[],
  { evidence }: OperationContext,
): void {
  const samples = (input.snapshot()?.samples ?? []).filter(
    ({ metric }) => metric.name === 'reeve_mongodb_scanned_documents_per_returned',
  );
  const targeting = samples.map(({ labels, value }) => ({ member: labels[0] ?? '', value }));
  const queries = slow.slice(0, 50).map(({ database, shape, ...figures }) => ({
    query: `${database}.${shapeText(shape)}`,
    ...figures,
  }));
  evidence({
    kind: 'statistics',
    title: `${slow.length} shapes of queries that look at much more than they return`,
    body: { queries, documentsPerReturned: targeting, unread: unread.slice(0, 50) },
  });
}
