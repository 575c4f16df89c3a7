import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { type RedisServer, startRedis } from '../../tests/support/redis/server.ts';

/** At most this many targets of each engine; a database of one target is no other's. */
export const fleetShape = {
  postgresServers: 6,
  redisServers: 8,
  postgresTargets: 600,
  redisTargets: 400,
} as const;

/** Real servers with enough databases for every target to have its own. */
export interface FleetServers extends AsyncDisposable {
  readonly postgres: readonly PostgresServer[];
  readonly redis: readonly RedisServer[];
}

const role = 'reeve';

/** Starts the servers with databases for so many targets. */
export async function startFleetServers(
  postgresTargets: number,
  redisTargets: number,
): Promise<FleetServers> {
  const stack = new AsyncDisposableStack();
  try {
    const [postgres, redis] = await Promise.all([
      Promise.all(
        databasesOf(postgresTargets, fleetShape.postgresServers).map(async (databases) => {
          const server = await startPostgres({
            major: 18,
            name: 'fleet',
            settings: { max_connections: '200' },
          });
          stack.use(server);
          await createDatabases(server, databases);
          return server;
        }),
      ),
      Promise.all(
        databasesOf(redisTargets, fleetShape.redisServers).map(async (databases) => {
          const server = await startRedis({
            name: 'fleet',
            config: { databases: String(databases), 'enable-debug-command': 'local' },
          });
          stack.use(server);
          await server.command('DEBUG', 'POPULATE', 200, 'key', 100);
          return server;
        }),
      ),
    ]);
    return { postgres, redis, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** The first so many targets of each engine, spread over all servers, and the environment that holds their URLs. */
export function describeTargets(
  { postgres, redis }: FleetServers,
  postgresTargets: number,
  redisTargets: number,
): { readonly targets: readonly Readonly<Record<string, unknown>>[]; readonly env: Record<string, string> } {
  const env: Record<string, string> = {};
  const targets: Readonly<Record<string, unknown>>[] = [];
  const place = <T>(
    servers: readonly T[],
    index: number,
  ): { readonly server: T; readonly database: number } => {
    const server = servers[index % servers.length];
    if (server === undefined) throw new Error('there is no server for the target');
    return { server, database: Math.floor(index / servers.length) };
  };
  for (let index = 0; index < postgresTargets; index += 1) {
    const { server, database } = place(postgres, index);
    env[`POSTGRES_${index}`] = server.url(`tenant_${database}`, role);
    targets.push({
      id: `postgres-${index}`,
      engine: 'postgres',
      url: { env: `POSTGRES_${index}` },
      databases: { include: [] },
    });
  }
  for (let index = 0; index < redisTargets; index += 1) {
    const { server, database } = place(redis, index);
    env[`REDIS_${index}`] = `${server.url}/${database}`;
    targets.push({ id: `redis-${index}`, engine: 'redis', url: { env: `REDIS_${index}` } });
  }
  return { targets, env };
}

/** Connections of the agent to all servers. */
export async function countConnections({ postgres, redis }: FleetServers): Promise<number> {
  const counts = await Promise.all([
    ...postgres.map(async (server) => {
      const rows = await server.query(
        `SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = '${role}'`,
      );
      return Number(rows[0]?.['count']);
    }),
    // One of them asks.
    ...redis.map(async (server) => Number((await server.info('clients')).get('connected_clients')) - 1),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

function databasesOf(targets: number, servers: number): readonly number[] {
  return Array.from({ length: servers }, (_, index) => Math.ceil((targets - index) / servers));
}

/** Small databases of 20 tables and 40 indexes, copied as files. */
async function createDatabases(server: PostgresServer, count: number): Promise<void> {
  await server.query(`CREATE ROLE ${role} LOGIN; GRANT pg_monitor TO ${role}`);
  await server.query('CREATE DATABASE tenant_0');
  await server.query(
    `CREATE EXTENSION pg_stat_statements;
     DO $$ BEGIN
       FOR number IN 1 .. 20 LOOP
         EXECUTE format('CREATE TABLE orders_%s (id bigint PRIMARY KEY, customer int)', number);
         EXECUTE format('INSERT INTO orders_%s SELECT g, g FROM generate_series(1, 100) g', number);
         EXECUTE format('CREATE INDEX ON orders_%s (customer)', number);
       END LOOP;
     END $$`,
    'tenant_0',
  );
  const client = await server.connect();
  try {
    for (let index = 1; index < count; index += 1) {
      await client.query(`CREATE DATABASE tenant_${index} TEMPLATE tenant_0 STRATEGY file_copy`);
    }
  } finally {
    await client.end();
  }
}
