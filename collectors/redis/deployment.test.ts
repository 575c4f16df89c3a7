import { describe, expect, it, onTestFinished } from 'vitest';
import { startTcpProxy } from '../../tests/support/net/tcp-proxy.ts';
import { startRedisCluster } from '../../tests/support/redis/cluster.ts';
import { startSentinel } from '../../tests/support/redis/sentinel.ts';
import { type RedisServer, startRedis } from '../../tests/support/redis/server.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';
import { type Watching, watchTarget } from '../../tests/support/watching.ts';
import { engine } from './index.ts';
import { byGroup, lines, valueOf } from './testing/fixture-engine.ts';

const lagSeconds = 'reeve_replication_lag_seconds';
const seconds = 1_000;

async function start(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

function watch(target: Readonly<Record<string, unknown>>): Watching {
  const watching = watchTarget({ engine, target });
  onTestFinished(() => watching.watch.close());
  return watching;
}

/** Lag of the only replica in a new collection, without the slow groups. */
async function lag(watching: Watching, metric = lagSeconds): Promise<number | undefined> {
  return valueOf(byGroup(await watching.collect(false))('replication'), metric);
}

/** Writes without pause until the test ends or says so. */
function writeTo(server: RedisServer): () => Promise<void> {
  const stop = new AbortController();
  const writing = (async () => {
    for (let count = 0; !stop.signal.aborted; count += 1) {
      await server.command('SET', 'key', 'x'.repeat(1_000) + count);
    }
  })();
  const end = async (): Promise<void> => {
    stop.abort();
    await writing;
  };
  onTestFinished(end);
  return end;
}

describe('replication lag', () => {
  it('grows while a replica is frozen and ends when it has caught up', {
    timeout: 30 * seconds,
  }, async () => {
    const primary = await start();
    const replica = await start({ replicaOf: primary });
    const watching = watch({ url: primary.url });
    const endWriting = writeTo(primary);
    await waitUntil('the lag to be known', async () => (await lag(watching)) !== undefined, { everyMs: 100 });

    const live = await lag(watching);
    const frozenAtMs = performance.now();
    replica.freeze();
    const grown = await waitUntil(
      'a lag above two seconds',
      async () => {
        const value = await lag(watching);
        return value !== undefined && value > 2 ? value : undefined;
      },
      { everyMs: 100 },
    );
    const frozenSeconds = (performance.now() - frozenAtMs) / 1000;
    const claimed = (await primary.info('replication')).get('slave0');
    replica.thaw();
    await endWriting();
    const caughtUp = await waitUntil('the lag to end', async () => (await lag(watching)) === 0, {
      everyMs: 100,
    });

    expect(live).toBeLessThan(1);
    // It may have been behind by up to an acknowledgement when it was frozen, and no more.
    expect(grown).toBeLessThan(frozenSeconds + 1.6);
    expect(claimed).toMatch(/state=online/);
    expect(caughtUp).toBe(true);
  });

  it('is 0 on an idle primary', async () => {
    const primary = await start({ config: { 'repl-ping-replica-period': '1' } });
    const replica = await start({ replicaOf: primary });
    const watching = watch({ url: primary.url });
    await waitUntil('the first acknowledgement', async () => (await lag(watching)) === 0);

    const lags: (number | undefined)[] = [];
    const untilMs = performance.now() + 2_500;
    await waitUntil('pings to pass', async () => {
      lags.push(await lag(watching));
      return performance.now() > untilMs;
    });

    expect(new Set(lags)).toEqual(new Set([0]));
    expect(lines(byGroup(watching.latest())('replication'))).toContain(
      `${lagSeconds}{127.0.0.1:${replica.port}} 0`,
    );
  });

  it('grows while the link hangs and is unknown once the primary has dropped the replica', {
    timeout: 30 * seconds,
  }, async () => {
    const primary = await start();
    const link = await startTcpProxy({ targetPort: primary.port });
    onTestFinished(() => link.close());
    await start({ replicaOf: primary, replicaOfPort: link.port });
    const watching = watch({ url: primary.url });
    await waitUntil('the first acknowledgement', async () => (await lag(watching)) === 0);

    await link.set({ kind: 'hang' });
    await primary.command('SET', 'lost', 'write');
    await waitUntil('a growing lag', async () => ((await lag(watching)) ?? 0) > 2, { everyMs: 200 });
    const [grown = 0, bytes = 0] = [await lag(watching), await lag(watching, 'reeve_replication_lag_bytes')];
    await link.set({ kind: 'refuse' });
    await waitUntil('the primary to drop the replica', async () => {
      await watching.collect(false);
      return valueOf(byGroup(watching.latest())('replication'), 'reeve_redis_connected_replicas') === 0;
    });

    expect(grown).toBeGreaterThan(2);
    expect(bytes).toBeGreaterThan(0);
    expect(valueOf(byGroup(watching.latest())('replication'), lagSeconds)).toBeUndefined();
  });
});

describe('Sentinel', () => {
  it('leads to the primary and its replicas, and through a failover', { timeout: 40 * seconds }, async () => {
    const primary = await start();
    const replica = await start({ replicaOf: primary });
    const sentinel = await startSentinel({ primary, name: 'orders' });
    onTestFinished(() => sentinel[Symbol.asyncDispose]());
    await waitUntil('Sentinel to know the replica', async () =>
      String(await sentinel.command('SENTINEL', 'REPLICAS', 'orders')).includes(String(replica.port)),
    );
    const watching = watch({
      sentinel: { name: 'orders', addresses: ['127.0.0.1:1', `127.0.0.1:${sentinel.port}`] },
    });
    const [a, b] = [`127.0.0.1:${primary.port}`, `127.0.0.1:${replica.port}`];

    await waitUntil('Sentinel to reach the replica', async () =>
      lines(byGroup(await watching.collect())('sentinel')).includes('reeve_redis_sentinel_replicas{up} 1'),
    );
    await primary.command('SET', 'key', 'value');
    await primary.command('GET', 'key');
    const before = await watching.collect();
    await primary.stop('SIGKILL');
    const after = await waitUntil(
      'the failover',
      async () => {
        const snapshot = await watching.collect();
        return snapshot.server.port === replica.port && snapshot.server.role !== 'replica'
          ? snapshot
          : undefined;
      },
      { timeoutMs: 30_000, everyMs: 200 },
    );

    expect(before.server).toMatchObject({ port: primary.port, role: 'primary' });
    expect(lines(byGroup(before)('availability'))).toEqual(
      expect.arrayContaining([`reeve_redis_is_primary{${a}} 1`, `reeve_redis_is_primary{${b}} 0`]),
    );
    expect(valueOf(byGroup(before)('cache'), 'reeve_redis_cache_hit_ratio')).toBe(1);
    expect(lines(byGroup(before)('sentinel'))).toEqual([
      'reeve_redis_sentinel_primary_up{} 1',
      'reeve_redis_sentinel_quorum{} 1',
      'reeve_redis_sentinels{} 1',
      'reeve_redis_sentinel_replicas{up} 1',
      'reeve_redis_sentinel_replicas{down} 0',
      'reeve_redis_sentinel_quorum_ok{} 1',
    ]);
    expect(lines(byGroup(after)('availability'))).toEqual(
      expect.arrayContaining([`reeve_redis_node_up{${a}} 0`, `reeve_redis_is_primary{${b}} 1`]),
    );
    expect(byGroup(after)('memory')).toMatchObject({
      state: 'partial',
      errors: [{ subject: a, code: 'unreachable' }],
    });
  });

  it('makes known how far a replica is behind whose link is cut', { timeout: 30 * seconds }, async () => {
    const primary = await start();
    const link = await startTcpProxy({ targetPort: primary.port });
    onTestFinished(() => link.close());
    const replica = await start({ replicaOf: primary, replicaOfPort: link.port });
    const sentinel = await startSentinel({ primary, name: 'orders', downAfterMs: 60_000 });
    onTestFinished(() => sentinel[Symbol.asyncDispose]());
    await waitUntil('Sentinel to know the replica', async () =>
      String(await sentinel.command('SENTINEL', 'REPLICAS', 'orders')).includes(String(replica.port)),
    );
    const watching = watch({ sentinel: { name: 'orders', addresses: [`127.0.0.1:${sentinel.port}`] } });
    await waitUntil('the first acknowledgement', async () => (await lag(watching)) === 0);

    await link.set({ kind: 'refuse' });
    await primary.command('SET', 'lost', 'write');
    const behind = await waitUntil(
      'a growing lag',
      async () => {
        const value = await lag(watching);
        return value !== undefined && value > 1.5 ? value : undefined;
      },
      { everyMs: 200 },
    );

    expect(behind).toBeGreaterThan(1.5);
    expect(lines(byGroup(watching.latest())('replication'))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(`reeve_replication_lag_bytes\\{127.0.0.1:${replica.port}\\} [1-9]`),
        `reeve_redis_replication_link_up{127.0.0.1:${replica.port}} 0`,
      ]),
    );
  });
});

