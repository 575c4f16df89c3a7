import { z } from 'zod';
import {
  type KeptMigration,
  type MigrationFile,
  type MigrationTool,
  type Refusal,
} from '../../../../src/sdk.ts';
import type { Connection } from '../../client.ts';
import { fingerprintOf } from './migration-files.ts';

/** Where other tools keep which of their files are applied; golang-migrate keeps the last version only. */
const tables: Readonly<
  Record<Exclude<MigrationTool, 'reeve'>, { readonly table: string; readonly versions: string }>
> = {
  dbmate: { table: 'schema_migrations', versions: 'version::text' },
  'golang-migrate': { table: 'schema_migrations', versions: 'version::text' },
  flyway: { table: 'flyway_schema_history', versions: 'coalesce(version, description)::text' },
};

const placeRow = z.object({ name: z.string(), readable: z.boolean() });
const placeSql = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, has_table_privilege(c.oid, 'SELECT') AS readable
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relname = $1 AND c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   ORDER BY n.nspname = 'public' DESC, 1 LIMIT 1`;
const versionRow = z.object({ version: z.string().nullable() });

/** Files of another tool that its own history says are applied; empty for our own. Their texts are taken as they are now: no such history has them. */
export async function readForeignHistory(
  connection: Connection,
  files: readonly MigrationFile[],
  signal: AbortSignal,
): Promise<readonly KeptMigration[] | Refusal> {
  const tool = files.find((file) => file.tool !== 'reeve')?.tool ?? 'reeve';
  if (tool === 'reeve') return [];
  const { table, versions } = tables[tool];
  const [place] = await connection.query(placeSql, placeRow, signal, [table]);
  if (place === undefined) return [];
  if (!place.readable)
    return {
      id: 'foreign_history',
      text: `the collecting login may not read ${place.name}, where ${tool} keeps what is applied: GRANT SELECT ON ${place.name} TO it`,
    };
  const rows = await connection.query(`SELECT ${versions} AS version FROM ${place.name}`, versionRow, signal);
  const applied = new Set(rows.map(({ version }) => plain(version ?? '')));
  const last = Math.max(-1, ...rows.map(({ version }) => Number(version ?? -1)));
  return files
    .filter(({ name }) =>
      tool === 'golang-migrate' ? Number(versionOf(name)) <= last : applied.has(plain(versionOf(name))),
    )
    .map((file) => ({ name: file.name, sha256: fingerprintOf(file), state: 'applied' }));
}

/** `20261124_orders`, `V1.2__orders`, `000003_orders`: what stands before the first `_`. */
function versionOf(name: string): string {
  return (name.split('_')[0] ?? '').replace(/^V/i, '');
}

/** As it is compared: tools pad numbers differently. */
function plain(version: string): string {
  return version.replace(/^0+(?=\d)/, '');
}
