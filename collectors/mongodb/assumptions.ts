import { type Assumption, type Clock, messageOf } from '../../src/sdk.ts';
import type { Deployment } from './deployment.ts';
import {
  at,
  type Document,
  documentAt,
  idAt,
  listAt,
  numberAt,
  textAt,
  timeAt,
  timestampSeconds,
} from './document.ts';
import { lowerBounds } from './latency-histogram.ts';
import type { Member } from './member.ts';
import { readOplogStatus } from './oplog.ts';

/** What one member shows, twice within a second. */
interface Seen {
  readonly member: Member;
  readonly hello: Document;
  readonly before: Document;
  readonly after: Document;
  /** serverStatus with its oplog section; undefined outside a set, and where the server cannot tell. */
  readonly oplog: Document | undefined;
  /** replSetGetStatus; undefined outside a set. */
  readonly replica: Document | undefined;
  /** replSetGetConfig. */
  readonly config: Document | undefined;
}

interface Outcome {
  /** Undefined: nothing here to try it on. */
  readonly holds: boolean | undefined;
  readonly evidence: string;
}

interface Trial {
  readonly statement: string;
  readonly judge: (seen: Seen) => Outcome;
}

const counters = [
  'opcounters.query',
  'opcounters.command',
  'opLatencies.reads.ops',
  'opLatencies.reads.latency',
  'connections.totalCreated',
  'metrics.document.returned',
  'metrics.queryExecutor.scanned',
  'metrics.queryExecutor.scannedObjects',
  'network.bytesIn',
  'wiredTiger.cache.pages requested from the cache',
  'wiredTiger.cache.pages read into cache',
] as const;

const cacheFields = [
  'bytes currently in the cache',
  'maximum bytes configured',
  'tracked dirty bytes in the cache',
  'pages read into cache',
  'pages requested from the cache',
  'modified pages evicted',
  'unmodified pages evicted',
] as const;

const trials: readonly Trial[] = [
  {
    statement: 'hello names the process (topologyVersion.processId), so that a restart is seen.',
    judge: ({ hello }) => given({ processId: idAt(hello, 'topologyVersion.processId') }),
  },
  {
    statement: 'A member of a replica set says its own name in the configuration and the version of it.',
    judge: ({ hello, replica }) =>
      replica === undefined
        ? noSet
        : given({ me: textAt(hello, 'me'), setVersion: numberAt(hello, 'setVersion') }),
  },
  {
    statement:
      'serverStatus has uptimeMillis, pid, connections, opcounters, network, asserts and mem as numbers.',
    judge: ({ after }) =>
      given(
        numbers(after, [
          'uptimeMillis',
          'pid',
          'connections.current',
          'connections.available',
          'opcounters.query',
          'network.bytesIn',
          'asserts.user',
          'mem.resident',
        ]),
      ),
  },
  {
    statement: 'Counters of serverStatus only grow within one life of the process.',
    judge: ({ before, after }) => {
      const known = counters.filter((path) => numberAt(after, path) !== undefined);
      const fallen = known.filter((path) => (numberAt(before, path) ?? 0) > (numberAt(after, path) ?? 0));
      if (String(at(before, 'pid')) !== String(at(after, 'pid')))
        return { holds: undefined, evidence: 'it restarted meanwhile' };
      return {
        holds: fallen.length === 0,
        evidence: fallen.length === 0 ? `${known.length} counters did` : `fell: ${fallen.join(', ')}`,
      };
    },
  },
  {
    statement: 'opLatencies has histograms, in buckets named by their lower bound in microseconds.',
    judge: ({ after, member }) => {
      if (member.facts.kind === 'mongos') return { holds: undefined, evidence: 'a mongos' };
      const list = at(after, 'opLatencies.reads.histogram');
      if (!Array.isArray(list)) return { holds: false, evidence: 'no opLatencies.reads.histogram' };
      const bounds = listAt(after, 'opLatencies.reads.histogram').map((entry) => numberAt(entry, 'micros'));
      const foreign = bounds.filter((bound) => bound === undefined || !lowerBounds.includes(bound));
      return {
        holds: foreign.length === 0,
        evidence: `${bounds.length} buckets, ${foreign.length} of another bound`,
      };
    },
  },
  {
    statement: 'The buckets of opLatencies add up to its number of operations.',
    judge: ({ after }) => {
      const entries = listAt(after, 'opLatencies.reads.histogram');
      const operations = numberAt(after, 'opLatencies.reads.ops');
      if (entries.length === 0 || operations === undefined)
        return { holds: undefined, evidence: 'no histogram' };
      const sum = entries.reduce((total, entry) => total + (numberAt(entry, 'count') ?? 0), 0);
      return { holds: sum === operations, evidence: `${sum} in buckets, ${operations} operations` };
    },
  },
  {
    statement: 'The cache of WiredTiger has the counters that ratios are made of.',
    judge: ({ after }) =>
      documentAt(after, 'wiredTiger.cache') === undefined
        ? { holds: undefined, evidence: 'no WiredTiger here' }
        : given(
            numbers(
              after,
              cacheFields.map((field) => `wiredTiger.cache.${field}`),
            ),
          ),
  },
  {
    statement: 'Tickets are under queues.execution (8.0) or wiredTiger.concurrentTransactions.',
    judge: ({ after, member }) => {
      if (member.facts.kind === 'mongos') return { holds: undefined, evidence: 'a mongos' };
      const place = ['queues.execution', 'wiredTiger.concurrentTransactions'].find(
        (path) => numberAt(after, `${path}.read.out`) !== undefined,
      );
      return { holds: place !== undefined, evidence: place ?? 'neither' };
    },
  },
  {
    statement:
      'metrics has document.returned, queryExecutor.scanned, scannedObjects and collectionScans.nonTailable.',
    judge: ({ after, member }) =>
      member.facts.kind === 'mongos'
        ? { holds: undefined, evidence: 'a mongos' }
        : given(
            numbers(after, [
              'metrics.document.returned',
              'metrics.queryExecutor.scanned',
              'metrics.queryExecutor.scannedObjects',
              'metrics.queryExecutor.collectionScans.nonTailable',
            ]),
          ),
  },
  {
    statement:
      'serverStatus {oplog: 1} tells the first and last time of the oplog (otherwise local.oplog.rs is read).',
    judge: ({ oplog, replica }) =>
      replica === undefined
        ? noSet
        : given({
            earliest: timestampSeconds(at(oplog, 'oplog.earliestOptime')),
            latest: timestampSeconds(at(oplog, 'oplog.latestOptime')),
          }),
  },
  {
    statement:
      'replSetGetStatus tells when the last applied and the last committed operation were written, to the millisecond.',
    judge: ({ replica }) =>
      replica === undefined
        ? noSet
        : given({
            lastAppliedWallTime: timeAt(replica, 'optimes.lastAppliedWallTime'),
            lastCommittedWallTime: timeAt(replica, 'optimes.lastCommittedWallTime'),
            term: numberAt(replica, 'term'),
          }),
  },
  {
    statement:
      'Exactly one member of replSetGetStatus is marked as self, and the others have a time of their last heartbeat.',
    judge: ({ replica }) => {
      if (replica === undefined) return noSet;
      const members = listAt(replica, 'members');
      const selves = members.filter((member) => at(member, 'self') === true);
      const others = members.filter((member) => at(member, 'self') !== true);
      const silent = others.filter(
        (member) => timeAt(member, 'lastHeartbeat') === undefined && numberAt(member, 'health') === 1,
      );
      return {
        holds: selves.length === 1 && silent.length === 0,
        evidence: `${selves.length} self, ${others.length} others, ${silent.length} without a heartbeat`,
      };
    },
  },
  {
    statement: 'replSetGetConfig lists every member with its host, and the interval of heartbeats.',
    judge: ({ config }) => {
      if (config === undefined) return noSet;
      const members = listAt(config, 'config.members');
      const unnamed = members.filter((member) => textAt(member, 'host') === undefined);
      const interval = numberAt(config, 'config.settings.heartbeatIntervalMillis');
      return {
        holds: members.length > 0 && unnamed.length === 0 && interval !== undefined,
        evidence: `${members.length} members, interval ${interval ?? 'missing'}`,
      };
    },
  },
];