describe('a Redis Cluster', () => {
  it('is discovered from one node; a dead node costs itself and the common hit ratio', {
    timeout: 40 * seconds,
  }, async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const [first, second, third] = cluster.nodes;
    if (!first || !second || !third) throw new Error('three nodes');
    const watching = watch({ url: first.url, cluster: true });

    await watching.collect();
    // Keys b, c and a live on the first, second and third node.
    for (const [node, key] of [
      [first, 'b'],
      [second, 'c'],
      [third, 'a'],
    ] as const)
      await node.command('GET', key);
    const whole = await watching.collect();
    await third.stop('SIGKILL');
    const broken = await watching.collect();

    expect(
      lines(byGroup(whole)('cluster')).filter((line) => /state_ok|slots\{.*assigned/.test(line)),
    ).toHaveLength(6);
    expect(valueOf(byGroup(whole)('cluster'), 'reeve_redis_cluster_state_ok')).toBe(1);
    expect(byGroup(whole)('cache').samples.at(-1)).toMatchObject({ value: 0, basis: 3 });
    expect(broken.up).toBe(true);
    expect(lines(byGroup(broken)('availability'))).toContain(
      `reeve_redis_node_up{127.0.0.1:${third.port}} 0`,
    );
    expect(byGroup(broken)('cache').state).toBe('partial');
    expect(valueOf(byGroup(broken)('cache'), 'reeve_redis_cache_hit_ratio')).toBeUndefined();
  });
});
