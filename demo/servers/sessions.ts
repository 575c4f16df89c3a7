import { engine } from '../../collectors/redis/index.ts';
import { installDebianPackages, requireProgram } from '../../tests/support/debian.ts';
import { type RedisServer, startRedis } from '../../tests/support/redis/server.ts';
import { targets } from '../agent-config.ts';
import type { Cast } from '../cast.ts';
import { fillCache } from './cache-data.ts';
import { makePassword } from './logins.ts';
import type { Urls } from './orders.ts';

/** The Redis of the demo: a cache and its replica. */
export interface SessionsServers {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly cast: Cast;
  /** For the application, and for whoever wants to look around with redis-cli. */
  readonly shopUrls: Urls;
}

/** Small enough that the demo fills it. */
const cacheLimitBytes = 24 * 1024 * 1024;

/**
 * Makes sure that there is a redis-server, by installing Debian's package where that is allowed.
 *
 * @returns undefined when it is there, otherwise what is missing and the command that installs it.
 */
export async function requireRedis(
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { path, install } = requireProgram('redis-server');
  if (path !== undefined) return undefined;
  if (process.getuid?.() === 0) say('redis-server is not installed; apt-get is asked for it …');
  try {
    const outcome = await installDebianPackages(['redis-server'], { signal });
    if (outcome.kind === 'impossible') return `redis-server is not installed: ${outcome.command}`;
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return `redis-server could not be installed (${reason}): ${install}`;
  }
  return requireProgram('redis-server').path === undefined
    ? `redis-server is still missing: ${install}`
    : undefined;
}

export async function startSessions(
  keep: (resource: AsyncDisposable) => void,
  signal: AbortSignal,
): Promise<SessionsServers> {
  const passwords = { default: makePassword(), reeve: makePassword() };
  const config = {
    requirepass: passwords.default,
    maxmemory: String(cacheLimitBytes),
    'maxmemory-policy': 'volatile-lru', // the big key has no time to live, so it stays
  };
  const primary = await startRedis({ name: 'sessions', config, signal });
  keep(primary);
  await fillCache(primary.url, signal);
  const replica = await startRedis({ name: 'sessions-replica', config, replicaOf: primary, signal });
  keep(replica);
  for (const server of [primary, replica]) await createAgentLogin(server, passwords.reeve);
  const shopUrls = { primary: primary.url, standby: replica.url };
  const agentUrls = {
    primary: primary.urlFor('reeve', passwords.reeve),
    standby: replica.urlFor('reeve', passwords.reeve),
  };
  return { primary, replica, shopUrls, cast: castOf(shopUrls, agentUrls) };
}

/** @param agentUrls of a login that may read statistics, and names and sizes of keys. */
function castOf(shopUrls: Urls, agentUrls: Urls): Cast {
  return {
    engine: engine.id,
    title: 'Redis with a replica',
    targets: [targets.sessionsCache, targets.sessionsReplica],
    config: targetsConfig,
    secrets: { SESSIONS_CACHE_URL: agentUrls.primary, SESSIONS_REPLICA_URL: agentUrls.standby },
    addresses: [
      { name: 'cache', url: shopUrls.primary },
      { name: 'replica', url: shopUrls.standby },
    ],
  };
}

const targetsConfig = `  - id: ${targets.sessionsCache}
    engine: redis
    url: { file: secrets/SESSIONS_CACHE_URL }
    interval: 2s
    workload: cache
    labels: { environment: demo }
    biggestKeys:                       # real life: leave it out, the walk is gentler then
      every: 1m
      serverTime: 250ms
      keysPerSecond: 20000
    groups:
      biggest_keys: { every: 2s }      # real life: 1m, the default

  - id: ${targets.sessionsReplica}
    engine: redis
    url: { file: secrets/SESSIONS_REPLICA_URL }
    interval: 2s
    workload: cache
    labels: { environment: demo }
`;

/** The first statement of the manifest is the one for servers; the other is for Sentinels. */
async function createAgentLogin(server: RedisServer, password: string): Promise<void> {
  const [command = '', ...args] = (engine.grants.statements[0] ?? '').split(' ');
  await server.command(command, ...args.map((arg) => arg.replace('<password>', password)));
}
