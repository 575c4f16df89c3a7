import { waitUntil } from '../wait-until.ts';
import { type RedisServer, startRedisProcess } from './server.ts';

export interface SentinelOptions {
  readonly primary: RedisServer;
  /** Of the watched group. Default `main`. */
  readonly name?: string;
  /** Default 1. */
  readonly quorum?: number;
  /** After this silence the primary counts as down. Default 1,000. */
  readonly downAfterMs?: number;
  readonly signal?: AbortSignal;
}

/** Starts a Sentinel that watches a primary. `command('SENTINEL', ...)` asks it; it finds replicas and other Sentinels by itself. */
export async function startSentinel(options: SentinelOptions): Promise<RedisServer> {
  const { primary, name = 'main', quorum = 1, downAfterMs = 1_000, signal } = options;
  const config = {
    // The first directive makes the group, the others speak of it.
    'sentinel monitor': `${name} 127.0.0.1 ${primary.port} ${quorum}`,
    'sentinel down-after-milliseconds': `${name} ${downAfterMs}`,
    'sentinel failover-timeout': `${name} 5000`,
    ...(primary.password === undefined ? {} : { 'sentinel auth-pass': `${name} ${primary.password}` }),
  };
  const sentinel = await startRedisProcess({ name: 'sentinel', config, ...(signal ? { signal } : {}) }, [
    '--sentinel',
  ]);
  await waitUntil('the Sentinel to see its primary', async () => {
    const info = await sentinel.info('sentinel');
    return info.get('master0')?.includes('status=ok');
  });
  return sentinel;
}
