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
