import { CollectError, type CollectorInput } from '../../src/sdk.ts';
import { type Connection, connect, PreparedStatements } from './client.ts';
import { type OptionalColumn, readOptionalColumns } from './columns.ts';
import type { PostgresOptions } from './config.ts';
import { discoverDatabases } from './databases.ts';
import {
  readServerConstants,
  readServerFacts,
  type ServerConstants,
  type ServerFacts,
} from './server-facts.ts';
import { readEachDatabase, type Session } from './session.ts';
import { boundSession } from './session-bounds.ts';

const discoverEveryMs = 5 * 60_000;

/** What is known as long as the main connection lives. */
interface Main {
  readonly connection: Connection;
  readonly constants: ServerConstants;
  readonly columns: ReadonlySet<OptionalColumn>;
  readonly isProxied: boolean;
}

export type ConnectionPoolInput = Pick<
  CollectorInput<PostgresOptions>,
  'target' | 'options' | 'applicationName' | 'shared' | 'onAnswer' | 'clock' | 'log'
>;

/** One connection a database, kept from poll to poll and replaced when it broke. */
export class ConnectionPool {
  readonly #input: ConnectionPoolInput;
  readonly #byDatabase = new Map<string, Connection>();
  #main: Main | undefined;
  #databases: readonly string[] = [];
  #leftOut = 0;
  #discoveredAtMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(input: ConnectionPoolInput) {
    this.#input = input;
  }

  /** @throws {CollectError} when the server cannot be reached, refuses, is too old, or is a pooler. */
  async openSession(signal: AbortSignal): Promise<Session> {
    const main = await this.#openMain(signal);
    const server = await readServerFacts(main.connection, main.constants, signal);
    await this.#discover(main.connection, signal);
    return this.#session(main, server);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#drop();
  }

  #session(main: Main, server: ServerFacts): Session {
    return {
      main: main.connection,
      server,
      options: this.#input.options,
      databases: this.#databases,
      leftOutDatabases: this.#leftOut,
      isProxied: main.isProxied,
      has: (column) => main.columns.has(column),
      connectionTo: (database, signal) => this.#connectionTo(database, signal),
      eachDatabase: (context, read) => {
        context.truncate(this.#leftOut);
        const connectionTo = (name: string) => this.#connectionTo(name, context.signal);
        return readEachDatabase(context, this.#databases, connectionTo, read);
      },
    };
  }

  async #openMain(signal: AbortSignal): Promise<Main> {
    if (this.#main?.connection.alive) return this.#main;
    await this.#drop();
    const { connection, isProxied } = await this.#connect(undefined, signal);
    try {
      const constants = await readServerConstants(connection, signal);
      const columns = await readOptionalColumns(connection, signal);
      this.#main = { connection, constants, columns, isProxied };
    } catch (thrown) {
      await connection.close();
      throw thrown;
    }
    this.#discoveredAtMs = Number.NEGATIVE_INFINITY;
    return this.#main;
  }

  async #discover(main: Connection, signal: AbortSignal): Promise<void> {
    const nowMs = this.#input.clock.monotonicMs();
    if (nowMs - this.#discoveredAtMs < discoverEveryMs) return;
    const scope = this.#input.options.databases;
    const { databases, leftOut } = await discoverDatabases(main, scope, this.#databases, signal);
    if (leftOut > 0 && leftOut !== this.#leftOut) {
      this.#input.log.warn('databases left out by databases.max', { target: this.#input.target.id, leftOut });
    }
    for (const [name, connection] of this.#byDatabase) {
      if (databases.includes(name)) continue;
      this.#byDatabase.delete(name);
      await connection.close();
    }
    this.#databases = databases;
    this.#leftOut = leftOut;
    this.#discoveredAtMs = nowMs;
  }

  async #connectionTo(database: string, signal: AbortSignal): Promise<Connection> {
    const main = this.#main?.connection;
    if (main?.alive && main.database === database) return main;
    const known = this.#byDatabase.get(database);
    if (known?.alive) return known;
    this.#byDatabase.delete(database);
    await known?.close();
    const { connection } = await this.#connect(database, signal);
    this.#byDatabase.set(database, connection);
    return connection;
  }

  async #connect(
    database: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly connection: Connection; readonly isProxied: boolean }> {
    const { options, applicationName, onAnswer } = this.#input;
    const connection = await connect({
      url: options.url,
      ...(database === undefined ? {} : { database }),
      applicationName,
      lockTimeoutMs: options.lockTimeout,
      signal,
      statements: this.#input.shared('prepared statements', () => new PreparedStatements()),
      ...(onAnswer === undefined ? {} : { onAnswer }),
    });
    try {
      const { isProxied } = await boundSession(connection, options.statementTimeout, signal);
      if (this.#closed) throw new CollectError('unreachable', 'the collector was closed');
      return { connection, isProxied };
    } catch (thrown) {
      await connection.close();
      throw thrown;
    }
  }

  async #drop(): Promise<void> {
    const all = [...this.#byDatabase.values()];
    if (this.#main !== undefined) all.push(this.#main.connection);
    this.#main = undefined;
    this.#byDatabase.clear();
    await Promise.all(all.map((connection) => connection.close()));
  }
}
