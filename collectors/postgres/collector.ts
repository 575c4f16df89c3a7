import type { CheckItem, Collector, CollectorInput } from '../../src/sdk.ts';
import { CollectError } from '../../src/sdk.ts';
import { readAvailability } from './availability.ts';
import { type Connection, connect } from './client.ts';
import type { OptionalColumn } from './columns.ts';
import type { PostgresOptions } from './config.ts';
import { readConnections } from './connections.ts';
import type { PostgresGroup } from './groups.ts';
import type { PostgresMetrics } from './metrics.ts';
import {
  discoverDatabases,
  identityOf,
  type PostgresContext,
  readEachDatabase,
  readOptionalColumns,
  readServerFacts,
  type ServerFacts,
  type Session,
} from './session.ts';

/** Reads one group of one target; a group that remembers something between polls closes over it. */
export type PostgresReader = (session: Session, context: PostgresContext) => Promise<void>;

const discoverEveryMs = 5 * 60_000;

export function createPostgresCollector(
  input: CollectorInput<PostgresOptions>,
): Collector<PostgresMetrics, PostgresGroup> {
  const readers: Readonly<Record<PostgresGroup, PostgresReader>> = {
    availability: readAvailability,
    connections: readConnections,
  };
  const connections = new ConnectionPool(input);
  let session: Session | undefined;

  return {
    open: async (signal) => {
      session = undefined;
      session = await connections.openSession(signal);
      return identityOf(session.server);
    },
    read: async (group, context) => {
      if (session === undefined) throw new CollectError('internal', 'read before open');
      await readers[group](session, context);
    },
    check: async (): Promise<readonly CheckItem[]> => [],
    close: () => connections.close(),
  };
}

/** One connection a database, kept from poll to poll and replaced when it broke. */
class ConnectionPool {
  readonly #input: CollectorInput<PostgresOptions>;
  readonly #byDatabase = new Map<string, Connection>();
  #main: Connection | undefined;
  #columns: ReadonlySet<OptionalColumn> = new Set();
  #databases: readonly string[] = [];
  #discoveredAtMs = Number.NEGATIVE_INFINITY;

  constructor(input: CollectorInput<PostgresOptions>) {
    this.#input = input;
  }

  async openSession(signal: AbortSignal): Promise<Session> {
    const main = await this.#connectMain(signal);
    const server = await readServerFacts(main, signal);
    await this.#discover(main, signal);
    return this.#session(main, server);
  }

  async close(): Promise<void> {
    const all = [...this.#byDatabase.values()];
    if (this.#main !== undefined) all.push(this.#main);
    this.#main = undefined;
    this.#byDatabase.clear();
    await Promise.all(all.map((connection) => connection.close()));
  }

  #session(main: Connection, server: ServerFacts): Session {
    return {
      main,
      server,
      options: this.#input.options,
      databases: this.#databases,
      has: (column) => this.#columns.has(column),
      eachDatabase: (context, read) =>
        readEachDatabase(context, this.#databases, (name) => this.#connectionTo(name, context.signal), read),
    };
  }

  async #connectMain(signal: AbortSignal): Promise<Connection> {
    if (this.#main?.alive) return this.#main;
    await this.close();
    const main = await this.#connect(undefined, signal);
    this.#main = main;
    this.#columns = await readOptionalColumns(main, signal);
    this.#discoveredAtMs = Number.NEGATIVE_INFINITY;
    return main;
  }

  async #discover(main: Connection, signal: AbortSignal): Promise<void> {
    const nowMs = this.#input.clock.monotonicMs();
    if (nowMs - this.#discoveredAtMs < discoverEveryMs) return;
    const { databases, leftOut } = await discoverDatabases(main, this.#input.options.databases, signal);
    if (leftOut > 0) {
      this.#input.log.warn('databases left out by databases.max', { target: this.#input.target.id, leftOut });
    }
    for (const [name, connection] of this.#byDatabase) {
      if (databases.includes(name)) continue;
      this.#byDatabase.delete(name);
      await connection.close();
    }
    this.#databases = databases;
    this.#discoveredAtMs = nowMs;
  }

  async #connectionTo(database: string, signal: AbortSignal): Promise<Connection> {
    if (this.#main?.alive && this.#main.database === database) return this.#main;
    const known = this.#byDatabase.get(database);
    if (known?.alive) return known;
    const connection = await this.#connect(database, signal);
    this.#byDatabase.set(database, connection);
    return connection;
  }

  #connect(database: string | undefined, signal: AbortSignal): Promise<Connection> {
    const { options, applicationName } = this.#input;
    return connect({
      url: options.url,
      ...(database === undefined ? {} : { database }),
      applicationName,
      statementTimeoutMs: options.statementTimeout,
      lockTimeoutMs: options.lockTimeout,
      signal,
    });
  }
}
