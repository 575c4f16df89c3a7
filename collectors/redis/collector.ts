import { setMaxListeners } from 'node:events';
import {
  CollectError,
  type Collector,
  type CollectorInput,
  type ServerIdentity,
  toCollectError,
} from '../../src/sdk.ts';
import { tryAssumptions } from './assumptions.ts';
import { readAvailability } from './availability.ts';
import { readBackups } from './backups/backup-group.ts';
import { BackupLister } from './backups/list-backups.ts';
import { foldersOf } from './backups/server-folders.ts';
import { BiggestKeys } from './biggest-keys.ts';
import { readCache, recordHitRatio } from './cache.ts';
import { checkNodes } from './check.ts';
import { readClients } from './clients.ts';
import { readCluster } from './cluster.ts';
import { readCommands } from './commands.ts';
import type { RedisOptions } from './config.ts';
import { configurationReader } from './configuration.ts';
import { type Address, type Connect, formatAddress, parseAddress } from './connection.ts';
import { readErrors } from './errors.ts';
import type { NodeGroup } from './fields.ts';
import type { RedisGroup } from './groups.ts';
import { readKeyspace } from './keyspace.ts';
import { readLatency } from './latency.ts';
import { readMemory } from './memory.ts';
import type { RedisContext, RedisMetrics } from './metrics.ts';
import { identityOf, type NodeReading, RedisNode } from './node.ts';
import { readPersistence } from './persistence.ts';
import { readReplication, recordCutOffReplicas } from './replication.ts';
import { recordSentinel } from './sentinel.ts';
import { readSlowlog } from './slowlog.ts';
import { targetConnect } from './target-connect.ts';
import { ClusterTopology, type Members, SentinelTopology, singleServer, type Topology } from './topology.ts';
import { parseRedisUrl } from './url.ts';

const sentinelPort = 26_379;
/** A hung server of a deployment must leave time for the others. */
const longestWaitMs = 4_000;

/** Makes the collector of one deployment; connects to nothing yet. */
export async function createRedisCollector(
  input: CollectorInput<RedisOptions>,
  connectTo?: Connect,
): Promise<Collector<RedisMetrics, RedisGroup>> {
  const { options, target } = input;
  const url = options.url === undefined ? undefined : parseRedisUrl(options.url);
  const connect =
    connectTo ??
    targetConnect(options, url, {
      connectionName: input.applicationName,
      timeLimitMs: Math.min(longestWaitMs, target.deadlineMs),
      ...(input.onAnswer === undefined ? {} : { onAnswer: input.onAnswer }),
    });
  return new RedisCollector(input, connect, topologyOf(options, url?.address, connect));
}

export function topologyOf(options: RedisOptions, address: Address | undefined, connect: Connect): Topology {
  if (options.sentinel !== undefined) {
    const addresses = options.sentinel.addresses.flatMap((text) => parseAddress(text, sentinelPort) ?? []);
    return new SentinelTopology(options.sentinel.name, addresses, connect);
  }
  if (address === undefined) throw new CollectError('malformed', 'a Redis target needs a url or sentinel');
  return options.cluster ? new ClusterTopology(address, connect) : singleServer(address);
}

class RedisCollector implements Collector<RedisMetrics, RedisGroup> {
  readonly #input: CollectorInput<RedisOptions>;
  readonly #connect: Connect;
  readonly #topology: Topology;
  readonly #nodes = new Map<string, RedisNode>();
  readonly #background = new AbortController();
  readonly #readers: Readonly<Partial<Record<RedisGroup, NodeGroup>>>;
  readonly #backups: BackupLister;
  #members: Members = { nodes: [], primaries: undefined };

