import { setInterval } from 'node:timers/promises';
import { openStore } from '../../../src/store/sqlite/open-store.ts';
import { createSystemClock } from '../../../src/telemetry/clock.ts';
import { openCollector } from '../postgres/collect.ts';
import { type PostgresServer, startPostgres } from '../postgres/server.ts';
import { createRecordingLog } from '../recording-log.ts';

const day = 86_400_000;

/** `reader` collects and can change nothing, `dba` owns and acts. Each table has an index that nobody uses; `payments` lacks one. */
const schema = (share: number): string => `
  CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader;
  CREATE ROLE dba LOGIN;
  CREATE EXTENSION pg_stat_statements;
  CREATE SCHEMA shop AUTHORIZATION dba;
  SET ROLE dba;
  ${['orders', 'returns', 'visits']
    .map(
      (table) => `
  CREATE TABLE shop.${table} (id int PRIMARY KEY, total int NOT NULL);
  INSERT INTO shop.${table} SELECT g, g FROM generate_series(1, 2000) g;
  CREATE INDEX ${table}_total ON shop.${table} (total);`,
    )
    .join('')}
  CREATE TABLE shop.payments (id int PRIMARY KEY, reference text NOT NULL, note text NOT NULL);
  INSERT INTO shop.payments SELECT g, 'RF' || g, repeat('p', 60) FROM generate_series(1, ${60_000 * share}) g;
  RESET ROLE;
  ANALYZE;`;

/** A PostgreSQL that Reeve may change, and the one on which it rehearses: two clusters. */
export interface Shop extends AsyncDisposable {
  readonly production: PostgresServer;
  /** `orders` and `orders-dev` as they stand in a configuration file. */
  targets(orders?: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[];
  /** Of the agent: the logins that act. */
  readonly env: Readonly<Record<string, string>>;
  hasIndex(name: string): Promise<boolean>;
  /** A store in this folder that has seen the indexes unused for 300 days. The agent that uses it is not running yet. */
  seeUnused(path: string): Promise<void>;
}

export async function startShop(): Promise<Shop> {
  await using started = new AsyncDisposableStack();
  const start = async (name: string, share: number): Promise<PostgresServer> => {
    // One process a statement, so that reading a whole table is slow on every machine.
    const settings = { max_parallel_workers_per_gather: '0' };
    const server = started.use(await startPostgres({ major: 17, name, settings }));
    await server.query(schema(share));
    return server;
  };
  const production = await start('shop', 1);
  const development = await start('shop-dev', 0.5);
  const owned = started.move();
  const hasIndex = async (name: string): Promise<boolean> => {
    const rows = await production.query(
      `SELECT FROM pg_index WHERE indexrelid = to_regclass('shop.${name}') AND indisvalid`,
    );
    return rows.length === 1;
  };
  return {
    production,
    env: {
      ORDERS_ACTS: production.url('postgres', 'dba'),
      ORDERS_DEV_ACTS: development.url('postgres', 'dba'),
    },
    targets: (orders = {}) => [
      {
        ...targetOn(production, 'orders'),
        interval: '1s',
        workload: 'oltp',
        groups: { indexes: { every: '1s' }, statements: { every: '1s' }, top_statements: { every: '1s' } },
        remediation: { mode: 'approve', rehearsal: 'orders-dev', credentials: { env: 'ORDERS_ACTS' } },
        ...orders,
      },
      {
        ...targetOn(development, 'orders-dev'),
        objectives: { unused_index_bytes: { enabled: false }, oltp_query_seconds: { enabled: false } },
        remediation: { credentials: { env: 'ORDERS_DEV_ACTS' } },
      },
    ],
    hasIndex,
    seeUnused: (path) => seeUnused(production, path),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function targetOn(server: PostgresServer, id: string): Readonly<Record<string, unknown>> {
  return { id, engine: 'postgres', url: server.url('postgres', 'reader'), membersComplete: true };
}

async function seeUnused(server: PostgresServer, path: string): Promise<void> {
  const clock = createSystemClock();
  const store = await openStore({ path, clock, log: createRecordingLog() });
  try {
    await using collector = openCollector(server.url('postgres', 'reader'), {}, clock, {
      history: store.history,
    });
    for (const at of [Date.now() - 300 * day, Date.now()]) {
      const reading = await collector.read('indexes', at);
      if (reading.state !== 'ok') throw new Error(JSON.stringify(reading.errors));
    }
  } finally {
    await store.close();
  }
}

/** A statement that somebody runs again and again; it may become another one. Ends when it is disposed. */
export interface Work extends AsyncDisposable {
  become(statement: () => string): void;
}

export async function startWork(server: PostgresServer, statement: () => string): Promise<Work> {
  const client = await server.connect();
  const end = new AbortController();
  let current = statement;
  const run = async (): Promise<void> => {
    for await (const _ of setInterval(20, undefined, { signal: end.signal })) await client.query(current());
  };
  const running = run().catch((error: unknown) => {
    if (!end.signal.aborted) throw error;
  });
  return {
    become(next) {
      current = next;
    },
    [Symbol.asyncDispose]: async () => {
      end.abort();
      try {
        await running;
      } finally {
        await client.end();
      }
    },
  };
}
