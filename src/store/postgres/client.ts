import { connect, type Socket } from 'node:net';
import postgres from 'postgres';
import type { z } from 'zod';
import { StoreError } from '../store-error.ts';
import { explainStore } from './client-errors.ts';
import type { StoreEndpoint } from './connection-url.ts';
import { Turns } from './turns.ts';

/** The only file of this room that imports the driver. */

export type StoreValue = string | number | boolean | null;

/** Runs statements; on its own each is a transaction, inside `transaction` all are one. */
export interface StoreSession {
  /**
   * The rows of one statement, each parsed. int8 must be selected as float8, times are numbers.
   *
   * @throws {StoreError} `damaged` when a row has another shape.
   */
  rows<T>(row: z.ZodType<T>, sql: string, values?: readonly StoreValue[]): Promise<readonly T[]>;
  /** How many rows it changed. */
  run(sql: string, values?: readonly StoreValue[]): Promise<number>;
}

export interface StoreClient extends StoreSession {
  /** For messages: where the store is, without a password. */
  readonly name: string;
  /** Commits what `work` did, or nothing of it. `work` waits for nothing but its statements, and ends at the first that fails. */
  transaction<T>(work: (session: StoreSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** One connection, made when it is needed. */
interface Connection {
  readonly sql: postgres.Sql;
  readonly sockets: ReadonlySet<Socket>;
}

/** A place for one connection, and for the next when it broke. */
interface Lane {
  connection: Connection;
}

/** Connections: the records of remediation, the writes behind and one to spare. */
const mostConnections = 4;
/** Server-side bounds, in milliseconds: nothing of the store takes longer, and nothing of ours is left open behind a lost network. */
const bounds = {
  statement_timeout: 10_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 15_000,
} as const;
/** What a server that says nothing at all costs. */
const defaultDeadlineMs = 20_000;
const connectSeconds = 5;
const idleSeconds = 60;
const closeSeconds = 2;

/** Connects when the first statement comes, and again whenever the server was away. Every failure is a StoreError that says what to do. */
export function createStoreClient(
  endpoint: StoreEndpoint,
  deadlineMs: number = defaultDeadlineMs,
): StoreClient {
  const lanes = Array.from(
    { length: mostConnections },
    (): Lane => ({ connection: createConnection(endpoint) }),
  );
  const turns = new Turns(lanes, deadlineMs);
  const use = async <T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
    try {
      return await turns.use((lane) => within(deadlineMs, lane, endpoint, work));
    } catch (thrown) {
      throw explainStore(thrown, endpoint);
    }
  };
  return {
    name: endpoint.name,
    rows: (row, text, values) => use((sql) => sessionOn(sql).rows(row, text, values)),
    run: (text, values) => use((sql) => sessionOn(sql).run(text, values)),
    transaction: (work) => use((sql) => transact(sql, work)),
    async close() {
      await Promise.all(lanes.map(({ connection }) => connection.sql.end({ timeout: closeSeconds })));
    },
  };
}

/**
 * The driver (3.4.9) is given one connection at a time, and never asked to reserve one or to `begin`: with several it may send a statement
 * into the transaction of another (https://github.com/porsager/postgres/issues/823), forget who waits for a connection that closes, and
 * end the process by writing ROLLBACK to one that is closed. Nor is it trusted to connect again: what it had not written yet when the
 * connection closed keeps it from ever writing again.
 */
function createConnection(endpoint: StoreEndpoint): Connection {
  const { host, port, user, database, password, tls } = endpoint;
  const sockets = new Set<Socket>();
  // Not in the driver's types; it calls this for each connection and does not wait for it to be open.
  const undeclared = { socket: () => openSocket(endpoint, sockets) };
  const sql = postgres({
    host: host.startsWith('/') ? 'localhost' : host,
    port,
    user,
    database,
    // A function, because the driver takes an empty password as a reason to look into the environment.
    password: () => password,
    ssl: tls,
    max: 1,
    connect_timeout: connectSeconds,
    idle_timeout: idleSeconds,
    // Ending a connection for its age, the driver does not look whether a transaction is open on it.
    max_lifetime: null,
    backoff: () => 0.05,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'reeve store', client_encoding: 'UTF8', ...bounds },
    ...undeclared,
  });
  return { sql, sockets };
}

/** Handed out while it still connects: the driver buffers, and hears of its errors as of its own sockets'. */
function openSocket({ host, port }: StoreEndpoint, sockets: Set<Socket>): Socket {
  const socket = host.startsWith('/')
    ? connect({ path: `${host}/.s.PGSQL.${port}` })
    : connect({ host, port, noDelay: true, keepAlive: true });
  sockets.add(socket);
  // Not 'close' alone: the driver takes all listeners off a socket that it encrypts.
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error) => {
    sockets.delete(socket);
    return destroy(error);
  };
  return socket;
}

/** The driver itself waits for ever for a server that hangs; without its socket it gives up what it waits for. */
async function within<T>(
  deadlineMs: number,
  lane: Lane,
  endpoint: StoreEndpoint,
  work: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const { sql, sockets } = lane.connection;
  const timer = setTimeout(() => destroyAll(sockets), deadlineMs);
  try {
    return await work(sql);
  } catch (thrown) {
    if (isConnectionLost(thrown)) {
      lane.connection = createConnection(endpoint);
      destroyAll(sockets);
      await sql.end({ timeout: 0 });
    }
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

function destroyAll(sockets: Iterable<Socket>): void {
  for (const socket of Array.from(sockets)) socket.destroy();
}

function sessionOn(sql: postgres.Sql): StoreSession {
  const send = (text: string, values: readonly StoreValue[] = []) =>
    sql.unsafe(text, [...values], { prepare: true });
  return {
    async rows(row, text, values) {
      const found = await send(text, values);
      return found.map((one) => parseRow(row, one));
    },
    run: async (text, values) => (await send(text, values)).count,
  };
}

function parseRow<T>(row: z.ZodType<T>, found: unknown): T {
  const parsed = row.safeParse(found);
  if (parsed.success) return parsed.data;
  const columns = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new StoreError('damaged', `the store holds something else than it wrote in column ${columns}`, {
    cause: parsed.error,
  });
}

/** Nothing is sent after a statement whose connection broke: the server takes back what was not committed. */
async function transact<T>(sql: postgres.Sql, work: (session: StoreSession) => Promise<T>): Promise<T> {
  const begun = await sql.unsafe('BEGIN');
  try {
    const answer = await work(sessionOn(sql));
    const committed = await sql.unsafe('COMMIT');
    if (committed.state.pid !== begun.state.pid)
      throw new StoreError('unusable', 'the connection to the store changed within a transaction');
    return answer;
  } catch (thrown) {
    if (!isConnectionLost(thrown)) await sql.unsafe('ROLLBACK');
    throw thrown;
  }
}

/** FATAL and PANIC end the connection; what is no answer of the server at all means that there is none any more. */
function isConnectionLost(thrown: unknown): boolean {
  if (thrown instanceof postgres.PostgresError)
    return thrown.severity === 'FATAL' || thrown.severity === 'PANIC';
  return thrown instanceof Error && 'code' in thrown && /^(?:CONNECT|E[A-Z])/.test(String(thrown.code));
}
