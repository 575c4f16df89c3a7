import { Client, DatabaseError, type QueryResult, TypeOverrides } from 'pg';
import type { z } from 'zod';
import { CollectError, type CollectErrorCode, messageOf, type Secret } from '../../src/sdk.ts';

/** The only file that imports the driver. */

export interface ConnectRequest {
  readonly url: Secret;
  /** Another database than the URL's. */
  readonly database?: string;
  readonly applicationName: string;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** One read-only connection to one database. */
export interface Connection {
  readonly database: string;
  /** False once it broke or was aborted; it is not usable any more then. */
  readonly alive: boolean;
  /**
   * Runs one statement and parses each row. int8 and numeric arrive as numbers, timestamps have to be selected as epoch seconds.
   *
   * @throws {CollectError} `timeout`, `locked`, `denied`, `unsupported`, `unreachable`, or `malformed` when a row has another shape.
   */
  query<T>(
    sql: string,
    row: z.ZodType<T>,
    signal: AbortSignal,
    values?: readonly unknown[],
  ): Promise<readonly T[]>;
  close(): Promise<void>;
}

const int8 = 20;
const numeric = 1700;

/** Numbers beyond 2^53 lose their last digits, which no metric needs. */
const parsers = new TypeOverrides();
parsers.setTypeParser(int8, Number);
parsers.setTypeParser(numeric, Number);

/**
 * Connects with every bound the server can hold itself: read-only, statement and lock timeouts, no JIT.
 *
 * @throws {CollectError} `denied` for a wrong password or a missing CONNECT privilege, `unreachable` or `timeout` otherwise.
 */
export async function connect(request: ConnectRequest): Promise<Connection> {
  request.signal.throwIfAborted();
  const client = new Client({
    connectionString: urlOf(request),
    application_name: request.applicationName,
    options: [
      '-c default_transaction_read_only=on',
      `-c statement_timeout=${request.statementTimeoutMs}`,
      `-c lock_timeout=${request.lockTimeoutMs}`,
      '-c idle_in_transaction_session_timeout=10000',
      '-c jit=off',
    ].join(' '),
    types: parsers,
    keepAlive: true,
  });
  const state = { alive: true, database: '' };
  const lose = (): void => {
    state.alive = false;
  };
  client.on('error', lose);
  client.on('end', lose);
  try {
    await abortable(client, request.signal, () => client.connect());
  } catch (thrown) {
    state.alive = false;
    destroy(client);
    throw connectError(thrown, request.signal);
  }
  state.database = client.database ?? '';
  return createConnection(client, state);
}

function createConnection(client: Client, state: { alive: boolean; readonly database: string }): Connection {
  return {
    database: state.database,
    get alive() {
      return state.alive;
    },
    query: async (sql, row, signal, values) => {
      signal.throwIfAborted();
      if (!state.alive)
        throw new CollectError('unreachable', 'the connection broke earlier in this collection');
      const run = (): Promise<QueryResult> =>
        values === undefined ? client.query(sql) : client.query(sql, [...values]);
      try {
        const { rows } = await abortable(client, signal, run);
        return parseRows(rows, row);
      } catch (thrown) {
        if (signal.aborted) state.alive = false;
        throw queryError(thrown, signal);
      }
    },
    close: async () => {
      const wasAlive = state.alive;
      state.alive = false;
      if (wasAlive) await client.end().catch(() => destroy(client));
      else destroy(client);
    },
  };
}

/**
 * Runs a call of the driver and cuts the connection when the signal fires: the driver has no other way to stop waiting. The server ends
 * the statement by its own timeout.
 */
async function abortable<T>(client: Client, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const cut = (): void => {
    reject(new CollectError('timeout', 'no answer before the deadline of the collection'));
    destroy(client);
  };
  signal.addEventListener('abort', cut, { once: true });
  try {
    return await Promise.race([call(), promise]);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

function destroy(client: Client): void {
  client.removeAllListeners('error');
  client.on('error', () => undefined);
  client.connection.stream.destroy();
}

function urlOf(request: ConnectRequest): string {
  if (request.database === undefined) return request.url.reveal();
  const url = new URL(request.url.reveal());
  url.pathname = `/${encodeURIComponent(request.database)}`;
  return url.href;
}

function parseRows<T>(rows: readonly unknown[], row: z.ZodType<T>): readonly T[] {
  return rows.map((value) => {
    const parsed = row.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new CollectError(
      'malformed',
      `the server answered a row of another shape: ${parsed.error.message}`,
    );
  });
}

/** SQLSTATE to what it means for a reading; the longest matching prefix wins. */
const sqlStates: readonly (readonly [string, CollectErrorCode])[] = [
  ['55P03', 'locked'],
  ['57014', 'timeout'],
  ['28', 'denied'],
  ['42501', 'denied'],
  ['3D000', 'denied'],
  ['42P01', 'unsupported'],
  ['42703', 'unsupported'],
  ['42704', 'unsupported'],
  ['42883', 'unsupported'],
  ['55000', 'unsupported'],
  ['0A000', 'unsupported'],
  ['08', 'unreachable'],
  ['53', 'unreachable'],
  ['57', 'unreachable'],
];

function queryError(thrown: unknown, signal: AbortSignal): CollectError {
  if (thrown instanceof CollectError) return thrown;
  if (signal.aborted)
    return new CollectError('timeout', 'no answer before the deadline of the collection', { cause: thrown });
  const state = thrown instanceof DatabaseError ? (thrown.code ?? '') : '';
  const code = sqlStates.find(([prefix]) => state.startsWith(prefix))?.[1];
  if (state === '')
    return new CollectError('unreachable', `connection lost: ${messageOf(thrown)}`, { cause: thrown });
  return new CollectError(code ?? 'internal', `${messageOf(thrown)} (SQLSTATE ${state})`, { cause: thrown });
}

function connectError(thrown: unknown, signal: AbortSignal): CollectError {
  const error = queryError(thrown, signal);
  const advice =
    error.code === 'denied'
      ? `${error.message}; check user, password and pg_hba.conf for this host`
      : error.message.includes('unsupported startup parameter')
        ? `${error.message}; this looks like a connection pooler: give the URL of the server itself`
        : error.message;
  return new CollectError(error.code, `cannot connect: ${advice}`, { cause: thrown });
}
