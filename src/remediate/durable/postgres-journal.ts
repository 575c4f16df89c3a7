import { connect, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { BackendPostgres } from 'openworkflow/postgres';
import postgres from 'postgres';
import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { DurableError } from './durable-error.ts';
import type { Journal } from './journal.ts';

/** Where the shared store is, as its URL was read: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
export interface JournalEndpoint {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Empty where there is none. */
  readonly password: string;
  readonly tls: ConnectionOptions | 'prefer' | false;
  /** For messages: never with the password. */
  readonly name: string;
}

const schema = 'reeve_durable';
/** Of the advisory lock under which agents that start together bring the schema up to date, one after the other. */
const migrationLock = 'reeve_durable migration';
const mostConnections = 4;
/** Server-side bounds, in milliseconds. */
const bounds = {
  statement_timeout: 10_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 15_000,
} as const;
/** What a server that says nothing at all costs. */
const deadlineMs = 20_000;
const connectSeconds = 5;
const idleSeconds = 60;
const closeSeconds = 2;

const unfinishedRows = z.array(
  z.object({
    runId: z.string(),
    id: z.string(),
    name: z.string(),
    status: z.string(),
    isHeld: z.boolean(),
    createdAt: z.date().transform((date) => date.getTime()),
  }),
);

/**
 * The journal that several agents share, in schema `reeve_durable`. A process whose agent died is taken over when its lease of 30 s is over.
 *
 * @throws {DurableError}
 */
export async function openPostgresJournal(endpoint: JournalEndpoint, holder: string): Promise<Journal> {
  const sockets = new Set<Socket>();
  const options = driverOptions(endpoint, holder, sockets);
  const sql = postgres(options);
  const bounded = async <T>(call: () => Promise<T>): Promise<T> => {
    // The driver itself waits for ever for a server that hangs; without its sockets it gives up what it waits for.
    const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), deadlineMs);
    try {
      return await call();
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    await bounded(() => migrate(sql, options));
  } catch (thrown) {
    await sql.end({ timeout: 0 });
    throw new DurableError(
      'unusable',
      `the journal of runs in schema ${schema} of ${endpoint.name} cannot be opened: ${messageOf(thrown)}; ` +
        'store.url must lead to a database in which this role may create that schema',
      { cause: thrown },
    );
  }
  return {
    backend: BackendPostgres.fromPool(sql, { schema }),
    place: `schema ${schema} of ${endpoint.name}`,
    isShared: true,
    bounded,
    ...questions(sql, bounded),
    isUnavailable,
    close: () => sql.end({ timeout: closeSeconds }),
  };
}

function questions(
  sql: postgres.Sql,
  bounded: Journal['bounded'],
): Pick<Journal, 'releaseLeases' | 'has' | 'unfinished' | 'prune'> {
  const runs = sql(`${schema}.workflow_runs`);
  return {
    releaseLeases: async () => 0,
    has: async (name, id) => {
      const found = await bounded(
        async () =>
          sql`SELECT 1 FROM ${runs} WHERE workflow_name = ${name} AND idempotency_key = ${id} LIMIT 1`,
      );
      return found.length > 0;
    },
    unfinished: async (id) => {
      const found = await bounded(
        async () => sql`SELECT id AS run_id, coalesce(idempotency_key, id) AS id, workflow_name AS name, status,
          worker_id IS NOT NULL AS is_held, created_at FROM ${runs}
          WHERE status IN ('pending', 'running', 'sleeping') ${id === undefined ? sql`` : sql`AND idempotency_key = ${id}`}
          ORDER BY created_at, id`,
      );
      return unfinishedRows.parse(found);
    },
    prune: async (endedBefore) => {
      await bounded(async () => sql`DELETE FROM ${runs} WHERE finished_at < ${new Date(endedBefore)}`);
    },
  };
}

function driverOptions(endpoint: JournalEndpoint, holder: string, sockets: Set<Socket>) {
  const { host, port, user, database, password, tls } = endpoint;
  // Not in the driver's types (3.4.9); it calls this for each connection and does not wait for it to be open.
  const undeclared = { socket: () => openSocket(endpoint, sockets) };
  return {
    host: host.startsWith('/') ? 'localhost' : host,
    port,
    user,
    database,
    // A function, because the driver takes an empty password as a reason to look into the environment.
    password: () => password,
    ssl: tls,
    max: mostConnections,
    connect_timeout: connectSeconds,
    idle_timeout: idleSeconds,
    // Between two attempts to connect, in seconds: who asks waits anyway, and the driver's own pause grows to 20 s.
    backoff: () => 0.05,
    onnotice: () => undefined,
    connection: { application_name: `reeve durable ${holder}`.slice(0, 63), ...bounds },
    // OpenWorkflow reads its columns in this spelling.
    transform: { column: { from: postgres.toCamel } },
    ...undeclared,
  };
}

/** Handed out while it still connects: the driver buffers, and hears of its errors as of its own sockets'. */
function openSocket({ host, port }: JournalEndpoint, sockets: Set<Socket>): Socket {
  const socket = host.startsWith('/')
    ? connect({ path: `${host}/.s.PGSQL.${port}` })
    : connect({ host, port, noDelay: true, keepAlive: true });
  sockets.add(socket);
  // Not 'close' alone: the driver takes all listeners off a socket that it encrypts.
  const forget = socket.destroy.bind(socket);
  socket.destroy = (error) => {
    sockets.delete(socket);
    return forget(error);
  };
  return socket;
}

/**
 * OpenWorkflow migrates only in `connect`, on a connection of its own. Its driver takes options in the place of the URL (so do we, for TLS
 * and Unix sockets), which the type does not say. Without ours its notices would be printed on stdout.
 */
async function migrate(sql: postgres.Sql, options: ReturnType<typeof driverOptions>): Promise<void> {
  const reserved = await sql.reserve();
  try {
    await reserved`SELECT pg_advisory_lock(hashtextextended(${migrationLock}, 0))`;
    try {
      const migrated: BackendPostgres = await Reflect.apply(
        BackendPostgres.connect.bind(BackendPostgres),
        undefined,
        [{ ...options, max: 1 }, { schema }],
      );
      await migrated.stop();
    } finally {
      await reserved`SELECT pg_advisory_unlock(hashtextextended(${migrationLock}, 0))`;
    }
  } finally {
    reserved.release();
  }
}

/** Classes of SQLSTATE that the same call would meet again: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const ourMistake: readonly string[] = ['0A', '21', '22', '23', '42', '54'];
/** Of those, what an operator mends: a privilege that was taken away. */
const denied = '42501';
/** Of the driver: the call itself is wrong. */
const wrongCalls: readonly string[] = [
  'UNDEFINED_VALUE',
  'MAX_PARAMETERS_EXCEEDED',
  'NOT_TAGGED_CALL',
  'UNSAFE_TRANSACTION',
];

function isUnavailable(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return false;
  const { code } = thrown;
  if (thrown instanceof postgres.PostgresError)
    return code === denied || !ourMistake.includes(code.slice(0, 2));
  return code.includes('_') ? !wrongCalls.includes(code) && !code.startsWith('ERR_') : /^E[A-Z]+$/.test(code);
}
