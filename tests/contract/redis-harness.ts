import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { engine } from '../../collectors/redis/index.ts';
import { startTcpProxy, type TcpProxy } from '../support/net/tcp-proxy.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis/cluster.ts';
import { startSentinel } from '../support/redis/sentinel.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import type { Deployment, EngineHarness, TargetText } from './harness.ts';

/** A real Redis primary with a replica, persistence, evictions and a slow log, watched with the least-privileged user. */

const password = 'a-good-password';

export const harness: EngineHarness = {
  engine,
  start: async () => {
    const user = `reeve on >${password} ${aclRules()}`;
    const primary = await startRedis({
      name: 'contract',
      users: [user],
      config: {
        appendonly: 'yes',
        save: '900 1',
        maxmemory: '16mb',
        'maxmemory-policy': 'allkeys-lru',
        'latency-tracking': 'yes',
        'slowlog-log-slower-than': '0',
      },
    });
    // A backup as a nightly job keeps it.
    const kept = await createTempDir('contract-kept');
    await primary.command('SAVE');
    await copyFile(join(primary.folder, 'dump.rdb'), join(kept.path, 'nightly.rdb'));
    const link = await startTcpProxy({ targetPort: primary.port });
    const replica = await startRedis({
      name: 'contract-replica',
      replicaOf: primary,
      replicaOfPort: link.port,
      users: [user],
    });
    const sentinel = await startSentinel({ primary, name: 'contract' });
    const cluster = await startRedisCluster();
    await link.set({ kind: 'refuse' });
    const attached = await startRedis({ name: 'contract-attached', replicaOf: primary, users: [user] });
    return createDeployment({ primary, replica, attached, sentinel, cluster, link, kept });
  },
  version: '7.0.15',
  unreachable: {},
};

/** The rules of the user that the engine's own documentation tells people to create. */
function aclRules(): string {
  const statement = engine.grants.statements.find((text) => text.startsWith('ACL SETUSER'));
  if (statement === undefined) throw new Error('the grants of Redis hold no ACL SETUSER');
  return statement
    .replace(/^ACL SETUSER \S+/, '')
    .replace(/\bon\b/, '')
    .replace(/>\S+/, '')
    .trim();
}

interface Servers {
  readonly primary: RedisServer;
  /** Its link to the primary is cut. */
  readonly replica: RedisServer;
  /** Streams. */
  readonly attached: RedisServer;
  readonly sentinel: RedisServer;
  readonly cluster: RedisCluster;
  readonly link: TcpProxy;
  /** Backups of the primary. */
  readonly kept: TempDir;
}

function createDeployment({
  primary,
  replica,
  attached,
  sentinel,
  cluster,
  link,
  kept,
}: Servers): Deployment {
  const at = (port: number, secret = password): TargetText => ({
    target: {
      url: { env: 'CONTRACT_URL' },
      ...(port === primary.port ? { backups: { nightly: { kind: 'rdb', path: kept.path } } } : {}),
    },
    env: { CONTRACT_URL: `redis://reeve:${secret}@127.0.0.1:${port}` },
  });
  const throughSentinel: TargetText = {
    target: {
      sentinel: { name: 'contract', addresses: [`127.0.0.1:${sentinel.port}`] },
      username: 'reeve',
      password: { env: 'CONTRACT_PASSWORD' },
    },
    env: { CONTRACT_PASSWORD: password },
  };
  const wholeCluster: TargetText = {
    target: { url: { env: 'CONTRACT_URL' }, cluster: true },
    env: { CONTRACT_URL: cluster.nodes[0]?.url ?? '' },
  };
  return {
    port: primary.port,
    targets: [at(primary.port), at(replica.port), at(attached.port), throughSentinel, wholeCluster],
    through: at,
    withPassword: (canary) => at(primary.port, canary),
    work: async () => {
      for (let key = 0; key < 50; key += 1)
        await primary.command('SET', `key:${key}`, 'x'.repeat(1_000), 'EX', 100);
      for (let key = 0; key < 100; key += 1) await primary.command('GET', `key:${key}`);
      // Refused while one runs, which serves as well.
      await primary.command('BGSAVE').catch(() => undefined);
      await primary.command('AUTH', 'reeve', 'wrong').catch(() => undefined);
    },
    restart: () => primary.restart(),
    denyOne: async () => {
      await primary.command('ACL', 'SETUSER', 'reeve', '-slowlog|get');
      return { unknown: ['reeve_redis_slow_commands_total'] };
    },
    agentConnections: async () => {
      const clients = String(await primary.command('CLIENT', 'LIST'));
      return clients.split('\n').filter((line) => line.includes('user=reeve')).length;
    },
    [Symbol.asyncDispose]: async () => {
      for (const server of [cluster, sentinel, attached, replica, primary])
        await server[Symbol.asyncDispose]();
      await link.close();
      await kept.remove();
    },
  };
}
