import { CollectError, type GroupContext, toCollectError } from '../../src/sdk.ts';
import type { Connection } from './client.ts';
import type { OptionalColumn } from './columns.ts';
import type { PostgresOptions } from './config.ts';
import type { PostgresMetrics } from './metrics.ts';
import type { ServerFacts } from './server-facts.ts';

export type PostgresContext = GroupContext<PostgresMetrics>;

/** Reads one group of one target; a group that remembers something between polls closes over it. */
export type PostgresReader = (session: Session, context: PostgresContext) => Promise<void>;

/** The connections of one target during one poll. */
export interface Session {
  /** To the URL's database; server-wide views are read here. */
  readonly main: Connection;
  readonly server: ServerFacts;
  readonly options: PostgresOptions;
  /** Databases in scope, the URL's first. */
  readonly databases: readonly string[];
  /** Databases that `databases.max` keeps out. */
  readonly leftOutDatabases: number;
  /** Whether another process answers than the one that login named, as behind a proxy. */
  readonly isProxied: boolean;
  /** Whether the main database has this column. */
  has(column: OptionalColumn): boolean;
  /** The connection to one database in scope, opened when there is none. */
  connectionTo(database: string, signal: AbortSignal): Promise<Connection>;
  /**
   * Reads each database in scope on its own connection; one that fails is unknown, the others are not. What `databases.max` keeps out
   * counts as truncated, at least a row each.
   */
  eachDatabase(
    context: PostgresContext,
    read: (database: Connection, context: PostgresContext) => Promise<void>,
  ): Promise<void>;
}

/** Calls `read` for each database on a connection of its own and keeps failures apart. */
export async function readEachDatabase(
  context: PostgresContext,
  databases: readonly string[],
  connectionTo: (database: string) => Promise<Connection>,
  read: (database: Connection, context: PostgresContext) => Promise<void>,
): Promise<void> {
  for (const database of databases) {
    await context.attempt(database, async (inner) => {
      const connection = await connectionTo(database).catch((thrown: unknown) => {
        const error = toCollectError(thrown);
        throw new CollectError(error.code, `database ${JSON.stringify(database)}: ${error.message}`, {
          cause: thrown,
        });
      });
      await read(connection, inner);
    });
  }
}
