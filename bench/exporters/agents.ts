import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresServer } from '../../tests/support/postgres/server.ts';
import type { RedisServer } from '../../tests/support/redis/server.ts';
import { createTempDir } from '../../tests/support/temp-dir.ts';
import { type Agent, startExporter } from '../measure/agent.ts';
import { startReeve } from '../measure/reeve-agent.ts';
import { renderPerTableQueries } from './per-table-queries.ts';

/** Each of these has no other task than to be compared. */
export const names = {
  postgresExporter: 'postgres_exporter, default',
  postgresExporterTables: 'postgres_exporter, and tables',
  reevePostgres: 'reeve, PostgreSQL',
  redisExporter: 'redis_exporter, default',
  redisExporterKeys: 'redis_exporter, and 11 keys by pattern',
  reeveRedis: 'reeve, Redis, keys at rest',
  reeveRedisWalk: 'reeve, Redis, walking the keys',
} as const;

export function startPostgresExporter(server: PostgresServer): Promise<Agent> {
  return startExporter({
    name: names.postgresExporter,
    program: 'prometheus-postgres-exporter',
    args: [],
    env: { DATA_SOURCE_NAME: `${server.url('bench', 'exporter')}?sslmode=disable` },
  });
}

/** With what its newer versions read of every table by default. */
export async function startPostgresExporterWithTables(server: PostgresServer): Promise<Agent> {
  const folder = await createTempDir('queries');
  const file = join(folder.path, 'queries.yaml');
  await writeFile(file, renderPerTableQueries());
  const agent = await startExporter({
    name: names.postgresExporterTables,
    program: 'prometheus-postgres-exporter',
    args: [`--extend.query-path=${file}`],
    env: { DATA_SOURCE_NAME: `${server.url('bench', 'exporter')}?sslmode=disable` },
  });
  return {
    ...agent,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}

/** With defaults only: it finds the server's databases itself. */
export function startReeveOnPostgres(server: PostgresServer, interval: string): Promise<Agent> {
  return startReeve({
    name: names.reevePostgres,
    config: { targets: [{ id: 'orders', engine: 'postgres', url: { env: 'ORDERS_URL' }, interval }] },
    env: { ORDERS_URL: server.url('bench', 'reeve') },
  });
}

export function startRedisExporter(server: RedisServer): Promise<Agent> {
  return startExporter({
    name: names.redisExporter,
    program: 'prometheus-redis-exporter',
    args: [`--redis.addr=${server.url}`],
    env: {},
  });
}

/** A pattern that fits eleven of the million keys: the exporter walks all of them at every scrape. */
export function startRedisExporterWithKeys(server: RedisServer): Promise<Agent> {
  return startExporter({
    name: names.redisExporterKeys,
    program: 'prometheus-redis-exporter',
    args: [`--redis.addr=${server.url}`, '--check-keys=db0=key:12345*'],
    env: {},
  });
}

/** `walks`: whether it is in one of its walks over the keys, which it takes every six hours. */
export function startReeveOnRedis(server: RedisServer, interval: string, walks: boolean): Promise<Agent> {
  const biggestKeys = { enabled: walks };
  return startReeve({
    name: walks ? names.reeveRedisWalk : names.reeveRedis,
    config: { targets: [{ id: 'cache', engine: 'redis', url: { env: 'CACHE_URL' }, interval, biggestKeys }] },
    env: { CACHE_URL: server.url },
  });
}
