import type { Grants } from '../../src/sdk.ts';
import { quote } from './client-errors.ts';

/** Roles of the login; nothing else is used. */
export const roles = [
  { role: 'clusterMonitor', db: 'admin' },
  { role: 'read', db: 'local' },
] as const;

const roleList = roles.map(({ role, db }) => `{ role: ${quote(role)}, db: ${quote(db)} }`).join(', ');

/** The statement that makes the login, for mongosh. */
export function createUser(name: string): string {
  return `db.getSiblingDB('admin').createUser({ user: ${quote(name)}, pwd: '<password>', roles: [${roleList}] })`;
}

/** The statement that gives an existing login what it lacks. */
export function grantRoles(
  name: string,
  missing: readonly { readonly role: string; readonly db: string }[],
): string {
  const list = missing.map(({ role, db }) => `{ role: ${quote(role)}, db: ${quote(db)} }`).join(', ');
  return `db.getSiblingDB('admin').grantRolesToUser(${quote(name)}, [${list}])`;
}

export const mongodbGrants: Grants = {
  summary:
    'Reads statistics and the configuration of the deployment; no document of a database, no write. `clusterMonitor` serves every group; `read` on `local` is for the oplog, where serverStatus does not tell its window (leave it out otherwise). Run the statement in mongosh on the primary; in a sharded cluster on a mongos, and on the primary of every shard as well, because shards keep users of their own and every member is read directly. Arbiters hold no users and need none.',
  statements: [createUser('reeve')],
};
