import { z } from 'zod';
import type { TargetIdentity } from '../../../src/sdk.ts';
import { ActRefused } from './act-refused.ts';

export const identityRow = z.object({
  pid: z.number(),
  application_name: z.string(),
  read_only: z.string(),
  system_identifier: z.string(),
  database: z.string(),
  database_oid: z.string(),
  role: z.string(),
  in_recovery: z.boolean(),
  timeline: z.string(),
  version: z.string(),
});

export type ActingIdentity = z.infer<typeof identityRow>;

/** The timeline of a primary is in the name of the WAL file it writes; the control file of a freshly promoted one still shows the old one. */
export const identitySql = `
  SELECT pg_backend_pid() AS pid, current_setting('application_name') AS application_name,
         current_setting('default_transaction_read_only') AS read_only,
         (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
         current_database()::text AS database, current_user::text AS role,
         (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database_oid,
         pg_is_in_recovery() AS in_recovery,
         CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id::text FROM pg_control_checkpoint())
              ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int::text END AS timeline,
         current_setting('server_version_num') AS version`;

/**
 * What a plan is bound to: the server, not the database in the URL, because one plan may be about another database of it; that one is
 * in the plan's facts (`database`, `databaseOid`) and compared too.
 */
export function targetIdentity(identity: ActingIdentity): TargetIdentity {
  return {
    systemIdentifier: identity.system_identifier,
    timeline: identity.timeline,
    role: identity.in_recovery ? 'replica' : 'primary',
    majorVersion: String(Math.floor(Number(identity.version) / 10_000)),
  };
}

/** @throws {ActRefused} `identity_changed` when the session is not on the very server and database that the plan is for. */
export function assertIdentity(
  planned: { readonly identity: TargetIdentity; readonly database: string; readonly databaseOid: string },
  found: ActingIdentity,
): void {
  const now: TargetIdentity = {
    ...targetIdentity(found),
    database: found.database,
    databaseOid: found.database_oid,
  };
  const then: TargetIdentity = {
    ...planned.identity,
    database: planned.database,
    databaseOid: planned.databaseOid,
  };
  for (const name of new Set([...Object.keys(then), ...Object.keys(now)])) {
    if (then[name] === now[name]) continue;
    throw new ActRefused(
      'identity_changed',
      `${name} is ${now[name] ?? 'unknown'}, and the plan was made for ${then[name] ?? 'unknown'}: this is not the server that the plan is for, or it failed over. Plan again.`,
    );
  }
}
