import { type PostgresServer, startPostgres } from '../postgres/server.ts';

/** A target and the server on which its changes are rehearsed, each a cluster of its own, with the same tables. */
export interface CrashGround extends AsyncDisposable {
  readonly target: PostgresServer;
  readonly rehearsal: PostgresServer;
  /** Both as at first, with the statistics of statements begun anew. */
  reset(): Promise<void>;
}

/** `reader` collects, `dba` owns and acts. `orders_total` is what nobody uses; `visits` has a statement that lacks an index. */
const roles = `
  CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader;
  CREATE ROLE dba LOGIN;
  CREATE EXTENSION pg_stat_statements;
  CREATE SCHEMA shop AUTHORIZATION dba;
  GRANT USAGE ON SCHEMA shop TO reader;`;

const tables = `
  SET client_min_messages = warning;
  DROP TABLE IF EXISTS shop.orders, shop.visits;
  SET ROLE dba;
  CREATE TABLE shop.orders (id int PRIMARY KEY, customer int, total int, note text);
  INSERT INTO shop.orders SELECT g, g % 10, g, 'n' FROM generate_series(1, 1000) g;
  CREATE INDEX orders_total ON shop.orders (total DESC) WHERE total > 3;
  CREATE TABLE shop.visits (id bigint PRIMARY KEY, customer_id int NOT NULL, seen_at timestamptz NOT NULL, note text);
  INSERT INTO shop.visits SELECT n, n % 4000, timestamptz '2030-01-01' + n * interval '1 minute', repeat('x', 60)
    FROM generate_series(1, 40000) n;
  RESET ROLE;
  ANALYZE shop.orders; ANALYZE shop.visits;
  SELECT pg_stat_statements_reset();`;

const slow = `SELECT id FROM shop.visits WHERE customer_id = 77 ORDER BY seen_at DESC LIMIT 5`;

export async function crashGround(): Promise<CrashGround> {
  const [target, rehearsal] = await Promise.all([
    startPostgres({ major: 18, name: 'crash-target' }),
    startPostgres({ major: 18, name: 'crash-rehearsal' }),
  ]);
  const close = async (): Promise<void> => {
    await Promise.all([target[Symbol.asyncDispose](), rehearsal[Symbol.asyncDispose]()]);
  };
  try {
    await Promise.all([target.query(roles), rehearsal.query(roles)]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    target,
    rehearsal,
    reset: async () => void (await Promise.all([target.query(tables), rehearsal.query(tables)])),
    [Symbol.asyncDispose]: close,
  };
}

/** Work of an application that lacks an index. */
export async function visit(server: PostgresServer, times: number): Promise<void> {
  const client = await server.connect();
  try {
    for (let nth = 0; nth < times; nth += 1) await client.query(slow);
  } finally {
    await client.end();
  }
}

export interface IndexSeen {
  readonly name: string;
  readonly valid: boolean;
}

/** All indexes of the shop but those of primary keys. */
export async function indexesOf(server: PostgresServer): Promise<readonly IndexSeen[]> {
  const rows = await server.query(
    `SELECT c.relname::text AS name, i.indisvalid AS valid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'shop' AND NOT i.indisprimary ORDER BY 1`,
  );
  return rows.map(({ name, valid }) => ({ name: String(name), valid: valid === true }));
}

/** How often an index was really built or dropped concurrently, by the server's own statistics; failures are not counted. */
export async function indexStatements(server: PostgresServer): Promise<{
  readonly dropped: number;
  readonly created: number;
}> {
  const [row] = await server.query(
    `SELECT coalesce(sum(calls) FILTER (WHERE query ~* 'drop index'), 0)::int AS dropped,
            coalesce(sum(calls) FILTER (WHERE query ~* 'create index concurrently'), 0)::int AS created
       FROM pg_stat_statements WHERE query !~* 'select'`,
  );
  return { dropped: Number(row?.['dropped']), created: Number(row?.['created']) };
}
