import type { Grants } from '../../src/sdk.ts';
import { type AccountId, resourcePath } from './account-id.ts';

/** Roles that Azure has for this; together they read metrics, settings and names, and no document and no key. */
export const roles = ['Monitoring Reader', 'Cosmos DB Account Reader Role'] as const;

const placeholder: AccountId = {
  subscription: '<subscription>',
  resourceGroup: '<group>',
  name: '<account>',
};

export const cosmosdbGrants: Grants = {
  summary:
    'Reads metrics, throughput settings and names of databases and containers. `<principal>` is the object id of the managed identity or application. Left out on purpose: keys, documents and every change. Cosmos DB Account Reader Role can also list the read-only keys; where that is too much, a role of your own with Microsoft.DocumentDB/databaseAccounts/*/read and Microsoft.Insights/metrics/read serves as well. Where only a key can be given, give the read-only key; consumption and utilisation are unknown then.',
  statements: roles.map((role) => assignment(role, placeholder, '<principal>')),
};

/** The statement that gives a role on one account. */
export function assignment(role: string, account: AccountId, principal = '<principal>'): string {
  return `az role assignment create --assignee "${principal}" --role "${role}" --scope "${scopeOf(account)}"`;
}

/** Both roles in one line, for messages. */
export function grantFor(account: AccountId): string {
  return roles.map((role) => assignment(role, account)).join(' && ');
}

/** Placeholders stay readable, which encoding would not leave. */
function scopeOf(account: AccountId): string {
  return account === placeholder
    ? '/subscriptions/<subscription>/resourceGroups/<group>/providers/Microsoft.DocumentDB/databaseAccounts/<account>'
    : resourcePath(account);
}
