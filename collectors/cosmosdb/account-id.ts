/** An account of Cosmos DB as Azure Resource Manager names it. */
export interface AccountId {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly name: string;
}

const shape =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.DocumentDB\/databaseAccounts\/([^/]+)$/i;

/** Parses `/subscriptions/…/resourceGroups/…/providers/Microsoft.DocumentDB/databaseAccounts/…`; undefined when it is none. */
export function parseResourceId(text: string): AccountId | undefined {
  const [, subscription, resourceGroup, name] = shape.exec(text) ?? [];
  if (subscription === undefined || resourceGroup === undefined || name === undefined) return undefined;
  return [subscription, resourceGroup, name].every(isName)
    ? { subscription, resourceGroup, name }
    : undefined;
}

/** Whether a text can stand as one step of a path: `.` and `..` lead elsewhere, and stay so when they are encoded. */
export function isName(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..';
}

/** The path of the account, without a trailing slash. */
export function resourcePath({ subscription, resourceGroup, name }: AccountId): string {
  const [s, g, n] = [subscription, resourceGroup, name].map(encodeURIComponent);
  return `/subscriptions/${s}/resourceGroups/${g}/providers/Microsoft.DocumentDB/databaseAccounts/${n}`;
}