  constructor(input: CollectorInput<RedisOptions>, connect: Connect, topology: Topology) {
    this.#input = input;
    this.#connect = connect;
    this.#topology = topology;
    const { top, every, serverTime, keysPerSecond, enabled } = input.options.biggestKeys;
    const budget = { top, everyMs: every, serverTimeMs: serverTime, keysPerSecond };
    const biggestKeys = new BiggestKeys(budget, input.clock, input.background);
    const isWalked = (node: RedisNode): boolean => this.#members.primaries?.has(node.name) ?? true;
    this.#readers = {
      availability: readAvailability,
      cache: readCache,
      memory: readMemory,
      clients: readClients,
      commands: readCommands,
      errors: readErrors,
      latency: readLatency,
      slowlog: readSlowlog,
      replication: readReplication,
      persistence: readPersistence,
      keyspace: readKeyspace,
      cluster: readCluster,
      configuration: configurationReader(input.target.workload),
      ...(enabled ? { biggest_keys: biggestKeys.reader(isWalked, this.#background.signal) } : {}),
    };
    this.#backups = new BackupLister(input.options.backups);
    setMaxListeners(0, this.#background.signal);
  }

  async open(signal: AbortSignal): Promise<ServerIdentity> {
    setMaxListeners(0, signal); // one listener a server
    this.#members = await this.#topology.discover(signal);
    this.#adopt(this.#members.nodes);
    const nodes = [...this.#nodes.values()];
    const results = await Promise.allSettled(nodes.map((node) => node.refresh(signal)));
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [toCollectError(result.reason)] : [],
    );
    const living = nodes.flatMap((node, index) => {
      const result = results[index];
      return result?.status === 'fulfilled' ? [{ node, reading: result.value }] : [];
    });
    const main = living.find(({ node }) => this.#members.primaries?.has(node.name)) ?? living[0];
    if (main !== undefined) return identityOf(main.node, main.reading);
    throw failures.find(({ code }) => code === 'denied') ?? failures[0] ?? noServer(this.#input.target.id);
  }

  async read(group: RedisGroup, context: RedisContext): Promise<void> {
    if (group === 'sentinel') {
      if (this.#topology instanceof SentinelTopology) recordSentinel(this.#topology.latest(), context);
      return;
    }
    if (group === 'backups') return this.#readBackups(context);
    const reader = this.#readers[group];
    if (reader === undefined) return;
    const [first, ...others] = this.#nodes.values();
    if (first === undefined) throw noServer(this.#input.target.id);
    if (others.length === 0) await this.#readNode(reader, first, context);
    else await this.#readEach(group, reader, context);
    if (group === 'cache') recordHitRatio(await this.#primaries(context), context);
    if (group === 'replication' && others.length > 0)
      recordCutOffReplicas(await this.#living(context), context);
  }

  check(signal: AbortSignal): ReturnType<typeof checkNodes> {
    return checkNodes([...this.#nodes.values()], this.#input, signal);
  }

  assumptions(signal: AbortSignal): ReturnType<typeof tryAssumptions> {
    return tryAssumptions([...this.#nodes.values()], this.#input.clock, signal);
  }

  async close(): Promise<void> {
    this.#background.abort();
    this.#topology.close();
    this.#adopt([]);
  }

  #readBackups(context: RedisContext): Promise<void> {
    const { options, target } = this.#input;
    return readBackups(
      {
        lister: this.#backups,
        chains: Object.keys(options.backups),
        workload: target.workload,
        serverFolders: () => foldersOf([...this.#nodes.values()], context.signal),
      },
      context,
    );
  }

  async #readNode(reader: NodeGroup, node: RedisNode, context: RedisContext): Promise<void> {
    await reader(node, await node.reading(context.now, context.signal), context);
  }

  async #readEach(group: RedisGroup, reader: NodeGroup, context: RedisContext): Promise<void> {
    for (const node of this.#nodes.values()) {
      let answered = false;
      await context.attempt(node.name, async (inner) => {
        const reading = await node.reading(context.now, context.signal);
        answered = true;
        await reader(node, reading, inner);
      });
      if (group === 'availability' && !answered) context.record('nodeUp', 0, { node: node.name });
    }
  }

  /** The servers whose lookups make the hit ratio; undefined stands for one that did not answer. */
  async #primaries(context: RedisContext): Promise<readonly (RedisNode | undefined)[]> {
    const living = await this.#living(context);
    const { primaries } = this.#members;
    if (primaries === undefined) return living.map(({ node }) => node);
    return [...primaries].map(
      (name) => living.find(({ node, info }) => node.name === name && info.text('role') === 'master')?.node,
    );
  }

  /** Servers that answered in this poll. */
  async #living(
    context: RedisContext,
  ): Promise<readonly { readonly node: RedisNode; readonly info: NodeReading['info'] }[]> {
    const nodes = [...this.#nodes.values()];
    const results = await Promise.allSettled(nodes.map((node) => node.reading(context.now, context.signal)));
    return nodes.flatMap((node, index) => {
      const result = results[index];
      return result?.status === 'fulfilled' ? [{ node, info: result.value.info }] : [];
    });
  }

  /** Keeps what is known of servers that stay, and lets go of those that left. */
  #adopt(addresses: readonly Address[]): void {
    const names = new Set(addresses.map(formatAddress));
    for (const [name, node] of this.#nodes) {
      if (names.has(name)) continue;
      node.close();
      this.#nodes.delete(name);
    }
    const { clock, target } = this.#input;
    for (const address of addresses) {
      const name = formatAddress(address);
      if (!this.#nodes.has(name)) this.#nodes.set(name, new RedisNode(address, this.#connect, clock, target));
    }
  }
}

function noServer(target: string): CollectError {
  return new CollectError('unreachable', `target "${target}" has no server`);
}
