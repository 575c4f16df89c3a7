import { Client, type QueryResult, TypeOverrides } from 'pg';
import type { z } from 'zod';
import { CollectError, type CollectorInput, messageOf, type Secret } from '../../src/sdk.ts';
import { connectError, isStale, queryError, timeoutError } from './client-errors.ts';
import { type Endpoint, parseEndpoint } from './connection-url.ts';
import { mapInSlices } from './map-in-slices.ts';

/** The only file that imports the driver. */

export interface ConnectRequest {
  readonly url: Secret;
  /** Another database than the URL's. */
  readonly database?: string;
  readonly applicationName: string;
  readonly lockTimeoutMs: number;
  readonly signal: AbortSignal;
  /** Shared by all connections, so that each text is held once; the driver keeps a reference a connection. */
  readonly statements: PreparedStatements;
  /** Takes what the server answers, as it came. */
  readonly onAnswer?: CollectorInput['onAnswer'];
  /** Settings of the session beside those of a reader: they come later, so they win. */
  readonly settings?: readonly string[];
}

/** Names and marked texts of statements, by their text. */
export class PreparedStatements {
  readonly #known = new Map<string, { readonly name: string; readonly text: string }>();

  prepare(sql: string): { readonly name: string; readonly text: string } {
    const known = this.#known.get(sql) ?? {
      name: `reeve_${this.#known.size + 1}`,
      text: `${sql} ${ownMark}`,
    };
    this.#known.set(sql, known);
    return known;
  }
}

/** One read-only connection to one database. */
export interface Connection {
  readonly database: string;
  /** The server process said to be ours at login; a pooler names another one than the process that answers. */
  readonly processId: number | undefined;
  /** False once it broke or was aborted; it is not usable any more then. */
  readonly alive: boolean;
  /**
   * Runs one statement and parses each row. int8 and numeric arrive as numbers, timestamps have to be selected as epoch seconds.
   * Each statement is prepared at its first use and planned no more after a few: texts must come from a bounded set.
   *
   * @throws {CollectError} `timeout`, `locked`, `denied`, `unsupported`, `unreachable`, or `malformed` when a row has another shape.
   */
  query<T>(
    sql: string,
    row: z.ZodType<T>,
    signal: AbortSignal,
    values?: readonly unknown[],
  ): Promise<readonly T[]>;
  /** Ends it politely, within a second. */
  close(): Promise<void>;
}

/** A connection that may also change something: see `operations/acting-client.ts`. */
export interface WritingConnection extends Connection {
  /**
   * Runs this very text, in the simple protocol and outside of a transaction: what may stand in no block, such as CONCURRENTLY, can run.
   * The signal cuts the connection and leaves the server to finish: whoever wants the statement itself to end cancels it first.
   *
   * @throws {CollectError} as `query`; the SQLSTATE is `sqlStateOf` it.
   */
  execute(statement: string, signal: AbortSignal): Promise<void>;
}

/** Tells Reeve's statements from others in pg_stat_statements, where a login may be shared. At the end: the server drops leading comments. */
const ownMark = '/* reeve */';

const int8 = 20;
const numeric = 1700;
const closeWithinMs = 1_000;

/** Numbers beyond 2^53 lose their last digits, which no metric needs. */
const parsers = new TypeOverrides();
parsers.setTypeParser(int8, Number);
parsers.setTypeParser(numeric, Number);

/**
 * Connects with every bound the server can hold itself: read-only, lock timeout, no JIT, no parallel workers. The statement timeout
 * is set by the first statement (see `boundSession`), so that the server's own default stays visible to the reading of settings.
 *
 * @throws {CollectError} `denied` for a wrong password or a missing CONNECT privilege, `unreachable` or `timeout` otherwise.
 */
export async function connect(request: ConnectRequest): Promise<Connection> {
  return connectWith(request);
}

/** As `connect`, for a login that acts: nothing is read-only. */
export async function connectToWrite(request: ConnectRequest): Promise<WritingConnection> {
  return connectWith({
    ...request,
    settings: ['default_transaction_read_only=off', ...(request.settings ?? [])],
  });
}

