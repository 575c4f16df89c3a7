import { type Assumption, messageOf } from '../../src/sdk.ts';
import { type Asking, listCollections, listDatabases } from './collections.ts';
import { type Deployment, dataMembers } from './deployment.ts';
import { at, type Document, documentAt, listAt, numberAt, textAt, timeAt } from './document.ts';
import { indexStatsPipeline } from './index-stats.ts';
import type { Member } from './member.ts';

/** One collection as one member shows it, twice. */
interface Seen {
  readonly name: string;
  readonly before: readonly Document[];
  readonly after: readonly Document[];
  readonly storage: Document | undefined;
  readonly database: Document;
}

interface Trial {
  readonly statement: string;
  /** What is wrong; empty when it holds, undefined when there is nothing to try it on. */
  readonly faults: (seen: Seen) => readonly string[] | undefined;
}

const trials: readonly Trial[] = [
  {
    statement:
      '$indexStats gives every index its name, spec.key, accesses.ops as a number and accesses.since as a date.',
    faults: ({ after }) =>
      after.flatMap((row) => [
        ...(textAt(row, 'name') === undefined ? ['name'] : []),
        ...(documentAt(row, 'spec.key') === undefined ? ['spec.key'] : []),
        ...(numberAt(row, 'accesses.ops') === undefined ? ['accesses.ops'] : []),
        ...(timeAt(row, 'accesses.since') === undefined ? ['accesses.since'] : []),
      ]),
  },
  {
    statement: 'spec.hidden and building of $indexStats are there only when true.',
    faults: ({ after }) =>
      after.flatMap((row) =>
        ['spec.hidden', 'building'].filter((path) => {
          const value = at(row, path);
          return value !== undefined && value !== true;
        }),
      ),
  },
  {
    statement: 'Between two readings accesses.since stays and accesses.ops does not fall.',
    faults: ({ before, after }) =>
      after.flatMap((row) => {
        const name = textAt(row, 'name');
        const earlier = before.find((each) => textAt(each, 'name') === name);
        if (earlier === undefined) return [];
        const moved = timeAt(earlier, 'accesses.since') !== timeAt(row, 'accesses.since');
        const fell = (numberAt(earlier, 'accesses.ops') ?? 0) > (numberAt(row, 'accesses.ops') ?? 0);
        return moved || fell ? [`index ${name ?? ''}`] : [];
      }),
  },
  {
    statement:
      '$collStats gives storageSize, totalIndexSize and the size of every index that $indexStats names.',
    faults: ({ storage, after }) => {
      if (storage === undefined) return ['storageStats'];
      const sizes = documentAt(storage, 'indexSizes') ?? {};
      const unnamed = after.flatMap((row) => {
        const name = textAt(row, 'name') ?? '';
        return at(row, 'building') === true || Object.hasOwn(sizes, name) ? [] : [`indexSizes.${name}`];
      });
      return [
        ...['storageSize', 'totalIndexSize'].filter((path) => numberAt(storage, path) === undefined),
        ...unnamed,
      ];
    },
  },
  {
    statement: 'dbStats gives storageSize, indexSize, dataSize, objects, collections and indexes.',
    faults: ({ database }) =>
      ['storageSize', 'indexSize', 'dataSize', 'objects', 'collections', 'indexes'].filter(
        (path) => numberAt(database, path) === undefined,
      ),
  },
];

/** Databases that are looked into for a collection to try it on. */
const mostDatabases = 10;

/** Tries on each data-bearing member what the readings of indexes, storage and operations take for granted, by reading only. */
export async function tryDataAssumptions(
  deployment: Deployment,
  signal: AbortSignal,
): Promise<readonly Assumption[]> {
  const asking: Asking = { group: 'indexes', signal };
  const tried: Assumption[] = [];
  for (const member of dataMembers(deployment, { config: false })) {
    tried.push(...(await tryCollections(member, asking)), await tryOperations(member, asking));
  }
  for (const mongos of deployment.mongoses) tried.push(await tryCatalog(mongos, asking));
  return tried;
}

async function tryCollections(member: Member, asking: Asking): Promise<readonly Assumption[]> {
  try {
    const found = await findCollection(member, asking);
    if (found === undefined)
      return trials.map(({ statement }) =>
        assumption(statement, member, 'untested', 'no collection of a user is there'),
      );
    const seen = await look(member, found, asking);
    return trials.map(({ statement, faults }) => {
      const wrong = faults(seen);
      if (wrong === undefined) return assumption(statement, member, 'untested', `not on ${seen.name}`);
      return wrong.length === 0
        ? assumption(statement, member, 'holds', `${seen.after.length} indexes of one collection`)
        : assumption(statement, member, 'broken', `missing or wrong: ${wrong.slice(0, 5).join(', ')}`);
    });
  } catch (thrown) {
    return trials.map(({ statement }) => assumption(statement, member, 'untested', messageOf(thrown)));
  }
}

