import { describe, expect, it, onTestFinished } from 'vitest';
import { watchTarget } from '../../tests/support/watching.ts';
import { engine } from './index.ts';

const account = { subscription: '0000-aaaa', resourceGroup: 'shop', name: 'orders' };
const resourceId =
  '/subscriptions/0000/resourceGroups/shop/providers/Microsoft.DocumentDB/databaseAccounts/orders';
const endpoint = 'https://orders.documents.azure.com';
const env = {
  KEY: 'Y2FuYXJ5LWtleQ==',
  STRING: `AccountEndpoint=${endpoint}:443/;AccountKey=Y2FuYXJ5LWtleQ==;`,
  PLAIN: 'AccountEndpoint=http://orders.example.com/;AccountKey=Y2FuYXJ5LWtleQ==;',
};

describe('the options of a target', () => {
  const parse = (target: Readonly<Record<string, unknown>>) => {
    const watching = watchTarget({ engine, target, env });
    onTestFinished(() => watching.watch.close());
    return watching;
  };

  it.each([
    [{ account }],
    [{ account, cloud: 'china', identity: { managed: {} } }],
    [{ resourceId, identity: { clientSecret: { tenant: 't', clientId: 'c', secret: { env: 'KEY' } } } }],
    [{ account, endpoints: { arm: 'https://arm.example.com', authority: 'https://login.example.com' } }],
    [{ endpoint, key: { env: 'KEY' } }],
    [{ endpoint: 'http://127.0.0.1:8081', key: { env: 'KEY' } }],
    [{ connectionString: { env: 'STRING' } }],
  ])('accept %j', (target) => {
    expect(() => parse(target)).not.toThrow();
  });

  it.each([
    [{}, /exactly one of account, resourceId, endpoint/],
    [{ account, resourceId }, /exactly one of/],
    [{ resourceId: '/subscriptions/x' }, /must be \/subscriptions\//],
    [{ resourceId: resourceId.replace('/shop/', '/../') }, /must be \/subscriptions\//],
    [{ account: { ...account, resourceGroup: '..' } }, /resourceGroup.*must be a name/s],
    [{ account: { ...account, name: '.' } }, /name.*must be a name/s],
    [{ endpoint }, /an endpoint needs a key/],
    [{ account, key: { env: 'KEY' } }, /a key needs an endpoint/],
    [{ endpoint: 'http://orders.example.com', key: { env: 'KEY' } }, /must begin with https/],
    [{ endpoint, key: 'Y2FuYXJ5LWtleQ==' }, /env/],
    [{ connectionString: { env: 'KEY' } }, /is not AccountEndpoint/],
    [{ connectionString: { env: 'PLAIN' } }, /holds an AccountEndpoint that must begin with https/],
    [{ endpoint, key: { env: 'KEY' }, identity: { managed: {} } }, /is for the control plane/],
    [{ account, endpoints: { arm: 'http://arm.example.com' } }, /must be a URL that begins with https/],
    [{ account, cloud: 'moon' }, /cloud/],
    [
      {
        account,
        identity: { managed: {}, clientSecret: { tenant: 't', clientId: 'c', secret: { env: 'KEY' } } },
      },
      /not both/,
    ],
  ])('refuse %j', (target, message) => {
    expect(() => parse(target)).toThrow(message);
  });

  it('never show a key, not even in part of a message', () => {
    for (const target of [{ connectionString: { env: 'PLAIN' } }, { connectionString: { env: 'KEY' } }]) {
      try {
        parse(target);
      } catch (thrown) {
        expect(String(thrown)).not.toContain('Y2FuYXJ5');
      }
    }
  });

  it('watch once a minute unless told otherwise', () => {
    expect(parse({ account }).watch.target).toMatchObject({ intervalMs: 60_000, deadlineMs: 30_000 });
  });
});
