import { connect, type Socket } from 'node:net';
import postgres from 'postgres';
import type { z } from 'zod';
import { StoreError } from '../store-error.ts';
import { explainStore } from './client-errors.ts';
import type { StoreEndpoint } from './connection-url.ts';

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
  /** Commits what `work` did, or nothing of it. `work` waits for nothing but its statements. */
  transaction<T>(work: (session: StoreSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
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
  const sockets = new Set<Socket>();
  const sql = postgres(driverOptions(endpoint, sockets));
  const bounded = async <T>(work: () => Promise<T>): Promise<T> => {
    // The driver itself waits for ever for a server that hangs; without its sockets it gives up what it waits for.
    const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), deadlineMs);
    try {
      return await work();
    } catch (thrown) {
      throw explainStore(thrown, endpoint);
    } finally {
      clearTimeout(timer);
    }
  };
  const direct = sessionOn(sql);
  return {
    name: endpoint.name,
    rows: (row, text, values) => bounded(() => direct.rows(row, text, values)),
    run: (text, values) => bounded(() => direct.run(text, values)),
    transaction: (work) => bounded(() => transact(sql, work)),
    close: () => sql.end({ timeout: closeSeconds }),
  };
}

function driverOptions(endpoint: StoreEndpoint, sockets: Set<Socket>) {
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
    backoff: () => 0.05,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'reeve store', client_encoding: 'UTF8', ...bounds },
    ...undeclared,
  };
}

/** Handed out while it still connects: the driver buffers, and hears of its errors as of its own sockets'. */
function openSocket({ host, port }: StoreEndpoint, sockets: Set<Socket>): Socket {
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

function sessionOn(sql: postgres.Sql | postgres.TransactionSql): StoreSession {
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

/**
 * A transaction whose connection breaks is not rolled back by us: the server does that, and the driver (3.4.9) would write the ROLLBACK
 * to a socket that is no more, outside of any promise, which ends the process. So the work is left hanging then, and `begin` itself
 * rejects when the connection closes. To be undone when `nextWrite` of the driver's connection.js looks whether there is a socket.
 */
async function transact<T>(sql: postgres.Sql, work: (session: StoreSession) => Promise<T>): Promise<T> {
  const outcome: { value?: T } = {};
  await sql.begin(async (transaction) => {
    try {
      outcome.value = await work(sessionOn(transaction));
    } catch (thrown) {
      if (isConnectionLost(thrown)) await new Promise<never>(() => undefined);
      throw thrown;
    }
  });
  if (!('value' in outcome)) throw new Error('a transaction ended without an answer');
  return outcome.value;
}

/** FATAL and PANIC end the connection; what is no answer of the server at all means that there is none any more. */
function isConnectionLost(thrown: unknown): boolean {
  if (thrown instanceof postgres.PostgresError)
    return thrown.severity === 'FATAL' || thrown.severity === 'PANIC';
  return thrown instanceof Error && 'code' in thrown && /^(CONNECTION_|E[A-Z]+$)/.test(String(thrown.code));
}
