import { failure } from '../errors.ts';
import { runPipeline } from '../query/pipeline.ts';
import { type Doc, docOf, isOn, listOf, long } from '../values.ts';
import { authorize } from './access.ts';
import type { Call } from './command.ts';
import { findCollection, type Part, partsOf, shardName } from './namespaces.ts';
import { documentsOf } from './rows.ts';
import { collectionStorage, latencies } from './storage.ts';

interface Source {
  readonly action: string;
  readonly on: 'cluster' | 'collection';
  readonly documents: (call: Call, collection: string, operand: Doc) => Iterable<Doc>;
}

/** Stages that make documents; they must come first. */
const sources: Readonly<Record<string, Source>> = {
  $indexStats: { action: 'indexStats', on: 'collection', documents: indexStats },
  $collStats: { action: 'collStats', on: 'collection', documents: collStats },
  $currentOp: { action: 'inprog', on: 'cluster', documents: currentOperations },
};

/** @see https://www.mongodb.com/docs/manual/reference/command/aggregate/ */
export function aggregate(call: Call): Doc {
  const { node, body, database } = call;
  const named = body['aggregate'];
  const collection = typeof named === 'string' ? named : '$cmd.aggregate';
  const pipeline = listOf(body['pipeline']);
  const [first = '', operand] = Object.entries(docOf(pipeline[0]))[0] ?? [];
  const source = sources[first];
  const resource = source?.on === 'cluster' ? { cluster: true as const } : { database, collection };
  authorize(call, source?.action ?? 'find', resource);
  const documents = source
    ? source.documents(call, collection, docOf(operand))
    : documentsOf(node, database, collection);
  const result = runPipeline(documents, source ? pipeline.slice(1) : pipeline);
  return node.cursors.first(`${database}.${collection}`, result, {
    batchSize: docOf(body['cursor'])['batchSize'],
  });
}

/** @see https://www.mongodb.com/docs/manual/reference/operator/aggregation/indexStats/ */
function* indexStats({ node, database }: Call, name: string): Iterable<Doc> {
  const type = findCollection(node, database, name)?.type;
  if (type === 'view' || type === 'timeseries')
    throw failure('Location40602', '$indexStats is only valid as the first stage in a pipeline');
  for (const { shard, set, member } of partsOf(node, database, name)) {
    const collection = set.catalog.find(database, name);
    for (const { entry, spec, building } of collection === undefined ? [] : member.indexesOf(collection)) {
      const { ops, sinceMs } = member.usageOf(entry);
      yield {
        name: spec['name'],
        key: spec['key'],
        host: set.addresses[member.index],
        accesses: { ops: long(ops), since: new Date(sinceMs) },
        ...(shard !== undefined && { shard }),
        spec,
        ...(building && { building: true }),
      };
    }
  }
}

function* collStats({ node, database }: Call, name: string, wanted: Doc): Iterable<Doc> {
  if (
    findCollection(node, database, name)?.type === 'view' &&
    ('storageStats' in wanted || 'count' in wanted)
  ) {
    throw failure('CommandNotSupportedOnView', `${database}.${name} is a view, not a collection`);
  }
  for (const { shard, set, member } of partsOf(node, database, name)) {
    const collection = set.catalog.find(database, name);
    if (!collection) {
      if ('count' in wanted)
        throw failure(
          'NamespaceNotFound',
          `Unable to retrieve count in $collStats stage :: Collection [${database}.${name}] not found.`,
        );
      continue;
    }
    yield {
      ns: `${database}.${name}`,
      ...(shard !== undefined && { shard }),
      host: set.addresses[member.index],
      localTime: new Date(node.shared.nowMs()),
      ...('latencyStats' in wanted && { latencyStats: latencies(member.readsOf(collection)) }),
      ...('storageStats' in wanted && { storageStats: collectionStorage(collection) }),
      ...('count' in wanted && { count: collection.documents }),
    };
  }
}

/** What runs on this member, or on one member of each shard; this command itself is among it. */
function* currentOperations(call: Call, _collection: string, options: Doc): Iterable<Doc> {
  if (call.database !== 'admin')
    throw failure('BadValue', "$currentOp must be run against the 'admin' database with {aggregate: 1}");
  const { node } = call;
  const parts: readonly Part[] =
    node.role.kind === 'mongos' && !isOn(options['localOps'])
      ? node.role.cluster.shards.flatMap(({ name, set }) =>
          set.primary ? [{ shard: name, set, member: set.primary }] : [],
        )
      : partsOf(node, 'admin').slice(0, node.role.kind === 'mongos' ? 0 : 1);
  const nowMs = node.shared.nowMs();
  for (const { shard, set, member } of parts) {
    for (const operation of member.operations.values()) {
      const runningMs = nowMs - operation.startedAtMs;
      yield {
        ...(shard !== undefined && node.role.kind === 'mongos' && { shard }),
        type: 'op',
        host: set.addresses[member.index],
        desc: `conn${operation.opid}`,
        connectionId: operation.opid,
        client: operation.client,
        ...(operation.appName !== undefined && { appName: operation.appName }),
        active: true,
        currentOpTime: new Date(nowMs).toISOString(),
        threaded: true,
        opid:
          shard !== undefined && node.role.kind === 'mongos' ? `${shard}:${operation.opid}` : operation.opid,
        secs_running: long(Math.floor(runningMs / 1000)),
        microsecs_running: long(runningMs * 1000),
        op: operation.kind,
        ns: operation.namespace,
        command: operation.command,
        ...(operation.planSummary !== undefined && { planSummary: operation.planSummary }),
        numYields: 10,
        waitingForLock: operation.waitingForLock,
        ...operation.extra,
      };
    }
  }
  yield ownOperation(call, nowMs);
}

function ownOperation({ node, session, body }: Call, nowMs: number): Doc {
  const shown = Object.fromEntries(
    Object.entries(body).filter(([key]) => !['lsid', '$clusterTime'].includes(key)),
  );
  return {
    type: 'op',
    host: node.address,
    ...(shardName(node) !== undefined && { shard: shardName(node) }),
    desc: `conn${session.id}`,
    connectionId: session.id,
    client: session.client,
    ...(session.appName !== undefined && { appName: session.appName }),
    active: true,
    currentOpTime: new Date(nowMs).toISOString(),
    opid: session.id,
    secs_running: long(0),
    microsecs_running: long(100),
    op: 'command',
    ns: 'admin.$cmd.aggregate',
    command: shown,
    numYields: 0,
    waitingForLock: false,
  };
}
