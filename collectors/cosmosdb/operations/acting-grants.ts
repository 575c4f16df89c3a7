import { type AccountId, resourcePath } from '../account-id.ts';
import { kinds, provider } from '../grants.ts';

/** What acts need, and nothing else: no key, no document, no deletion. */
export const actingActions: readonly string[] = [
  `${provider}/read`,
  'Microsoft.Authorization/permissions/read',
  'Microsoft.DocumentDB/locations/operationsStatus/read',
  ...kinds.flatMap(([databases, containers]) =>
    [`${provider}/${databases}`, `${provider}/${databases}/${containers}`].flatMap((path) => [
      `${path}/read`,
      `${path}/throughputSettings/read`,
      `${path}/throughputSettings/write`,
      `${path}/throughputSettings/operationResults/read`,
    ]),
  ),
  // Migrations of containers.
  `${provider}/sqlDatabases/containers/write`,
  `${provider}/sqlDatabases/containers/operationResults/read`,
];

/** Statements that make the login that acts and give it one account; the first once in a subscription. */
export function actingGrantsFor(account: AccountId): readonly string[] {
  return [definition(account.subscription), actingAssignmentFor(account)];
}

/** The one of them that an identity most often lacks, for messages. */
export function actingAssignmentFor(account: AccountId): string {
  return `az role assignment create --assignee "<principal that acts>" --role "${roleName(account.subscription)}" --scope "${resourcePath(account)}"`;
}

function roleName(subscription: string): string {
  return `Reeve Cosmos DB Throughput ${subscription.toLowerCase()}`;
}

function definition(subscription: string): string {
  const role = {
    Name: roleName(subscription),
    Description: 'Throughput and policies of containers; no keys, no documents, no deletion.',
    Actions: actingActions,
    AssignableScopes: [`/subscriptions/${subscription}`],
  };
  return `az role definition create --role-definition '${JSON.stringify(role)}'`;
}
