import { describe, expect, it } from 'vitest';
import { assignmentFor, cosmosdbGrants, grantsFor } from './grants.ts';

const account = { subscription: '0000-AAAA', resourceGroup: 'shop', name: 'orders' };

/** What a statement calls the role. */
function roleIn(statement = ''): string | undefined {
  return /(?:"Name":|--role )"([^"]+)"/.exec(statement)?.[1];
}

describe('grantsFor', () => {
  it('names the role of each subscription otherwise, because a name is given once in a directory', () => {
    const [ours, theirs] = ['0000-aaaa', '1111-bbbb'].map((subscription) =>
      roleIn(grantsFor({ ...account, subscription })[0]),
    );

    expect([ours, theirs]).toEqual(['Reeve Cosmos DB Reader 0000-aaaa', 'Reeve Cosmos DB Reader 1111-bbbb']);
  });

  it('assigns the role that it defines, however the subscription is spelled', () => {
    const roles = [
      ...grantsFor(account),
      assignmentFor(account),
      assignmentFor({ ...account, name: 'carts' }),
    ];

    expect(roles.map(roleIn)).toEqual(roles.map(() => 'Reeve Cosmos DB Reader 0000-aaaa'));
  });

  it('stands in the manual with a place for the subscription', () => {
    expect(cosmosdbGrants.statements.map(roleIn)).toEqual([
      'Reeve Cosmos DB Reader <subscription>',
      'Reeve Cosmos DB Reader <subscription>',
    ]);
  });
});
