import { failure } from '../errors.ts';
import type { Node } from '../node.ts';
import { type Doc, isOn, listOf, long, numberOf } from '../values.ts';
import type { Call, CommandTable } from './command.ts';

/** @see https://www.mongodb.com/docs/manual/reference/command/nav-administration/ */
export const adminCommands: CommandTable = {
  ping: { open: true, run: () => ({}) },
  buildInfo: { open: true, run: buildInfo },
  buildinfo: { open: true, run: buildInfo },
  getParameter: { needs: { action: 'getParameter', on: 'cluster' }, run: getParameter },
  getCmdLineOpts: { needs: { action: 'getCmdLineOpts', on: 'cluster' }, run: getCmdLineOpts },
  hostInfo: { needs: { action: 'hostInfo', on: 'cluster' }, run: hostInfo },
  killOp: { needs: { action: 'killop', on: 'cluster' }, run: killOp },
  top: { needs: { action: 'top', on: 'cluster' }, only: 'mongod', run: top },
  connPoolStats: { needs: { action: 'connPoolStats', on: 'cluster' }, run: connPoolStats },
  getDefaultRWConcern: {
    needs: { action: 'getDefaultRWConcern', on: 'cluster' },
    run: () => ({
      defaultReadConcern: { level: 'local' },
      defaultWriteConcern: { w: 'majority', wtimeout: 0 },
    }),
  },
  whatsmyuri: { open: true, run: ({ session }) => ({ you: session.client }) },
  endSessions: { run: () => ({}) },
  profile: {
    needs: { action: 'enableProfiler', on: 'database' },
    only: 'mongod',
    run: () => ({ was: 0, slowms: 100, sampleRate: 1 }),
  },
};

function buildInfo({ node }: Call): Doc {
  const parts = node.shared.version.split('.').map(Number);
  return {
    version: node.shared.version,
    gitVersion: 'not-mongod-a-double-in-the-tests-of-reeve',
    modules: [],
    allocator: 'tcmalloc',
    javascriptEngine: 'mozjs',
    versionArray: [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0, 0],
    openssl: { running: 'OpenSSL 3.0', compiled: 'OpenSSL 3.0' },
    bits: 64,
    debug: false,
    maxBsonObjectSize: 16_777_216,
    storageEngines: ['devnull', 'wiredTiger'],
  };
}

/** Knows the feature compatibility version; other parameters are refused as unknown ones are. */
function getParameter({ node, body }: Call): Doc {
  const known: Doc = {
    ...(node.role.kind === 'mongod' && {
      featureCompatibilityVersion: { version: node.shared.version.split('.').slice(0, 2).join('.') },
    }),
    ttlMonitorEnabled: true,
    authenticationMechanisms: ['SCRAM-SHA-256'],
  };
  if (body['getParameter'] === '*') return known;
  const asked = Object.entries(known).filter(([name]) => isOn(body[name]) || numberOf(body[name]) === 1);
  if (asked.length === 0) throw failure('InvalidOptions', 'no option found to get');
  return Object.fromEntries(asked);
}

function getCmdLineOpts({ node }: Call): Doc {
  const { role } = node;
  const net = { bindIp: '127.0.0.1', port: node.listener.port };
  const security = node.shared.accounts ? { security: { authorization: 'enabled' } } : {};
  if (role.kind === 'mongos')
    return {
      argv: ['mongos'],
      parsed: { net, ...security, sharding: { configDB: role.cluster.config.name } },
    };
  const replication =
    role.set.name === '' ? {} : { replication: { replSetName: role.set.name, oplogSizeMB: 1024 } };
  const sharding = shardRole(node);
  return {
    argv: ['mongod'],
    parsed: {
      net,
      ...security,
      ...replication,
      ...(sharding && { sharding }),
      storage: { dbPath: '/data/db' },
    },
  };
}

function shardRole(node: Node): Doc | undefined {
  if (node.role.kind !== 'mongod' || !node.role.cluster) return undefined;
  return { clusterRole: node.role.cluster.config.set === node.role.set ? 'configsvr' : 'shardsvr' };
}

function hostInfo({ node }: Call): Doc {
  return {
    system: {
      currentTime: new Date(node.shared.nowMs()),
      hostname: node.address,
      cpuAddrSize: 64,
      memSizeMB: long(4096),
      memLimitMB: long(4096),
      numCores: 4,
      cpuArch: 'x86_64',
      numaEnabled: false,
    },
    os: { type: 'Linux', name: 'Debian GNU/Linux 12 (bookworm)', version: 'Kernel 6.1' },
    extra: {},
  };
}

function killOp({ node, body }: Call): Doc {
  const opid = numberOf(body['op']);
  if (opid === undefined) throw failure('TypeMismatch', 'Did not provide "op" field');
  if (node.role.kind === 'mongod') node.role.member.operations.delete(opid);
  return { info: 'attempting to kill op' };
}

/** Read and write counts and microseconds of each collection since the start: from index usage, which is what this double keeps. */
function top({ node }: Call): Doc {
  if (node.role.kind !== 'mongod') return {};
  const { member, set } = node.role;
  const totals: Doc = { note: 'all times in microseconds' };
  for (const [database, collections] of set.catalog.databases) {
    for (const [name, collection] of collections) {
      const reads = [...collection.indexes.values()].reduce(
        (sum, index) => sum + member.usageOf(index).ops,
        0,
      );
      const used = (count: number): Doc => ({ time: long(count * 50), count: long(count) });
      totals[`${database}.${name}`] = {
        total: used(reads),
        readLock: used(reads),
        writeLock: used(0),
        queries: used(reads),
        getmore: used(0),
        insert: used(0),
        update: used(0),
        remove: used(0),
        commands: used(0),
      };
    }
  }
  return { totals };
}

function connPoolStats(): Doc {
  return {
    numClientConnections: 0,
    numAScopedConnections: 0,
    totalInUse: 0,
    totalAvailable: 0,
    totalCreated: 0,
    totalRefreshing: 0,
    hosts: {},
  };
}

/** Whole numbers of a list a client sent. */
export function numbersOf(value: unknown): readonly number[] {
  return listOf(value).flatMap((one) => numberOf(one) ?? []);
}
