import { Accounts, type RoleName, type UserSetup } from './accounts.ts';
import { answer } from './commands/dispatch.ts';
import type { ServerTls } from './listener.ts';
import {
  Catalog,
  type CollectionEntry,
  type CollectionSetup,
  type DatabaseSetup,
  splitNamespace,
} from './model/catalog.ts';
import type { Cluster, Shard } from './model/cluster.ts';
import type { Member, MemberSetup } from './model/member.ts';
import { ReplicaSet } from './model/replica-set.ts';
import { Node, type Shared } from './node.ts';

export interface DeploymentOptions {
  /** Whose shapes are answered: 4.4, 5.0, 6.0, 7.0 or 8.0. Default '8.0.4'. */
  readonly version?: string;
  /** By name. Absent: no access control. */
  readonly users?: Readonly<Record<string, UserSetup>>;
  readonly tls?: ServerTls;
  readonly databases?: DatabaseSetup;
  /** Of a standalone server; any free one otherwise. */
  readonly port?: number;
  /** The servers' time. Default the real one. */
  readonly clock?: { now(): number };
}

export interface ReplicaSetOptions extends DeploymentOptions {
  /** Default `rs0`. */
  readonly setName?: string;
  /** Default three: a primary and two secondaries. */
  readonly members?: readonly MemberSetup[];
}

export interface ShardSetup {
  readonly name: string;
  readonly members?: readonly MemberSetup[];
  /** What only this shard has, beside the sharded collections of the deployment. */
  readonly databases?: DatabaseSetup;
}

export interface ShardedOptions extends DeploymentOptions {
  readonly shards: readonly ShardSetup[];
  /** Routers. Default 1. */
  readonly mongos?: number;
  /** Users that the shards themselves hold; a cluster's users live on its config servers. Default the same as `users`. */
  readonly shardUsers?: Readonly<Record<string, UserSetup>>;
  /** Members of the config server set. Default 1. */
  readonly configMembers?: number;
}

/** A running deployment of the double: NOT mongod. Dispose of it to close every port. */
export interface Deployment extends AsyncDisposable {
  /** The address to give a collector, with the first user's credentials where there are users. */
  readonly uri: string;
  /** Every listening node: members by set, then routers. */
  readonly nodes: readonly Node[];
  /** The members' nodes of the (first) set. */
  readonly members: readonly Node[];
  /** The set of a replica set or standalone, the first shard's of a cluster. */
  readonly set: ReplicaSet;
  readonly accounts: Accounts | undefined;
  /** An address of one node or of all of them, as a user, with options of the connection string. */
  uriFor(choice?: UriChoice): string;
  /** The state of a member of {@link set}. */
  member(index: number): Member;
  /** The node of a member of {@link set}. */
  node(index: number): Node;
  /** `db.collection` of {@link set}. */
  collection(namespace: string): CollectionEntry;
  /** Uses an index `ops` times on one member of {@link set}. */
  use(namespace: string, indexName: string, ops: number, memberIndex?: number): void;
  /** Takes effect on open connections. */
  setRoles(user: string, roles: readonly RoleName[]): void;
  /** Open connections of all nodes, of one application where it is named. */
  connectionCount(appName?: string): number;
}

export interface UriChoice {
  readonly user?: string;
  readonly password?: string;
  /** Only this node, by directConnection. */
  readonly node?: Node;
  /** Query string without `?`. */
  readonly options?: string;
}

export interface ShardedDeployment extends Deployment {
  readonly cluster: Cluster;
  readonly routers: readonly Node[];
  shard(name: string): RunningShard;
}

/** A set with its listening members. */
export interface RunningShard extends Shard {
  readonly nodes: readonly Node[];
}

/** One mongod without a set. */
export async function startStandalone(options: DeploymentOptions = {}): Promise<Deployment> {
  const shared = shareOf(options);
  const shard = await startSet('', [{ state: 'PRIMARY' }], options, shared);
  return assemble(options, shared, shard, shard.nodes, '');
}

/** A replica set; elections, lag and heartbeats are steered on {@link Deployment.set}, faults on {@link Deployment.nodes}. */
export async function startReplicaSet(options: ReplicaSetOptions = {}): Promise<Deployment> {
  const shared = shareOf(options);
  const shard = await startSet(options.setName ?? 'rs0', options.members ?? [{}, {}, {}], options, shared);
  return assemble(options, shared, shard, shard.nodes, `replicaSet=${shard.set.name}`);
}

/**
 * Shards, config servers and routers.
 *
 * Collections of `databases` with a `shardKey` are made on the shards that their `chunks` name (all, one chunk each, where none are named),
 * the others on the first shard.
 */
