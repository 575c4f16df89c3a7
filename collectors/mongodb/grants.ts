import type { Grants } from '../../src/sdk.ts';

export interface Role {
  readonly role: string;
  readonly db: string;
}

/** Roles of the login; nothing else is used. */
export const roles = {
  monitor: { role: 'clusterMonitor', db: 'admin' },
  oplog: { role: 'read', db: 'local' },
  /** Only on shards, from 8.0 on: allows to ask a shard directly, and nothing else. */
  direct: { role: 'directShardOperations', db: 'admin' },
} as const satisfies Readonly<Record<string, Role>>;

/** The statement that makes the login, for mongosh. */
export function createUser(name: string, wanted: readonly Role[] = [roles.monitor, roles.oplog]): string {
  return `db.getSiblingDB('admin').createUser({ user: ${quote(name)}, pwd: '<password>', roles: [${list(wanted)}] });`;
}

/** The statement that gives an existing login what it lacks. */
export function grantRoles(name: string, missing: readonly Role[]): string {
  return `db.getSiblingDB('admin').grantRolesToUser(${quote(name)}, [${list(missing)}]);`;
}

export const mongodbGrants: Grants = {
  summary:
    'Reads statistics and the configuration of the deployment; no document of a database, no write. `clusterMonitor` serves every group; `read` on `local` is for the oplog, where serverStatus does not tell its window (leave it out otherwise). Run the first statement in mongosh on the primary, and in a sharded cluster on a mongos. Shards keep users of their own and every member is read directly: run it on the primary of each shard too, from MongoDB 8.0 on followed by the second one (its role allows to ask a shard without mongos and nothing else). Arbiters hold no users and need none.',
  statements: [createUser('reeve'), grantRoles('reeve', [roles.direct])],
};

/** A text as mongosh reads it. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function list(wanted: readonly Role[]): string {
  return wanted.map(({ role, db }) => `{ role: ${quote(role)}, db: ${quote(db)} }`).join(', ');
}
