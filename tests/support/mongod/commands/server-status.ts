import type { Counters } from '../model/counters.ts';
import { type Member } from '../model/member.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import type { Node } from '../node.ts';
import { type Doc, docOf, int, isOn, long, numberOf } from '../values.ts';
import type { Call, CommandTable } from './command.ts';
import { shardName } from './namespaces.ts';
import { optime, timestamp } from './optime.ts';
import { indexDifferences } from './sharding.ts';

/** @see https://www.mongodb.com/docs/manual/reference/command/serverStatus/ */
export const serverStatusCommands: CommandTable = {
  serverStatus: { needs: { action: 'serverStatus', on: 'cluster' }, run: serverStatus },
};

const identity = [
  'host',
  'version',
  'process',
  'service',
  'pid',
  'uptime',
  'uptimeMillis',
  'uptimeEstimate',
  'localTime',
];
const TICKETS = 128;

/** A section is left out with `{section: 0}`; all but those of the identity with `{none: 1}` (8.3) can not be. */
function serverStatus({ node, body }: Call): Doc {
  const status =
    node.role.kind === 'mongos' ? ofRouter(node) : ofMember(node, node.role.set, node.role.member, body);
  if (node.role.kind === 'mongod') node.role.member.counters.applyOverrides(status);
  for (const section of Object.keys(status)) {
    if (section in body && isOff(body[section]) && !identity.includes(section)) delete status[section];
  }
  return status;
}

function isOff(value: unknown): boolean {
  return value === false || numberOf(value) === 0;
}

function common(node: Node, process: string, pid: number): Doc {
  const nowMs = node.shared.nowMs();
  const uptimeMs = nowMs - node.startedAtMs;
  return {
    host: node.address,
    version: node.shared.version,
    process,
    pid: long(pid),
    uptime: Math.floor(uptimeMs / 1000),
    uptimeMillis: long(uptimeMs),
    uptimeEstimate: long(Math.floor(uptimeMs / 1000)),
    localTime: new Date(nowMs),
  };
}

function connections(
  node: Node,
  add: { readonly current: number; readonly created: number; readonly active: number },
): Doc {
  const current = node.listener.sessions.size + add.current;
  return {
    current,
    available: 51_200 - current,
    totalCreated: node.listener.accepted + add.created,
    rejected: 0,
    active: 1 + add.active,
    threaded: current,
    exhaustIsMaster: long(0),
    exhaustHello: long([...node.listener.sessions].filter(({ monitoring }) => monitoring).length),
    awaitingTopologyChanges: long([...node.listener.sessions].filter(({ monitoring }) => monitoring).length),
  };
}

function ofRouter(node: Node): Doc {
  const zero = {
    insert: long(0),
    query: long(0),
    update: long(0),
    delete: long(0),
    getmore: long(0),
    command: long(0),
  };
  return {
    ...common(node, 'mongos', 5000),
    asserts: { regular: 0, warning: 0, msg: 0, user: 0, tripwire: 0, rollovers: 0 },
    connections: connections(node, { current: 0, created: 0, active: 0 }),
    extra_info: { note: 'fields vary by platform', page_faults: long(0) },
    network: { bytesIn: long(0), bytesOut: long(0), numRequests: long(0) },
    opcounters: zero,
    sharding: configServers(node),
    mem: { bits: 64, resident: 64, virtual: 512, supported: true },
    metrics: { cursor: { timedOut: long(0), open: { total: long(node.cursors.open) } } },
  };
}

function ofMember(node: Node, set: ReplicaSet, member: Member, body: Doc): Doc {
  const { counters } = member;
  const sections = counters.sections();
  const uptimeUs = (node.shared.nowMs() - member.startedAtMs) * 1000;
  return {
    ...withoutSharding(node, sections),
    opLatencies: latencies(counters, sections, body['opLatencies']),
    ...common(node, 'mongod', member.pid),
    connections: connections(node, {
      current: counters.get('connections.current'),
      created: counters.get('connections.totalCreated'),
      active: counters.get('connections.active'),
    }),
    extra_info: { note: 'fields vary by platform', ...docOf(sections['extra_info']) },
    flowControl: {
      enabled: true,
      targetRateLimit: 1_000_000_000,
      isLagged: false,
      sustainerRate: 0,
      ...docOf(sections['flowControl']),
    },
    globalLock: { totalTime: long(uptimeUs), ...docOf(sections['globalLock']) },
    locks: locks(),
    mem: { bits: 64, resident: 350, virtual: 1800, supported: true },
    ...admission(node, sections, counters),
    ...(set.name !== '' && member.state !== 'ARBITER' && { repl: repl(set, member) }),
    ...(isOn(body['oplog']) && set.name !== '' && member.dataBearing && { oplog: oplog(set, member) }),
    ...indexConsistency(node),
    storageEngine: {
      name: 'wiredTiger',
      supportsCommittedReads: true,
      oldestRequiredTimestampForCrashRecovery: timestamp(set.now()),
      supportsPendingDrops: true,
      dropPendingIdents: long(0),
      supportsSnapshotReadConcern: true,
      readOnly: false,
      persistent: true,
      backupCursorOpen: false,
    },
    transactions: {
      retriedCommandsCount: long(0),
      retriedStatementsCount: long(0),
      ...docOf(sections['transactions']),
    },
    security: {
      authentication: {
        mechanisms: { 'SCRAM-SHA-256': { authenticate: { received: long(0), successful: long(0) } } },
      },
    },
  };
}