export async function startSharded(options: ShardedOptions): Promise<ShardedDeployment> {
  const shared = shareOf(options);
  const configMembers = Array.from({ length: options.configMembers ?? 1 }, (): MemberSetup => ({}));
  const config = await startSet(
    'config',
    configMembers,
    { ...options, databases: { config: {} } },
    shared,
    () => cluster,
  );
  const cluster: Cluster = {
    shards: [],
    config,
    collections: new Map(),
    routers: [],
    balancer: { mode: 'full', inRound: false, rounds: 42 },
  };
  const onShards = options.shardUsers ? { ...shared, accounts: new Accounts(options.shardUsers) } : shared;
  const shards: RunningShard[] = [];
  for (const setup of options.shards) {
    const { databases: _databases, ...rest } = options;
    const own = setup.databases === undefined ? rest : { ...rest, databases: setup.databases };
    shards.push(await startSet(setup.name, setup.members ?? [{}, {}, {}], own, onShards, () => cluster));
  }
  cluster.shards.push(...shards);
  distribute(cluster, options.databases ?? {});
  const routers: Node[] = [];
  for (let index = 0; index < (options.mongos ?? 1); index += 1) {
    const router = new Node({ kind: 'mongos', cluster }, shared, options.tls, answer);
    await router.listener.start();
    routers.push(router);
  }
  cluster.routers.push(...routers);
  const [first] = shards;
  if (!first) throw new Error('a sharded cluster needs a shard');
  const nodes = [...config.nodes, ...shards.flatMap((shard) => shard.nodes), ...routers];
  const shard = (name: string): RunningShard => {
    const found = shards.find((one) => one.name === name);
    if (!found) throw new Error(`no shard ${name} in this double`);
    return found;
  };
  return { ...assemble(options, shared, first, nodes, '', routers), cluster, routers, shard };
}

function shareOf(options: DeploymentOptions): Shared {
  return {
    version: options.version ?? '8.0.4',
    nowMs: options.clock ? () => options.clock?.now() ?? Date.now() : () => Date.now(),
    accounts: options.users && new Accounts(options.users),
  };
}

async function startSet(
  name: string,
  members: readonly MemberSetup[],
  options: DeploymentOptions,
  shared: Shared,
  clusterOf: () => Cluster | undefined = () => undefined,
): Promise<RunningShard> {
  const catalog = new Catalog(shared.nowMs);
  catalog.addAll(options.databases ?? {});
  const set = new ReplicaSet(name, members, catalog, shared.nowMs);
  const nodes = set.members.map((member) => {
    // The cluster is made after its first set: it is looked up when a command asks for it.
    const role = { kind: 'mongod' as const, set, member, get cluster() { return clusterOf(); } }; // biome-ignore format: one role
    return new Node(role, shared, options.tls, answer);
  });
  for (const node of nodes) {
    await node.listener.start(options.port);
    set.addresses.push(node.address);
  }
  return { name, set, nodes };
}

function distribute(cluster: Cluster, databases: DatabaseSetup): void {
  for (const [database, collections] of Object.entries(databases)) {
    for (const [name, setup] of Object.entries(collections)) place(cluster, `${database}.${name}`, setup);
  }
}

function place(cluster: Cluster, namespace: string, setup: CollectionSetup): void {
  const { database, name } = splitNamespace(namespace);
  if (!setup.shardKey) {
    cluster.shards[0]?.set.catalog.add(database, name, setup);
    return;
  }
  const chunks = new Map(
    Object.entries(setup.chunks ?? Object.fromEntries(cluster.shards.map((shard) => [shard.name, 1]))),
  );
  cluster.collections.set(namespace, {
    namespace,
    key: setup.shardKey,
    unique: false,
    chunks,
    jumbo: new Map(),
  });
  for (const { name: shard, set } of cluster.shards)
    if (chunks.has(shard)) set.catalog.add(database, name, setup);
}

function assemble(
  options: DeploymentOptions,
  shared: Shared,
  { set, nodes: members }: RunningShard,
  nodes: readonly Node[],
  uriOptions: string,
  entry: readonly Node[] = nodes,
): Deployment {
  const [user, account] = Object.entries(options.users ?? {})[0] ?? [];
  const uriFor = (choice: UriChoice = {}): string => {
    const name = choice.user ?? user;
    const password =
      choice.password ??
      (choice.user === undefined ? account?.password : options.users?.[choice.user]?.password) ??
      '';
    const credentials =
      name === undefined ? '' : `${encodeURIComponent(name)}:${encodeURIComponent(password)}@`;
    const hosts = choice.node ? choice.node.address : entry.map(({ address }) => address).join(',');
    const query = [
      choice.node ? 'directConnection=true' : uriOptions,
      name === undefined ? '' : 'authSource=admin',
      options.tls ? 'tls=true' : '',
      choice.options ?? '',
    ].filter((part) => part !== '');
    return `mongodb://${credentials}${hosts}/${query.length > 0 ? `?${query.join('&')}` : ''}`;
  };
  const node = (index: number): Node => {
    const found = members[index];
    if (!found) throw new Error(`no member ${index} in this double`);
    return found;
  };
  return {
    uri: uriFor(),
    nodes,
    members,
    set,
    accounts: shared.accounts,
    uriFor,
    node,
    member: (index) => set.member(index),
    collection: (namespace) => set.catalog.get(namespace),
    use: (namespace, indexName, ops, memberIndex = 0) =>
      set.member(memberIndex).use(set.catalog.get(namespace), indexName, ops),
    setRoles: (name, roles) => shared.accounts?.setRoles(name, roles),
    connectionCount: (appName) =>
      nodes
        .flatMap((one) => one.connections())
        .filter((one) => appName === undefined || one.appName === appName).length,
    async [Symbol.asyncDispose]() {
      for (const one of nodes) {
        one.faults.resume();
        await one.listener.stop();
      }
    },
  };
}
