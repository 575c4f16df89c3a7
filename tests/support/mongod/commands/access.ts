import type { Resource } from '../accounts.ts';
import { failure } from '../errors.ts';
import type { Node } from '../node.ts';
import type { Call } from './command.ts';

/** @throws {CommandError} 13, in the server's words. */
export function authorize(call: Call, action: string, resource: Resource): void {
  const { accounts } = call.node.shared;
  if (!accounts || accounts.allows(call.session.user, resource, action)) return;
  const shown = Object.entries(call.body).filter(([key]) => !key.startsWith('$') && key !== 'lsid');
  throw failure(
    'Unauthorized',
    `not authorized on ${call.database} to execute command ${JSON.stringify(Object.fromEntries(shown.slice(0, 2)))}`,
  );
}

/** Arbiters hold no users: whoever asks them can only be nobody. */
export function isArbiter(node: Node): boolean {
  return node.role.kind === 'mongod' && node.role.member.state === 'ARBITER';
}

const internal = new Set(['admin', 'config', 'local']);

/**
 * From 8.0 on a shard of a cluster of several answers about users' databases only to its routers, and to who may issue direct operations.
 *
 * @throws {CommandError} 13, in the server's words.
 * @see https://www.mongodb.com/docs/manual/reference/supported-shard-direct-commands/
 */
export function checkDirectConnection(call: Call): void {
  const { node, session, database, body, name } = call;
  const { accounts, version } = node.shared;
  const shards = node.role.cluster?.shards ?? [];
  const isShard =
    node.role.kind === 'mongod' &&
    shards.some(({ set }) => node.role.kind === 'mongod' && set === node.role.set);
  if (
    !accounts ||
    !isShard ||
    shards.length < 2 ||
    Number(version.split('.')[0]) < 8 ||
    internal.has(database)
  )
    return;
  if (accounts.allows(session.user, { cluster: true }, 'issueDirectShardOperations')) return;
  if (node.role.kind === 'mongod')
    node.role.member.counters.add('shardingStatistics.unauthorizedDirectShardOps', 1);
  const named = body[name];
  const namespace = typeof named === 'string' ? `${database}.${named}` : database;
  throw failure(
    'Unauthorized',
    'You are connecting to a sharded cluster improperly by connecting directly to a shard. ' +
      `Please connect to the cluster via a router (mongos). Command: ${name}, Namespace: ${namespace}`,
  );
}
