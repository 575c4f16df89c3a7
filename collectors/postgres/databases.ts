import { z } from 'zod';
import type { Connection } from './client.ts';
import type { PostgresOptions } from './config.ts';

const databaseRow = z.object({ name: z.string() });

export interface DatabaseList {
  /** The URL's own first. */
  readonly databases: readonly string[];
  /** How many `databases.max` keeps out. */
  readonly leftOut: number;
}

/**
 * Databases in scope: the URL's own, then those that include and exclude leave, up to the cap. What was in scope stays there, so that
 * databases of about the same activity do not take turns; then the most active come.
 */
export async function discoverDatabases(
  main: Connection,
  scope: PostgresOptions['databases'],
  before: readonly string[],
  signal: AbortSignal,
): Promise<DatabaseList> {
  const rows = await main.query(
    `SELECT d.datname AS name
       FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid
      WHERE d.datallowconn AND NOT d.datistemplate AND d.datname <> current_database()
        AND has_database_privilege(d.oid, 'CONNECT')
      ORDER BY coalesce(s.xact_commit, 0) DESC, d.datname`,
    databaseRow,
    signal,
  );
  const wanted = rows.map(({ name }) => name).filter((name) => isInScope(scope, name));
  const others = [
    ...before.filter((name) => wanted.includes(name)),
    ...wanted.filter((name) => !before.includes(name)),
  ];
  const databases = [main.database, ...others.slice(0, scope.max - 1)];
  return { databases, leftOut: others.length + 1 - databases.length };
}

/** Whether include and exclude leave this database in. */
export function isInScope(scope: PostgresOptions['databases'], name: string): boolean {
  return matchesAny(scope.include, name) && !matchesAny(scope.exclude, name);
}

/** `*` stands for any characters. */
function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
  });
}
