import type { OrdersServers } from './servers/orders.ts';
import type { SessionsServers } from './servers/sessions.ts';

/** How long an index must be seen unused in the demo. In real life a hundred days: the nightly, monthly and quarterly jobs must have run. */
export const unusedAfter = '6s';

/** The demo's targets, in the order of the scorecard. */
export const targets = {
  ordersPrimary: 'orders-primary',
  ordersStandby: 'orders-standby',
  sessionsCache: 'sessions-cache',
  sessionsReplica: 'sessions-replica',
} as const;

/** The agent's file: a first configuration to copy from. It holds no secret, those come by the environment. */
export function renderConfig(port: number, withRedis: boolean): string {
  return `# Written by \`npm run demo\`. Copy what fits; the notes say what differs in real life.
targets:
  - id: ${targets.ordersPrimary}
    engine: postgres
    url: { env: ORDERS_PRIMARY_URL }   # its login has pg_monitor and nothing else
    interval: 2s                       # real life: 15s, the default
    workload: oltp
    labels: { environment: demo }
    unusedAfter: ${unusedAfter}                    # real life: 100d, the default
    membersComplete: true              # every server of this cluster is a target, so "unused" can be proven
    groups:                            # real life: leave it out, these are read every few minutes
      indexes: { every: 2s }
      statements: { every: 2s }
      top_statements: { every: 2s }

  - id: ${targets.ordersStandby}
    engine: postgres
    url: { env: ORDERS_STANDBY_URL }
    interval: 2s
    workload: olap                     # reports run here
    labels: { environment: demo }
    unusedAfter: ${unusedAfter}
    membersComplete: true
    groups:
      indexes: { every: 2s }
      statements: { every: 2s }
${withRedis ? redisTargets() : ''}
metrics:
  listen: 127.0.0.1:${port}             # /metrics, /healthz, /readyz
store:
  path: ./reeve-data                   # history: index usage over restarts and resets
`;
}

function redisTargets(): string {
  return `
  - id: ${targets.sessionsCache}
    engine: redis
    url: { env: SESSIONS_CACHE_URL }
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
    url: { env: SESSIONS_REPLICA_URL }
    interval: 2s
    workload: cache
    labels: { environment: demo }
`;
}

/** The environment variables that the file names. */
export function secretsOf(
  orders: OrdersServers,
  sessions: SessionsServers | undefined,
): Readonly<Record<string, string>> {
  return {
    ORDERS_PRIMARY_URL: orders.agentUrls.primary,
    ORDERS_STANDBY_URL: orders.agentUrls.standby,
    ...(sessions === undefined
      ? {}
      : { SESSIONS_CACHE_URL: sessions.agentUrls.primary, SESSIONS_REPLICA_URL: sessions.agentUrls.standby }),
  };
}
