import { describe, expect, it } from 'vitest';
import { parseResourceId } from './account-id.ts';

const idOf = (group: string): string =>
  `/subscriptions/0000/resourceGroups/${group}/providers/Microsoft.DocumentDB/databaseAccounts/orders`;

describe('parseResourceId', () => {
  it('takes an id apart', () => {
    expect(parseResourceId(idOf('shop'))).toEqual({
      subscription: '0000',
      resourceGroup: 'shop',
      name: 'orders',
    });
  });

  it.each(['.', '..'])('refuses "%s", which would lead to another resource', (group) => {
    expect(parseResourceId(idOf(group))).toBeUndefined();
  });
});
