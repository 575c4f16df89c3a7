import { existsSync, statSync } from 'node:fs';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { requireProgram } from '../debian.ts';
import { startTcpProxy } from '../net/tcp-proxy.ts';
import { waitUntil } from '../wait-until.ts';
import { startRedisCluster } from './cluster.ts';
import { startSentinel } from './sentinel.ts';
import { startRedis } from './server.ts';

const isInstalled = requireProgram('redis-server').path !== undefined;

describe.skipIf(!isInstalled)('startRedis', { timeout: 30_000 }, () => {
  it('starts, answers, takes configuration and leaves nothing', async () => {
    const server = await startRedis({ config: { maxmemory: '12mb', requirepass: 'p@ss' } });

    const info = await server.info();
    const reply = await server.command('ECHO', 'hello');
    const client = new Redis(server.url, { lazyConnect: true });
    const viaUrl = await client.ping();
    client.disconnect();
    await server[Symbol.asyncDispose]();

    expect(reply).toBe('hello');
    expect(viaUrl).toBe('PONG');
    expect(info.get('maxmemory')).toBe('12582912');
    expect(existsSync(server.folder)).toBe(false);
  });

  it('knows ACL users', async () => {
    await using server = await startRedis({ users: ['agent on >secret ~* -@all +info'] });
    const client = new Redis(server.urlFor('agent', 'secret'), {
      lazyConnect: true,
      enableReadyCheck: false,
    });

    const info = await client.info('server');
    const denied = client.get('key');

    expect(info).toContain('redis_version');
    await expect(denied).rejects.toThrow(/NOPERM/);
    client.disconnect();
  });

  it('synchronises a replica, whose link can be cut', async () => {
    await using primary = await startRedis({ config: { requirepass: 'secret' } });
    await using link = await startTcpProxy({ targetPort: primary.port });
    await primary.command('SET', 'key', 'value');

    await using replica = await startRedis({ replicaOf: primary, replicaOfPort: link.port });
    const copied = await replica.command('GET', 'key');
    await link.set({ kind: 'refuse' });
    await waitUntil('the link to be down', async () => {
      const info = await replica.info('replication');
      return info.get('master_link_status') === 'down';
    });

    expect(copied).toBe('value');
  });

  it.skipIf(process.getuid?.() !== 0)('does not run as root', async () => {
    await using server = await startRedis();

    expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0);
    expect(statSync(server.folder).uid).not.toBe(0);
  });

  it('shows the log of a server that does not start', async () => {
    const started = startRedis({ config: { maxmemory: 'plenty' } });

    await expect(started).rejects.toThrow(/argument must be a memory value/);
  });

  it('comes back on its port after a crash and after being frozen', async () => {
    await using server = await startRedis();
    const { pid, port } = server;

    server.freeze();
    server.thaw();
    await server.stop('SIGKILL');
    await expect(server.command('PING')).rejects.toThrow();
    await server.restart();

    expect(await server.command('PING')).toBe('PONG');
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
  });
});

describe.skipIf(!isInstalled)('startSentinel', { timeout: 30_000 }, () => {
  it('watches a primary', async () => {
    await using primary = await startRedis({ config: { requirepass: 'secret' } });
    await using sentinel = await startSentinel({ primary, name: 'orders' });

    const address = await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'orders');

    expect(address).toEqual(['127.0.0.1', String(primary.port)]);
  });
});

describe.skipIf(!isInstalled)('startRedisCluster', { timeout: 30_000 }, () => {
  it('spreads all slots over three primaries', async () => {
    await using cluster = await startRedisCluster();
    const client = new Redis.Cluster(
      cluster.nodes.map((node) => ({ host: node.host, port: node.port })),
      { lazyConnect: true },
    );

    await client.connect();
    const writes = await Promise.all(['a', 'b', 'c', 'd'].map((key) => client.set(key, 'x')));
    client.disconnect();

    expect(writes).toEqual(['OK', 'OK', 'OK', 'OK']);
  });
});