async function findCollection(
  member: Member,
  asking: Asking,
): Promise<{ readonly database: string; readonly collection: string } | undefined> {
  const databases = await listDatabases(member, asking);
  for (const database of databases.slice(0, mostDatabases)) {
    const [collection] = await listCollections(member, database, asking);
    if (collection !== undefined) return { database, collection };
  }
  return undefined;
}

async function look(
  { client }: Member,
  { database, collection }: { readonly database: string; readonly collection: string },
  asking: Asking,
): Promise<Seen> {
  const aggregate = async (pipeline: readonly Document[]): Promise<readonly Document[]> => {
    const answer = await client.command(database, { aggregate: collection, pipeline, cursor: {} }, asking);
    return listAt(answer, 'cursor.firstBatch');
  };
  const before = await aggregate(indexStatsPipeline);
  const [stats] = await aggregate([
    { $collStats: { storageStats: { scale: 1 } } },
    { $project: { 'storageStats.wiredTiger': 0, 'storageStats.indexDetails': 0 } },
  ]);
  return {
    name: `${database}.${collection}`,
    before,
    after: await aggregate(indexStatsPipeline),
    storage: documentAt(stats, 'storageStats'),
    database: await client.command(database, { dbStats: 1, scale: 1 }, asking),
  };
}

async function tryOperations(member: Member, asking: Asking): Promise<Assumption> {
  const statement =
    '$currentOp lists our own operation with active, ns and opid, and currentOp answers for own operations.';
  try {
    const pipeline = [
      { $currentOp: { allUsers: true, idleConnections: false, idleSessions: false } },
      { $match: { active: true } },
      { $project: { active: 1, ns: 1, opid: 1, secs_running: 1 } },
      { $limit: 50 },
    ];
    const answer = await member.client.command('admin', { aggregate: 1, pipeline, cursor: {} }, asking);
    const rows = listAt(answer, 'cursor.firstBatch');
    const own = await member.client.command('admin', { currentOp: 1, $ownOps: true, opid: -1 }, asking);
    const isWhole = rows.some((row) => at(row, 'opid') !== undefined && textAt(row, 'ns') !== undefined);
    const isListed = Array.isArray(at(own, 'inprog'));
    return assumption(
      statement,
      member,
      isWhole && isListed ? 'holds' : 'broken',
      `${rows.length} active operations, ${isListed ? 'a list' : 'no list'} of own ones`,
    );
  } catch (thrown) {
    return assumption(statement, member, 'untested', messageOf(thrown));
  }
}

async function tryCatalog(mongos: Member, asking: Asking): Promise<Assumption> {
  const statement =
    'config.collections has key and uuid, and config.chunks refers to that uuid; balancerStatus has mode and inBalancerRound.';
  try {
    const first = async (command: Document): Promise<Document | undefined> =>
      listAt(await mongos.client.command('config', command, asking), 'cursor.firstBatch')[0];
    const balancer = await mongos.client.command('admin', { balancerStatus: 1 }, asking);
    const chunk = await first({ find: 'chunks', filter: {}, projection: { uuid: 1, shard: 1 }, limit: 1 });
    if (chunk === undefined) return assumption(statement, mongos, 'untested', 'no chunk is there');
    const filter = { uuid: at(chunk, 'uuid') };
    const found = await first({ find: 'collections', filter, projection: { _id: 1, key: 1 }, limit: 1 });
    const missing = [
      ...(textAt(balancer, 'mode') === undefined ? ['balancerStatus.mode'] : []),
      ...(typeof at(balancer, 'inBalancerRound') === 'boolean' ? [] : ['balancerStatus.inBalancerRound']),
      ...(textAt(chunk, 'shard') === undefined ? ['chunks.shard'] : []),
      ...(documentAt(found, 'key') === undefined
        ? ['the collection of a chunk by its uuid, with its key']
        : []),
    ];
    return missing.length === 0
      ? assumption(statement, mongos, 'holds', 'one chunk and its collection')
      : assumption(statement, mongos, 'broken', `missing: ${missing.join(', ')}`);
  } catch (thrown) {
    return assumption(statement, mongos, 'untested', messageOf(thrown));
  }
}

function assumption(
  statement: string,
  { name }: Member,
  verdict: Assumption['verdict'],
  evidence: string,
): Assumption {
  return { statement, verdict, evidence: `${name}: ${evidence}` };
}