/** Tickets moved from wiredTiger.concurrentTransactions to queues.execution with 8.0; queue lengths came with 7.0. */
function admission(node: Node, sections: Doc, counters: Member['counters']): Doc {
  const [major = 0] = node.shared.version.split('.').map(Number);
  const wiredTiger = docOf(sections['wiredTiger']);
  const tickets = (kind: string): Doc => {
    const out = counters.get(`tickets.${kind}.out`);
    const total = TICKETS;
    const queue = {
      addedToQueue: long(counters.get(`tickets.${kind}.added`)),
      queueLength: long(counters.get(`tickets.${kind}.queueLength`)),
    };
    const waited = { totalTimeQueuedMicros: long(counters.get(`tickets.${kind}.queuedMicros`)) };
    const held = { out: int(out), available: int(total - out), totalTickets: int(total) };
    if (major < 7) return held;
    if (major < 8) return { ...held, ...queue, ...waited };
    return {
      ...held,
      exempt: { ...held, addedToQueue: long(0), queueLength: long(0) },
      normalPriority: { ...queue, ...waited },
    };
  };
  const both = { read: tickets('read'), write: tickets('write') };
  if (major >= 8) return { wiredTiger, queues: { execution: both } };
  return { wiredTiger: { ...wiredTiger, concurrentTransactions: both } };
}

function repl(set: ReplicaSet, member: Member): Doc {
  const { primary } = set;
  const applied = optime(set.appliedAtMs(member, set.now()), member.term);
  return {
    topologyVersion: { counter: long(set.topology) },
    hosts: set.addresses.filter(
      (_address, index) => !set.member(index).setup.hidden && set.member(index).state !== 'ARBITER',
    ),
    setName: set.name,
    setVersion: set.version,
    isWritablePrimary: member.state === 'PRIMARY',
    secondary: member.state === 'SECONDARY',
    ...(primary && { primary: set.addresses[primary.index] }),
    me: set.addresses[member.index],
    lastWrite: { opTime: applied, lastWriteDate: new Date(set.appliedAtMs(member, set.now()) ?? 0) },
    rbid: 1,
  };
}

/** Only when asked for: `{serverStatus: 1, oplog: 1}`. */
function oplog(set: ReplicaSet, member: Member): Doc {
  const latestMs = set.appliedAtMs(member, set.now());
  return {
    latestOptime: timestamp(latestMs ?? 0),
    earliestOptime: timestamp(set.now() - member.oplogWindowMs),
  };
}

/** `{opLatencies: {histograms: true}}` adds the buckets. */
function latencies(counters: Counters, sections: Doc, asked: unknown): Doc {
  const plain = docOf(sections['opLatencies']);
  if (!isOn(docOf(asked)['histograms'])) return plain;
  const kinds = ['reads', 'writes', 'commands', 'transactions'] as const;
  return Object.fromEntries(
    kinds.map((kind) => [kind, { histogram: counters.histogram(kind), ...docOf(plain[kind]) }]),
  );
}

function configServers({ role: { cluster } }: Node): Doc {
  const { name = '', set } = cluster?.config ?? {};
  return { configsvrConnectionString: `${name}/${set?.addresses.join(',') ?? ''}` };
}

/** Only members of shards and config servers have these. */
function withoutSharding(node: Node, sections: Doc): Doc {
  if (shardName(node) !== undefined) return { ...sections, sharding: configServers(node) };
  const { shardingStatistics: _left, ...rest } = sections;
  return rest;
}

/** Sharded collections whose indexes differ, as the primary of the config servers counts them. */
function indexConsistency({ role }: Node): Doc {
  if (role.kind === 'mongos' || role.cluster?.config.set !== role.set || role.member.state !== 'PRIMARY')
    return {};
  const { cluster } = role;
  const count = [...cluster.collections.values()].filter(
    (one) => indexDifferences(cluster, one).length > 0,
  ).length;
  return { shardedIndexConsistency: { numShardedCollectionsWithInconsistentIndexes: long(count) } };
}

function locks(): Doc {
  return {
    Global: { acquireCount: { r: long(1000), w: long(100) } },
    Collection: { acquireCount: { r: long(1000), w: long(100) } },
  };
}