const noSet: Outcome = { holds: undefined, evidence: 'not in a replica set' };
const betweenMs = 1_000;

/** Tries on each member what the readings take for granted, by reading only. maxTimeMS and comment go with every command. */
export async function tryAssumptions(
  { members }: Deployment,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Assumption[]> {
  const tried: Assumption[] = [];
  for (const member of members.filter(({ facts }) => facts.kind !== 'arbiter')) {
    try {
      const seen = await look(member, clock, signal);
      for (const { statement, judge } of trials) tried.push(verdict(statement, member, judge(seen)));
    } catch (thrown) {
      const evidence = `could not be tried: ${messageOf(thrown)}`;
      for (const { statement } of trials)
        tried.push(verdict(statement, member, { holds: undefined, evidence }));
    }
  }
  return tried;
}

async function look(member: Member, clock: Clock, signal: AbortSignal): Promise<Seen> {
  const ask = (command: Document): Promise<Document> =>
    member.client.command('admin', command, { signal, group: 'conformance' });
  const status = { serverStatus: 1, opLatencies: { histograms: true } };
  const hello = await ask({ hello: 1 });
  const before = await ask(status);
  const replicates = member.facts.kind === 'data' && member.facts.set !== undefined;
  const replica = replicates ? await ask({ replSetGetStatus: 1 }) : undefined;
  const config = replicates ? await ask({ replSetGetConfig: 1 }) : undefined;
  const oplog = replicates ? await readOplogStatus(member, { signal }) : undefined;
  await clock.sleep(betweenMs, signal);
  return { member, hello, before, after: await ask(status), oplog, replica, config };
}

function verdict(statement: string, { name }: Member, { holds, evidence }: Outcome): Assumption {
  const word = holds === undefined ? 'untested' : holds ? 'holds' : 'broken';
  return { statement, verdict: word, evidence: `${name}: ${evidence}` };
}

function numbers(document: Document, paths: readonly string[]): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(paths.map((path) => [path, numberAt(document, path)]));
}

function given(values: Readonly<Record<string, unknown>>): Outcome {
  const missing = Object.keys(values).filter((name) => values[name] === undefined);
  return {
    holds: missing.length === 0,
    evidence:
      missing.length === 0
        ? `${Object.keys(values).length} of them are there`
        : `missing: ${missing.join(', ')}`,
  };
}
