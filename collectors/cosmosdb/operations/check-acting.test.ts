import { expect, it } from 'vitest';
import { startAzure } from '../../../tests/support/azure/azure.ts';
import { actionFor } from '../../../tests/support/azure/resource-manager.ts';
import { shopAccount } from '../../../tests/support/azure/shop-account.ts';
import { actions } from '../grants.ts';
import {
  cosmosdbOperationsInput,
  type OperationsSetup,
  SleepingClock,
  testContext,
} from '../testing/operations-input.ts';
import { accountOf, busy, scaleStage } from '../testing/scale-stage.ts';
import { actingActions } from './acting-grants.ts';
import { createCosmosdbOperations } from './create-operations.ts';

const write = 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/throughputSettings/write';

async function messages(more: Partial<OperationsSetup>, denied: readonly string[] = []): Promise<string> {
  await using azure = await startAzure({ accounts: [shopAccount()] });
  for (const action of denied) azure.deny(action);
  const clock = new SleepingClock(Date.now());
  const operations = createCosmosdbOperations(cosmosdbOperationsInput(azure, { clock, ...more }));
  const items = await operations.check(testContext().signal);
  await operations.close();
  return items.map(({ severity, message, remedy }) => `${severity}: ${message} | ${remedy}`).join('\n');
}

it('says what the logins may do that they should not, and gives the role', async () => {
  const text = await messages({});

  expect(text).toContain('advice: the collecting login is able to act');
  expect(text).toContain('the login that acts may do more than its actions need');
  expect(text).toContain('listKeys/action');
  expect(text).toContain('az role definition create');
});

it('says what the login that acts lacks', async () => {
  expect(await messages({}, [write])).toContain(`blind: the login that acts lacks ${write} on double-shop`);
});

it('says that it does not know where Azure does not say', async () => {
  const text = await messages({}, ['Microsoft.Authorization/permissions/read']);

  expect(text).toContain('what the collecting login may do is not known');
});

it.each([
  ['without credentials', undefined, 'there are no remediation.credentials'],
  ['with credentials that are none', 'hunter2', 'are none of {"tenant"'],
  [
    'with a secret that is wrong',
    JSON.stringify({ tenant: 't', clientId: 'c', secret: 'hunter2' }),
    'cannot be used',
  ],
])('says so %s, and shows no secret', async (_what, credentials, says) => {
  const text = await messages({ credentials });

  expect(text).toContain(says);
  expect(text).not.toContain('hunter2');
});

it('does nothing that the roles it asks for do not allow', async () => {
  await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
  await up.apply(await up.plan());

  const { resourceId } = up.azure.account;
  const used = up.azure.requests
    .filter(({ path }) => path.startsWith(resourceId))
    .map(({ method, path }) => ({ method, action: actionFor(method, path.slice(resourceId.length + 1)) }));
  const changing = used.filter(({ method }) => method !== 'GET');

  expect(changing.map(({ action }) => action)).toEqual([
    'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/throughputSettings/write',
  ]);
  expect(changing.filter(({ action }) => !actingActions.includes(action))).toEqual([]);
  expect(used.filter(({ action }) => !actions.includes(action) && !actingActions.includes(action))).toEqual(
    [],
  );
  expect(actingActions.filter((action) => /\*|delete|listKeys/i.test(action))).toEqual([]);
});
