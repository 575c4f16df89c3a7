import { failure } from '../errors.ts';
import { type Doc, isDoc, listOf, textOf } from '../values.ts';
import { authorize } from './access.ts';
import type { Call, CommandTable } from './command.ts';

/** While a server with access control has no login at all, whoever comes by loopback may make the first. */
export const userCommands: CommandTable = {
  createUser: { open: true, wants: 'write', run: createUser },
};

/** @see https://www.mongodb.com/docs/manual/core/localhost-exception/ */
function createUser(call: Call): Doc {
  const { accounts } = call.node.shared;
  if (!accounts) throw failure('BadValue', 'this double keeps logins only with access control');
  if (!accounts.isEmpty) authorize(call, 'createUser', { database: call.database, collection: '' });
  const roles = listOf(call.body['roles'])
    .filter(isDoc)
    .map((role) => `${String(role['role'])}@${String(role['db'])}`);
  accounts.add(String(call.body['createUser']), {
    password: textOf(call.body['pwd']) ?? '',
    roles,
    database: call.database,
  });
  return {};
}
