import { z } from 'zod';
import type { TargetIdentity } from '../../../../src/sdk.ts';
import { CollectError } from '../../../../src/sdk.ts';
import type { Connection } from '../../client.ts';
import { parseEndpoint } from '../../connection-url.ts';
import type { PostgresOperationsInput } from '../access.ts';
import { identityRow, identitySql, targetIdentity } from '../identity.ts';
import { type HistoryRow, readHistory } from './migration-history.ts';
import { readSchema, type SchemaLine, schemaHash } from './schema-lines.ts';

/** A table that files name, as it is now. */
export interface SurveyedTable {
  /** As SQL takes it. */
  readonly name: string;
  /** As the files write it. */
  readonly asked: string;
  readonly oid: string;
  readonly owner: string;
  readonly rows: number;
  readonly bytes: number;
  /** Rows written a second, since the counters began. */
  readonly writesPerSecond: number;
  /** Sessions that use it right now. */
  readonly sessions: number;
  readonly columns: Readonly<Record<string, string>>;
  readonly lines: readonly string[];
}

export interface TargetSurvey {
  readonly database: string;
  readonly databaseOid: string;
  readonly identity: TargetIdentity;
  readonly serverStartedAt: number;
  readonly tracksCounts: boolean;
  readonly role: string;
  /** Whether the login that acts may act as it; undefined without one. */
  readonly mayActAs: boolean | undefined;
  /** Whether that login can keep the history; undefined without one. */
  readonly mayKeepHistory: boolean | undefined;
  readonly searchPath: string;
  readonly tables: readonly SurveyedTable[];
  readonly history: readonly HistoryRow[];
  readonly schema: readonly SchemaLine[];
  readonly schemaHash: string;
}

const usualPath = '"$user", public';

const serverRow = z.object({
  started_at: z.number(),
  tracks: z.boolean(),
  path: z.string().nullable(),
  usual_owner: z.string().nullable(),
});
const serverSql = `
  SELECT extract(epoch FROM pg_postmaster_start_time())::float8 AS started_at, current_setting('track_counts')::bool AS tracks,
         (SELECT substr(setting, 13) FROM pg_db_role_setting s, unnest(s.setconfig) setting
           WHERE setting LIKE 'search_path=%' AND s.setrole = 0
             AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
           ORDER BY s.setdatabase DESC LIMIT 1) AS path,
         (SELECT pg_get_userbyid(c.relowner)::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'reeve')
           GROUP BY c.relowner ORDER BY count(*) DESC, 1 LIMIT 1) AS usual_owner`;

const tableRow = z.object({
  name: z.string(),
  asked: z.string(),
  oid: z.string(),
  owner: z.string(),
  rows: z.number(),
  bytes: z.number(),
  writes: z.number(),
  sessions: z.number(),
  columns: z.record(z.string(), z.string()),
});
const tablesSql = `
  WITH asked AS (SELECT a AS asked, parse_ident(a) AS parts FROM unnest($1::text[]) a),
  found AS (
    SELECT DISTINCT ON (asked) asked, c.oid, c.relname, n.nspname, c.relowner, c.reltuples
      FROM asked JOIN pg_class c ON c.relname = parts[cardinality(parts)] JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f')
       AND CASE WHEN cardinality(parts) > 1 THEN n.nspname = parts[1] ELSE n.nspname = ANY ($2::text[]) END
     ORDER BY asked, array_position($2::text[], n.nspname::text))
  SELECT format('%I.%I', f.nspname, f.relname) AS name, asked, f.oid::text AS oid, pg_get_userbyid(f.relowner)::text AS owner,
         greatest(f.reltuples, coalesce(s.n_live_tup, 0), 0)::float8 AS rows, coalesce(pg_total_relation_size(f.oid), 0)::float8 AS bytes,
         coalesce((s.n_tup_ins + s.n_tup_upd + s.n_tup_del)
                  / greatest(extract(epoch FROM now() - coalesce(d.stats_reset, pg_postmaster_start_time())), 60), 0)::float8 AS writes,
         (SELECT count(DISTINCT pid) FROM pg_locks l WHERE l.relation = f.oid AND l.pid <> pg_backend_pid()) AS sessions,
         (SELECT coalesce(jsonb_object_agg(attname, format_type(atttypid, atttypmod)), '{}') FROM pg_attribute
           WHERE attrelid = f.oid AND attnum > 0 AND NOT attisdropped) AS columns
    FROM found f LEFT JOIN pg_stat_user_tables s ON s.relid = f.oid
    LEFT JOIN pg_stat_database d ON d.datname = current_database()`;

const memberRow = z.object({ is: z.boolean() });
const historyRow = z.object({ keeps: z.boolean() });
/** Its own table, a schema in which it may make one, or a database in which it may make that. */
const historySql = `
  SELECT coalesce((SELECT pg_has_role($1::name, c.relowner, 'USAGE') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'reeve' AND c.relname = 'migrations'),
                  (SELECT has_schema_privilege($1::name, oid, 'CREATE') FROM pg_namespace WHERE nspname = 'reeve'),
                  has_database_privilege($1::name, current_database(), 'CREATE')) AS keeps`;

/** Everything that a plan for files rests on, read by the collecting login. */
export async function surveyTarget(
  { credentials }: Pick<PostgresOperationsInput, 'credentials'>,
  connection: Connection,
  asked: readonly string[],
  signal: AbortSignal,
): Promise<TargetSurvey> {
  const [identity] = await connection.query(identitySql, identityRow, signal);
  const [server] = await connection.query(serverSql, serverRow, signal);
  if (identity === undefined || server === undefined)
    throw new CollectError('malformed', 'the server did not describe itself');
  const searchPath = server.path ?? usualPath;
  const schema = await readSchema(connection, signal);
  const acting = credentials === undefined ? undefined : parseEndpoint(credentials.reveal()).user;
  const schemas = searchPath.split(',').map((each) =>
    each
      .trim()
      .replaceAll('"', '')
      .replace('$user', acting ?? ''),
  );
  const found = await connection.query(tablesSql, tableRow, signal, [
    [...new Set(asked)].map(quotedName),
    schemas,
  ]);
  const tables = found.map(({ writes, asked: quoted, ...table }) => ({
    ...table,
    asked: quoted.replaceAll('"', ''),
    writesPerSecond: writes,
    lines: schema.filter(({ of }) => of === table.name).map(({ text }) => text),
  }));
  const role = ownerOf(tables) ?? server.usual_owner ?? '';
  const [member] =
    acting === undefined || role === ''
      ? []
      : await connection.query(`SELECT pg_has_role($1::name, $2::name, 'MEMBER') AS is`, memberRow, signal, [
          acting,
          role,
        ]);
  const [keeper] =
    acting === undefined ? [] : await connection.query(historySql, historyRow, signal, [acting]);
  return {
    database: connection.database,
    databaseOid: identity.database_oid,
    identity: targetIdentity(identity),
    serverStartedAt: server.started_at,
    tracksCounts: server.tracks,
    role,
    mayKeepHistory: keeper?.keeps,
    mayActAs: acting === undefined ? undefined : (member?.is ?? true),
    searchPath,
    tables,
    history: await readHistory(connection, signal),
    schema,
    schemaHash: schemaHash(schema),
  };
}

function quotedName(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
}

/** What owns most of them. */
function ownerOf(tables: readonly { readonly owner: string }[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { owner } of tables) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return [...counts].toSorted((one, other) => other[1] - one[1])[0]?.[0];
}
