import { CollectError, toCollectError } from '../../src/sdk.ts';
import {
  type Address,
  type Command,
  type Connect,
  type Connection,
  formatAddress,
  type Outcome,
  parseAddress,
} from './connection.ts';

/** Who belongs to a deployment. */
export interface Members {
  readonly nodes: readonly Address[];
  /** Names (`host:port`) of the servers that take lookups; undefined when that is whatever server was named. */
  readonly primaries: ReadonlySet<string> | undefined;
}

/** Finds out who belongs to a deployment. */
export interface Topology {
  /** @throws {CollectError} when nobody can say and nobody ever could. */
  discover(signal: AbortSignal): Promise<Members>;
  close(): void;
}

/** One server, whatever its role. */
export function singleServer(address: Address): Topology {
  return { discover: async () => ({ nodes: [address], primaries: undefined }), close: () => undefined };
}

/** What the latest question to a Sentinel gave. */
export interface SentinelReading {
  readonly primary: ReadonlyMap<string, string>;
  readonly replicas: readonly ReadonlyMap<string, string>[];
  readonly quorum: Outcome;
}

/** A primary that Sentinel watches, and its replicas. Follows failovers: asked at every poll. */
export class SentinelTopology implements Topology {
  readonly #name: string;
  readonly #addresses: readonly Address[];
  readonly #connect: Connect;
  #connection: Connection | undefined;
  #members: Members | undefined;
  #latest: SentinelReading | CollectError = new CollectError('unreachable', 'no Sentinel was asked yet');

  constructor(name: string, addresses: readonly Address[], connect: Connect) {
    this.#name = name;
    this.#addresses = addresses;
    this.#connect = connect;
  }

  /** @throws {CollectError} when no Sentinel answered. */
  latest(): SentinelReading {
    if (this.#latest instanceof CollectError) throw this.#latest;
    return this.#latest;
  }

  async discover(signal: AbortSignal): Promise<Members> {
    try {
      this.#members = await this.#ask(await this.#open(signal), signal);
    } catch (thrown) {
      this.#latest = toCollectError(thrown);
      if (this.#members === undefined) throw thrown;
    }
    return this.#members;
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #open(signal: AbortSignal): Promise<Connection> {
    if (this.#connection?.isOpen) return this.#connection;
    this.close();
    let failure = new CollectError('unreachable', 'no Sentinel is configured');
    for (const address of this.#addresses) {
      try {
        this.#connection = await this.#connect(address, 'sentinel', signal);
        return this.#connection;
      } catch (thrown) {
        failure = toCollectError(thrown);
      }
    }
    throw failure;
  }

  async #ask(connection: Connection, signal: AbortSignal): Promise<Members> {
    const commands = ['GET-MASTER-ADDR-BY-NAME', 'MASTER', 'REPLICAS', 'CKQUORUM'] as const;
    const [address, primary, replicas, quorum] = await connection.pipeline(
      commands.map((name): Command => ['SENTINEL', name, this.#name]),
      signal,
    );
    const found = parsePair(replyOf(address));
    if (found === undefined) {
      throw new CollectError('unsupported', `Sentinel watches no primary named "${this.#name}"`);
    }
    const known = listOf(replyOf(replicas)).map(toFields);
    this.#latest = {
      primary: toFields(replyOf(primary)),
      replicas: known,
      quorum: quorum ?? { reply: undefined },
    };
    const others = known.flatMap((fields) => parsePair([fields.get('ip'), fields.get('port')]) ?? []);
    const name = formatAddress(found);
    return {
      nodes: [found, ...others.filter((other) => formatAddress(other) !== name)],
      primaries: new Set([name]),
    };
  }
}

/** All nodes of a Redis Cluster, asked from any that answers. */
export class ClusterTopology implements Topology {
  readonly #connect: Connect;
  readonly #seed: Address;
  #members: Members | undefined;
  #connection: Connection | undefined;

  constructor(seed: Address, connect: Connect) {
    this.#seed = seed;
    this.#connect = connect;
  }

  async discover(signal: AbortSignal): Promise<Members> {
    const failures: CollectError[] = [];
    for (const address of this.#candidates()) {
      try {
        if (!this.#connection?.isOpen) {
          this.close();
          this.#connection = await this.#connect(address, 'server', signal);
        }
        const reply = await this.#connection.call(['CLUSTER', 'NODES'], signal);
        this.#members = parseClusterNodes(String(reply), this.#seed);
        return this.#members;
      } catch (thrown) {
        this.close();
        failures.push(toCollectError(thrown));
        if (signal.aborted) break;
      }
    }
    if (this.#members !== undefined) return this.#members;
    throw failures[0] ?? new CollectError('unreachable', 'no node of the cluster is known');
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  #candidates(): readonly Address[] {
    const seed = formatAddress(this.#seed);
    const others = (this.#members?.nodes ?? []).filter((node) => formatAddress(node) !== seed);
    return [this.#seed, ...others.slice(0, 2)];
  }
}

/** Parses `CLUSTER NODES`; a node that does not know its own address stands under the seed's. */
export function parseClusterNodes(reply: string, seed: Address): Members {
  const nodes = new Map<string, Address>();
  const primaries = new Set<string>();
  for (const line of reply.split('\n')) {
    const [, endpoint = '', flagList = '', , , , , , ...slots] = line.trim().split(' ');
    const flags = new Set(flagList.split(','));
    if (endpoint === '' || flags.has('noaddr') || flags.has('handshake')) continue;
    const text = endpoint.split('@')[0] ?? '';
    const colon = text.lastIndexOf(':');
    const host = text.slice(0, colon);
    const port = Number(text.slice(colon + 1));
    const address = { host: host === '' ? seed.host : host, port: port > 0 ? port : seed.port };
    const name = formatAddress(address);
    nodes.set(name, address);
    const serves = slots.some((slot) => slot !== '' && !slot.startsWith('['));
    if (flags.has('master') && serves) primaries.add(name);
  }
  return { nodes: [...nodes.values()], primaries };
}

function replyOf(outcome: Outcome | undefined): unknown {
  if (outcome?.error) throw outcome.error;
  return outcome?.reply;
}

function listOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}

function parsePair(reply: unknown): Address | undefined {
  const [host, port] = listOf(reply);
  if (typeof host !== 'string' || host === '') return undefined;
  return parseAddress(formatAddress({ host, port: Number(port) }));
}

/** `[field, value, field, value]` as a map. */
function toFields(reply: unknown): ReadonlyMap<string, string> {
  const list = listOf(reply);
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < list.length; index += 2)
    fields.set(String(list[index]), String(list[index + 1]));
  return fields;
}
