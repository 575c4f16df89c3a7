import {
  type Action,
  isRefusal,
  type MigrationFile,
  type Operations,
  type Plan,
  type PlanDraft,
  type Refusal,
  type Rehearsal,
} from '../../../../../src/sdk.ts';
import { operationContext, operationsInput } from '../../../../../tests/support/postgres/operations-input.ts';
import {
  type PostgresRow,
  type PostgresServer,
  startPostgres,
} from '../../../../../tests/support/postgres/server.ts';
import { createPostgresOperations } from '../../operations.ts';
import type { Major } from '../../testing/index-ground.ts';

/** `reader` collects, `acts` acts as `shop`, who owns the tables. */
const roles = `
  CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader;
  CREATE ROLE shop;
  CREATE ROLE acts LOGIN; GRANT shop TO acts;`;
const base = `
  GRANT CREATE ON DATABASE base TO acts;
  GRANT USAGE, CREATE ON SCHEMA public TO shop;
  SET ROLE shop;
  CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, total int, note text);
  INSERT INTO orders SELECT g, g % 10, g, 'n' FROM generate_series(1, 1000) g;
  CREATE TABLE visits (id int PRIMARY KEY, order_id int, at timestamptz DEFAULT now());
  INSERT INTO visits SELECT g, g, now() FROM generate_series(1, 50) g;
  RESET ROLE;
  ANALYZE;`;

/** A target and its rehearsal target, with a database of its own for each test. */
export interface MigrationGround extends AsyncDisposable {
  readonly server: PostgresServer;
  readonly development: PostgresServer;
  shop(options?: ShopOptions): Promise<Shop>;
}

export interface ShopOptions {
  readonly lockTimeoutMs?: number;
  /** Run in the database of the target, or of both, before anything else. */
  readonly target?: string;
  readonly both?: string;
  readonly development?: string;
}

export interface Shop {
  readonly database: string;
  readonly operations: Operations;
  readonly action: Action;
  readonly urls: { readonly url: string; readonly actingUrl: string };
  query(sql: string): Promise<readonly PostgresRow[]>;
  there(sql: string): Promise<readonly PostgresRow[]>;
  draft(files: readonly MigrationFile[]): Promise<PlanDraft | Refusal>;
  /** The draft; throws what speaks against it. */
  plan(files: readonly MigrationFile[]): Promise<Plan>;
  rehearse(plan: PlanDraft, whileChanged?: () => Promise<void>): Promise<Rehearsal>;
}

export async function migrationGround(major: Major): Promise<MigrationGround> {
  const [server, development] = await Promise.all([startPostgres({ major }), startPostgres({ major })]);
  for (const each of [server, development]) {
    await each.query(roles);
    await each.query('CREATE DATABASE base');
    await each.query(base, 'base');
  }
  let count = 0;
  return {
    server,
    development,
    shop: async (options = {}) => {
      count += 1;
      const database = `shop${count}`;
      for (const each of [server, development]) {
        await each.query(`CREATE DATABASE ${database} TEMPLATE base`);
        await each.query(`GRANT CREATE ON DATABASE ${database} TO acts`);
        if (options.both !== undefined) await each.query(options.both, database);
      }
      if (options.target !== undefined) await server.query(options.target, database);
      if (options.development !== undefined) await development.query(options.development, database);
      return openShop({ server, development, database, lockTimeoutMs: options.lockTimeoutMs ?? 3_000 });
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await development[Symbol.asyncDispose]();
    },
  };
}

interface ShopPlace {
  readonly server: PostgresServer;
  readonly development: PostgresServer;
  readonly database: string;
  readonly lockTimeoutMs: number;
}

function openShop({ server, development, database, lockTimeoutMs }: ShopPlace): Shop {
  const urlsOf = (on: PostgresServer) => ({
    url: on.url(database, 'reader'),
    actingUrl: on.url(database, 'acts'),
  });
  const urls = urlsOf(server);
  const operations = createPostgresOperations(operationsInput({ ...urls, lockTimeoutMs }));
  const other = createPostgresOperations(
    operationsInput({ id: 'development', ...urlsOf(development), lockTimeoutMs }),
  );
  const action = migrationActionOf(operations);
  const draft: Shop['draft'] = async (files) => {
    const context = operationContext();
    const request = { files: files.map((file) => ({ ...file })), directory: 'migrations' };
    const [candidate] = await action.find(
      { subject: undefined, only: undefined, limit: 1, request },
      context,
    );
    if (candidate === undefined) throw new Error('nothing to do');
    return action.plan(candidate, context);
  };
  return {
    database,
    operations,
    action,
    urls,
    query: (sql) => server.query(sql, database),
    there: (sql) => development.query(sql, database),
    draft,
    plan: async (files) => {
      const drafted = await draft(files);
      if (isRefusal(drafted)) throw new Error(drafted.text);
      return approved(drafted);
    },
    rehearse: (plan, whileChanged) =>
      migrationActionOf(other).rehearse(plan, {
        ...operationContext(),
        ...(whileChanged === undefined ? {} : { whileChanged }),
      }),
  };
}

export function migrationActionOf({ actions }: Operations): Action {
  const action = actions.find(({ id }) => id === 'apply_migration');
  if (action === undefined) throw new Error('there is no action apply_migration');
  return action;
}

/** What the pipeline makes of a draft. */
function approved(draft: PlanDraft): Plan {
  return {
    ...draft,
    runId: 'r-0123456789ab',
    caps: { largestObjectBytes: null, lockTimeoutMs: 200, soakMs: 1_000, changesPerDay: 5 },
    rehearsal: { on: 'development', verdict: 'passed', text: '', rows: {}, figures: {} },
    evidence: [],
    createdAt: 0,
    expiresAt: Number.MAX_SAFE_INTEGER,
    hash: 'test',
  };
}

export function migrationFile(name: string, up: string, down: string): MigrationFile {
  return { name, up, down, tool: 'reeve' };
}

/** What every table, column, index and constraint of a database is, and what is in `orders`: to see that nothing changed. */
export const contentsSql = `
  SELECT (SELECT string_agg(format('%s.%s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull), ',' ORDER BY c.relname, a.attname)
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         (SELECT string_agg(pg_get_constraintdef(oid), ',' ORDER BY oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace) AS constraints,
         (SELECT md5(string_agg(format('%s %s %s %s', id, customer, total, note), ',' ORDER BY id)) FROM orders) AS orders`;
