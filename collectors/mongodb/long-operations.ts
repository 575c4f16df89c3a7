import type { CollectorInput, DetailRow } from '../../src/sdk.ts';
import { codeOf } from './client-errors.ts';
import type { MongodbOptions } from './config.ts';
import { dataMembers } from './deployment.ts';
import { booleanAt, type Document, documentAt, listAt, numberAt, textAt } from './document.ts';
import type { Member } from './member.ts';
import type { MongodbContext } from './metrics.ts';
import type { Reader } from './readers.ts';

export type LongOperationsInput = Pick<CollectorInput<MongodbOptions>, 'options' | 'applicationName'>;

/** Operations a member gives at most, the longest first. */
const most = 50;

/**
 * Commands whose name is told. Their own values are names of collections and numbers of cursors; nothing else of a command leaves the
 * server.
 */
const namedCommands = [
  'find',
  'aggregate',
  'getMore',
  'count',
  'distinct',
  'insert',
  'update',
  'delete',
  'findAndModify',
  'mapReduce',
  'createIndexes',
  'dropIndexes',
  'collMod',
  'compact',
  'validate',
  'reIndex',
  'renameCollection',
  'moveChunk',
  'cleanupOrphaned',
  'fsync',
] as const;

const fields = [
  'opid',
  'op',
  'ns',
  'secs_running',
  'planSummary',
  'waitingForLock',
  'appName',
  'desc',
  'msg',
];

/**
 * What has run for long on each data-bearing member, and on mongos: without any value of a query.
 *
 * @see https://www.mongodb.com/docs/manual/reference/operator/aggregation/currentOp/
 */
export function createLongOperationsReader({ options, applicationName }: LongOperationsInput): Reader {
  const pipeline = (isMongos: boolean): readonly Document[] =>
    pipelineOf(Math.ceil(options.longOperation / 1000), applicationName, isMongos);
  return async (deployment, context) => {
    for (const member of [...dataMembers(deployment), ...deployment.mongoses]) {
      // Whether it answers is said by the group availability.
      if (member.hello === undefined) continue;
      await context.attempt(member.name, (inner) =>
        readMember(member, pipeline(member.facts.kind === 'mongos'), inner),
      );
    }
  };
}

/** A mongos is asked for its own operations only: those of the shards are read from their members. */
function pipelineOf(seconds: number, applicationName: string, isMongos: boolean): readonly Document[] {
  const options = { allUsers: true, idleConnections: false, idleSessions: false };
  return [
    { $currentOp: isMongos ? { ...options, localOps: true } : options },
    {
      $match: {
        $or: [
          {
            active: true,
            secs_running: { $gte: seconds },
            // Threads of the server itself have no namespace, or one of its own databases.
            $and: [{ ns: { $exists: true } }, { ns: { $nin: ['', null] } }],
            ns: { $not: /^(?:admin|local|config)(?:\.|$)/ },
            appName: { $ne: applicationName },
          },
          { msg: /^Index Build/ },
        ],
      },
    },
    {
      $project: Object.fromEntries([
        ...fields.map((field) => [field, 1] as const),
        ...namedCommands.map((name) => [`command.${name}`, 1] as const),
        ['progress.done', 1] as const,
        ['progress.total', 1] as const,
      ]),
    },
    { $sort: { secs_running: -1 } },
    // One more shows that there are more.
    { $limit: most + 1 },
  ];
}

async function readMember(
  member: Member,
  pipeline: readonly Document[],
  context: MongodbContext,
): Promise<void> {
  const asking = { signal: context.signal, group: 'long_operations' };
  // Larger than what can come: the cursor ends with its first batch.
  const command = { aggregate: 1, pipeline, cursor: { batchSize: most + 2 } };
  const answer = await member.client.command('admin', command, asking);
  const found = listAt(answer, 'cursor.firstBatch');
  const rows = found.slice(0, most);
  const isBuild = (row: Document): boolean => textAt(row, 'msg')?.startsWith('Index Build') ?? false;
  const builds = rows.filter(isBuild);
  const operations = rows.filter((row) => !isBuild(row));
  const labels = { member: member.name };
  context.record('longOperations', operations.length, labels);
  context.record('longestOperation', longest(operations), labels);
  context.record(
    'blockedOperations',
    operations.filter((row) => booleanAt(row, 'waitingForLock') === true).length,
    labels,
  );
  // One build shows as several operations while its phases overlap.
  context.record('indexBuilds', new Set(builds.map((row) => textAt(row, 'ns') ?? '')).size, labels);
  context.detail(
    'long_operations',
    operations.map((row) => operationRow(member, row)),
  );
  context.detail(
    'index_builds',
    builds.map((row) => buildRow(member, row)),
  );
  context.truncate(found.length - rows.length);
  await readWriteLock(member, context);
}

/** `fsyncLock` is told by the command alone; it is asked for nothing else. */
async function readWriteLock(member: Member, context: MongodbContext): Promise<void> {
  if (member.facts.kind === 'mongos') return;
  try {
    const answer = await member.client.command(
      'admin',
      { currentOp: 1, $ownOps: true, opid: -1 },
      { signal: context.signal, group: 'long_operations' },
    );
    const isLocked = booleanAt(answer, 'fsyncLock') === true;
    context.record('writesLocked', isLocked ? 1 : 0, { member: member.name });
    if (!isLocked) return;
    context.find({
      code: 'writes_locked',
      severity: 'critical',
      subject: member.name,
      message:
        'fsyncLock holds back every write on this member; it stays until it is released, also when the backup that took it died',
      remedy: 'db.fsyncUnlock()',
    });
  } catch (thrown) {
    // 59: a server without the command does not tell.
    if (codeOf(thrown) !== 59) throw thrown;
  }
}

/** Undefined when operations run and the server does not say for how long. */
function longest(rows: readonly Document[]): number | undefined {
  if (rows.length === 0) return 0;
  const seconds = rows.flatMap((row) => numberAt(row, 'secs_running') ?? []);
  return seconds.length === 0 ? undefined : Math.max(...seconds);
}

function operationRow(member: Member, row: Document): DetailRow {
  const command = documentAt(row, 'command');
  return {
    member: member.name,
    // A mongos puts the shard before the number.
    operation: textAt(row, 'opid') ?? numberAt(row, 'opid') ?? null,
    kind: textAt(row, 'op') ?? null,
    command: namedCommands.find((name) => command?.[name] !== undefined) ?? null,
    namespace: textAt(row, 'ns') ?? null,
    seconds: numberAt(row, 'secs_running') ?? null,
    plan: textAt(row, 'planSummary') ?? null,
    waitsForLock: booleanAt(row, 'waitingForLock') ?? false,
    client: textAt(row, 'appName') ?? null,
  };
}

function buildRow(member: Member, row: Document): DetailRow {
  return {
    member: member.name,
    namespace: textAt(row, 'ns') ?? null,
    phase: textAt(row, 'msg')?.slice(0, 120) ?? null,
    done: numberAt(row, 'progress.done') ?? null,
    total: numberAt(row, 'progress.total') ?? null,
    seconds: numberAt(row, 'secs_running') ?? null,
  };
}
