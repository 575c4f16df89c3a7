import { findFreePort } from '../net/free-port.ts';
import { waitUntil } from '../wait-until.ts';
import { parseInfo, type RedisServer, startRedis } from './server.ts';

export interface RedisCluster extends AsyncDisposable {
  /** Three primaries, a third of the slots each, no replicas. */
  readonly nodes: readonly RedisServer[];
}

export interface ClusterOptions {
  /** Added to every node's redis.conf. */
  readonly config?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const SLOT_RANGES = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const;

/** Starts a Redis Cluster and waits until every node calls its state ok (about two seconds). */
export async function startRedisCluster(options: ClusterOptions = {}): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
  };
  try {
    const busPorts: number[] = [];
    for (const [first, last] of SLOT_RANGES) {
      const busPort = await findFreePort();
      const node = await startNode(busPort, options);
      nodes.push(node);
      busPorts.push(busPort);
      await node.command('CLUSTER', 'ADDSLOTSRANGE', first, last);
      await node.command('CLUSTER', 'SET-CONFIG-EPOCH', nodes.length);
    }
    for (const [index, node] of nodes.entries()) {
      await nodes[0]?.command('CLUSTER', 'MEET', '127.0.0.1', node.port, busPorts[index] ?? 0);
    }
    await waitUntil('the cluster to be ok', () => isWhole(nodes), {
      timeoutMs: 20_000,
      everyMs: 50,
      signal: options.signal,
    });
    return { nodes, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The bus's port is chosen apart: its default is the port plus 10,000, which may be taken. */
function startNode(busPort: number, options: ClusterOptions): Promise<RedisServer> {
  const config = {
    'cluster-enabled': 'yes',
    'cluster-port': String(busPort),
    'cluster-node-timeout': '2000',
    ...options.config,
  };
  return startRedis({ name: 'redis-cluster', config, ...(options.signal ? { signal: options.signal } : {}) });
}

async function isWhole(nodes: readonly RedisServer[]): Promise<boolean> {
  for (const node of nodes) {
    const info = parseInfo(String(await node.command('CLUSTER', 'INFO')));
    if (info.get('cluster_state') !== 'ok' || info.get('cluster_known_nodes') !== '3') return false;
  }
  return true;
}
