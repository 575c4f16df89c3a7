import type { Grants } from '../../src/sdk.ts';
import { type AccountId, resourcePath } from './account-id.ts';

export const provider = 'Microsoft.DocumentDB/databaseAccounts';

/** What databases and their containers are called, by API. */
export const kinds = [
  ['sqlDatabases', 'containers'],
  ['mongodbDatabases', 'collections'],
  ['cassandraKeyspaces', 'tables'],
  ['gremlinDatabases', 'graphs'],
] as const;

/** Everything the collector asks for; one by one, because every role with a star in it reads the read-only key, and with it documents. */
export const actions: readonly string[] = [
  'Microsoft.Insights/metrics/read',
  // What this very login may do: `reeve check` tells whether it could act.
  'Microsoft.Authorization/permissions/read',
  `${provider}/read`,
  ...kinds.flatMap(([databases, containers]) => [
    `${provider}/${databases}/read`,
    `${provider}/${databases}/throughputSettings/read`,
    `${provider}/${databases}/${containers}/read`,
    `${provider}/${databases}/${containers}/throughputSettings/read`,
  ]),
];

export const cosmosdbGrants: Grants = {
  summary:
    'Reads metrics, throughput settings and names of databases and containers. `<principal>` is the object id of the managed identity or application. Left out on purpose: keys, documents and every change. Where roles of your own cannot be made, the built-in Monitoring Reader on the account suffices, and so does Cosmos DB Account Reader Role; both may also read the read-only key, and who has that reads documents. Where only a key can be given, give the read-only key; consumption and utilisation are unknown then.',
  statements: [
    roleDefinition('<subscription>'),
    assignment(
      '<subscription>',
      '/subscriptions/<subscription>/resourceGroups/<group>/providers/Microsoft.DocumentDB/databaseAccounts/<account>',
    ),
  ],
};

/** Statements that give an identity what it lacks on one account; the first once in a subscription. */
export function grantsFor(account: AccountId): readonly string[] {
  return [roleDefinition(account.subscription), assignmentFor(account)];
}

/** The one of them that an identity most often lacks, for messages. */
export function assignmentFor(account: AccountId): string {
  return assignment(account.subscription, resourcePath(account));
}

/** A role of one's own has its name once in a whole directory, which may hold many subscriptions. */
function roleName(subscription: string): string {
  return `Reeve Cosmos DB Reader ${subscription.toLowerCase()}`;
}

function roleDefinition(subscription: string): string {
  const definition = {
    Name: roleName(subscription),
    Description: 'Metrics, throughput settings and names; no keys, no documents.',
    Actions: actions,
    AssignableScopes: [`/subscriptions/${subscription}`],
  };
  return `az role definition create --role-definition '${JSON.stringify(definition)}'`;
}

function assignment(subscription: string, scope: string): string {
  return `az role assignment create --assignee "<principal>" --role "${roleName(subscription)}" --scope "${scope}"`;
}