async function connectWith(request: ConnectRequest): Promise<WritingConnection> {
  request.signal.throwIfAborted();
  const endpoint = parseEndpoint(request.url.reveal());
  try {
    return await open(request, endpoint);
  } catch (thrown) {
    const plain = endpoint.plainIfRefused && messageOf(thrown).includes('does not support SSL');
    if (!plain || request.signal.aborted) throw connectError(thrown, request.signal);
  }
  try {
    return await open(request, { ...endpoint, tls: undefined });
  } catch (thrown) {
    throw connectError(thrown, request.signal);
  }
}

async function open(request: ConnectRequest, endpoint: Endpoint): Promise<WritingConnection> {
  const client = new Client({
    host: endpoint.host,
    port: endpoint.port,
    user: endpoint.user,
    database: request.database ?? endpoint.database,
    // A function, because the driver takes an empty password as a reason to look into the environment and a password file.
    password: () => endpoint.password,
    ssl: endpoint.tls ?? false,
    ...(endpoint.directTls ? { sslnegotiation: 'direct' as const } : {}),
    application_name: request.applicationName,
    options: [
      '-c client_encoding=UTF8',
      '-c default_transaction_read_only=on',
      `-c lock_timeout=${request.lockTimeoutMs}`,
      '-c jit=off',
      '-c max_parallel_workers_per_gather=0',
      ...(request.settings ?? []).map((setting) => `-c ${setting}`),
    ].join(' '),
    types: parsers,
    keepAlive: true,
  });
  const state = { alive: true };
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
    throw thrown;
  }
  return createConnection(client, request, state);
}

function createConnection(
  client: Client,
  request: ConnectRequest,
  state: { alive: boolean },
): WritingConnection {
  return {
    database: client.database ?? request.database ?? '',
    processId: processIdOf(client),
    get alive() {
      return state.alive;
    },
    query: async (sql, row, signal, values = []) => {
      signal.throwIfAborted();
      if (!state.alive)
        throw new CollectError('unreachable', 'the connection broke earlier in this collection');
      const run = (): Promise<QueryResult> =>
        client.query({ ...request.statements.prepare(sql), values: [...values] });
      try {
        const { rows } = await abortable(client, signal, run);
        request.onAnswer?.({
          subject: client.database ?? '',
          request: sql.replaceAll(/\s+/g, ' ').trim(),
          answer: rows,
        });
        return await parseRows(rows, row);
      } catch (thrown) {
        if (signal.aborted || isStale(thrown)) {
          state.alive = false;
          destroy(client);
        }
        throw queryError(thrown, signal);
      }
    },
    execute: async (statement, signal) => {
      signal.throwIfAborted();
      if (!state.alive) throw new CollectError('unreachable', 'the connection broke earlier');
      try {
        await abortable(client, signal, () => client.query(statement));
      } catch (thrown) {
        if (signal.aborted) state.alive = false;
        throw queryError(thrown, signal);
      }
    },
    close: async () => {
      const wasAlive = state.alive;
      state.alive = false;
      if (!wasAlive) return destroy(client);
      await abortable(client, AbortSignal.timeout(closeWithinMs), () => client.end()).catch(() =>
        destroy(client),
      );
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
    reject(timeoutError());
    destroy(client);
  };
  signal.addEventListener('abort', cut, { once: true });
  try {
    return await Promise.race([call(), promise]);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/** Cuts the connection. An error that the driver reports afterwards finds a listener, so it cannot end the process. */
function destroy(client: Client): void {
  client.on('error', () => undefined);
  client.connection.stream.destroy();
}

/** The driver's types leave the field out. */
function processIdOf(client: Client): number | undefined {
  const id: unknown = Reflect.get(client, 'processID');
  return typeof id === 'number' ? id : undefined;
}

function parseRows<T>(rows: readonly unknown[], row: z.ZodType<T>): Promise<readonly T[]> {
  return mapInSlices(rows, (value) => {
    const parsed = row.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new CollectError(
      'malformed',
      `the server answered a row of another shape: ${parsed.error.message}`,
    );
  });
}
