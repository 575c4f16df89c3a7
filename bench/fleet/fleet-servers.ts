import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { type RedisServer, startRedis } from '../../tests/support/redis/server.ts';
import type { Double } from './doubles.ts';
import { type FleetCounts, type FleetEngine, serverCounts } from './fleet-shape.ts';

/** Real servers with enough databases for every target to have its own. */
export interface RealServers extends AsyncDisposable {
  readonly postgres: readonly PostgresServer[];
  readonly redis: readonly RedisServer[];
}

/** What a fleet is watched on. */
export interface FleetServers extends Omit<RealServers, keyof AsyncDisposable> {
  readonly doubles: readonly Double[];
}

/** What the agent is given of a fleet. */
export interface FleetTargets {
  readonly targets: readonly Readonly<Record<string, unknown>>[];
  /** Where their secrets are. */
  readonly env: Record<string, string>;
}

const role = 'reeve';

/** Starts the servers with databases for so many targets. */
export async function startRealServers(counts: FleetCounts): Promise<RealServers> {
  const stack = new AsyncDisposableStack();
  try {
    const [postgres, redis] = await Promise.all([
      Promise.all(
        databasesOf(counts.postgres, serverCounts.postgres).map(async (databases) => {
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
        databasesOf(counts.redis, serverCounts.redis).map(async (databases) => {
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

/** The first so many targets of each engine, spread over all servers. */
export function describeTargets(
  { postgres, redis, doubles }: FleetServers,
  counts: FleetCounts,
): FleetTargets {
  const env: Record<string, string> = {};
  const targets: Readonly<Record<string, unknown>>[] = [];
  for (let index = 0; index < counts.postgres; index += 1) {
    const { server, database } = placeOf(postgres, index);
    env[`POSTGRES_${index}`] = server.url(`tenant_${database}`, role);
    targets.push({
      id: `postgres-${index}`,
      engine: 'postgres',
      url: { env: `POSTGRES_${index}` },
      databases: { include: [] },
    });
  }
  for (let index = 0; index < counts.redis; index += 1) {
    const { server, database } = placeOf(redis, index);
    env[`REDIS_${index}`] = `${server.url}/${database}`;
    targets.push({ id: `redis-${index}`, engine: 'redis', url: { env: `REDIS_${index}` } });
  }
  for (const double of doubles) {
    targets.push(...double.targets.slice(0, counts[double.kind]));
    Object.assign(env, double.env);
  }
  return { targets, env };
}

/** The processes of all servers and doubles. */
export function processesOf({
  postgres,
  redis,
  doubles,
}: FleetServers): Readonly<Record<'real' | 'doubles', number[]>> {
  return { real: [...postgres, ...redis].map(({ pid }) => pid), doubles: doubles.map(({ pid }) => pid) };
}

/** Where the servers of each engine listen. */
export function portsOf({ postgres, redis, doubles }: FleetServers): ReadonlyMap<number, FleetEngine> {
  return new Map<number, FleetEngine>([
    ...postgres.map(({ port }) => [port, 'postgres'] as const),
    ...redis.map(({ port }) => [port, 'redis'] as const),
    ...doubles.flatMap(({ kind, ports }) => ports.map((port) => [port, kind] as const)),
  ]);
}

function placeOf<T>(servers: readonly T[], index: number): { readonly server: T; readonly database: number } {
  const server = servers[index % servers.length];
  if (server === undefined) throw new Error('there is no server for the target');
  return { server, database: Math.floor(index / servers.length) };
}

function databasesOf(targets: number, servers: number): readonly number[] {
  const counts = Array.from({ length: servers }, (_, index) => Math.ceil((targets - index) / servers));
  return counts.filter((count) => count > 0);
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
