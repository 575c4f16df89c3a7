import { type Action, isRefusal, type Operations, type Plan, type PlanDraft } from '../../../../src/sdk.ts';
import { createMemoryHistory } from '../../../../tests/support/engine-tests.ts';
import { openCollector } from '../../../../tests/support/postgres/collect.ts';
import { operationContext, operationsInput } from '../../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../../tests/support/postgres/server.ts';
import { waitUntil } from '../../../../tests/support/wait-until.ts';
import type { PostgresOperationsInput } from '../access.ts';
import type { IndexActionId } from '../index-candidates.ts';
import { createPostgresOperations } from '../operations.ts';

export type Major = Parameters<typeof startPostgres>[0]['major'];

const day = 86_400_000;

/** `reader` collects, `dba` owns and acts. `orders_total` is what nobody uses. */
const groundSchema = `
  CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader;
  CREATE ROLE dba LOGIN;
  CREATE EXTENSION pg_stat_statements;
  CREATE SCHEMA shop AUTHORIZATION dba;
  SET ROLE dba;
  CREATE TABLE shop.orders (id int PRIMARY KEY, customer int, total int, note text);
  INSERT INTO shop.orders SELECT g, g % 10, g, 'n' FROM generate_series(1, 1000) g;
  CREATE INDEX orders_total ON shop.orders (total DESC NULLS LAST) INCLUDE (note) WITH (fillfactor = 70) WHERE total > 3;
  COMMENT ON INDEX shop.orders_total IS 'it''s the "total"; mind \\ it';
  RESET ROLE;
  ANALYZE shop.orders;`;

export interface IndexGroundOptions {
  readonly major: Major;
  /** Run as superuser after the schema and before anything is watched. */
  readonly sql?: string;
  /** As `sql`, for what takes more than one transaction. */
  readonly prepare?: (server: PostgresServer) => Promise<void>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly lockTimeoutMs?: number;
}

/** One server, watched for 101 days without any use of its indexes, and the operations on it. */
export interface IndexGround extends AsyncDisposable {
  readonly server: PostgresServer;
  readonly input: PostgresOperationsInput;
  readonly operations: Operations;
  action(id: IndexActionId): Action;
  /** Collects the indexes now. */
  collect(): Promise<void>;
  subjects(id: IndexActionId): Promise<readonly string[]>;
  /** The plan for the only candidate of an action. */
  plan(id: IndexActionId): Promise<Plan>;
  /** A session of somebody else; ended with the ground. */
  session(): ReturnType<PostgresServer['connect']>;
}

export async function indexGround(options: IndexGroundOptions): Promise<IndexGround> {
  const server = await startPostgres({
    major: options.major,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  });
  try {
    await server.query(groundSchema);
    if (options.sql !== undefined) await server.query(options.sql);
    await options.prepare?.(server);
    return await watchedGround(server, options);
  } catch (thrown) {
    await server[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function watchedGround(server: PostgresServer, options: IndexGroundOptions): Promise<IndexGround> {
  const history = createMemoryHistory();
  const url = server.url('postgres', 'reader');
  const read = async (at: number): Promise<void> => {
    await using collector = openCollector(url, {}, undefined, { history });
    const reading = await collector.read('indexes', at);
    if (reading.state !== 'ok') throw new Error(JSON.stringify(reading.errors));
  };
  // Before version 15 a process of its own collects statistics, and gives a database its first epoch when it gets round to it.
  if (options.major < 15) {
    const unknown = `SELECT datname FROM pg_stat_database WHERE stats_reset IS NULL AND datname NOT LIKE 'template%'`;
    await waitUntil('the statistics to begin', async () => (await server.query(unknown)).length === 0);
  }
  await read(Date.now() - 101 * day);
  await read(Date.now());
  const input: PostgresOperationsInput = {
    ...operationsInput({
      url,
      actingUrl: server.url('postgres', 'dba'),
      lockTimeoutMs: options.lockTimeoutMs ?? 200,
    }),
    history,
  };
  const operations = createPostgresOperations(input);
  const clients: Awaited<ReturnType<PostgresServer['connect']>>[] = [];
  const action = (id: IndexActionId): Action => actionOf(operations, id);
  const find = (id: IndexActionId) =>
    action(id).find({ subject: undefined, only: undefined, limit: 50 }, operationContext());
  return {
    server,
    input,
    operations,
    action,
    collect: () => read(Date.now()),
    subjects: async (id) => (await find(id)).map(({ subject }) => subject),
    plan: async (id) => {
      const [candidate] = await find(id);
      if (candidate === undefined) throw new Error(`nothing to do for ${id}`);
      const draft = await action(id).plan(candidate, operationContext());
      if (isRefusal(draft)) throw new Error(draft.text);
      return planOf(draft);
    },
    session: async () => {
      const client = await server.connect();
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      await operations.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

export function actionOf(operations: Operations, id: IndexActionId): Action {
  const found = operations.actions.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no action ${id}`);
  return found;
}

/** What the pipeline makes of a draft. */
export function planOf(draft: PlanDraft): Plan {
  return {
    ...draft,
    runId: 'r-0123456789ab',
    caps: { largestObjectBytes: null, lockTimeoutMs: 200, soakMs: 1_000, changesPerDay: 5 },
    rehearsal: { on: '', verdict: 'simulated', text: '', rows: {}, figures: {} },
    evidence: [],
    createdAt: 0,
    expiresAt: Number.MAX_SAFE_INTEGER,
    hash: 'test',
  };
}

/** The only act of a plan. */
export function actOf({ acts }: Plan): Plan['acts'][number] {
  const [act] = acts;
  if (act === undefined) throw new Error('the plan has no act');
  return act;
}
