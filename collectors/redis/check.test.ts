import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CheckItem, Collector } from '../../src/sdk.ts';
import { type RedisServer, startRedis } from '../../tests/support/redis/server.ts';
import { watchTarget } from '../../tests/support/watching.ts';
import { serverRules } from './grants.ts';
import { engine } from './index.ts';

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis({
    users: [`reeve on >secret ${serverRules}`, `poor on >secret -@all +info`],
    config: { appendonly: 'yes', maxmemory: '50mb', 'maxmemory-policy': 'allkeys-lru' },
  });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** What check says about a server, as a login and for a workload. */
async function check(user: string, workload = 'cache', target = server): Promise<readonly CheckItem[]> {
  let collector: Collector | undefined;
  const watched = {
    ...engine,
    createCollector: async (input: Parameters<typeof engine.createCollector>[0]) => {
      collector = await engine.createCollector(input);
      return collector;
    },
  };
  const url = user === '' ? target.url : target.urlFor(user, 'secret');
  const watching = watchTarget({
    engine: watched,
    target: { url: { env: 'URL' }, workload },
    env: { URL: url },
  });
  onTestFinished(() => watching.watch.close());
  await watching.collect(false);
  return (await collector?.check(new AbortController().signal)) ?? [];
}

describe('check', () => {
  it('finds nothing wrong with the user of the grants on a server that is set up well', async () => {
    expect(await check('reeve')).toEqual([]);
  });

  it('names each missing command, what is blind without it, and the statement', async () => {
    const items = await check('poor');

    const found = items.map(({ severity, groups, remedy }) => `${severity} ${groups.join()}: ${remedy}`);
    expect(found.sort()).toEqual([
      'blind biggest_keys: ACL SETUSER poor +memory|usage',
      'blind biggest_keys: ACL SETUSER poor +scan',
      'blind biggest_keys: ACL SETUSER poor +select',
      'blind configuration: ACL SETUSER poor +config|get',
      'blind latency: ACL SETUSER poor +latency|histogram',
      'blind slowlog: ACL SETUSER poor +slowlog|get',
    ]);
    expect(items[0]?.message).toBe(`permission denied for SLOWLOG GET on 127.0.0.1:${server.port}`);
  });

  it('offers the least-privileged login to who comes as the default user', async () => {
    const [item] = await check('');

    expect(item).toMatchObject({
      severity: 'advice',
      remedy: expect.stringMatching(/^ACL SETUSER reeve on ><password> -@all \+info/),
    });
  });

  it('says which settings blind or endanger', async () => {
    const other = await startRedis({
      config: { 'latency-tracking': 'no', 'slowlog-log-slower-than': '-1' },
      users: [`reeve on >secret ${serverRules}`],
    });
    onTestFinished(() => other[Symbol.asyncDispose]());

    const asCache = await check('reeve', 'cache', other);
    const asData = await check('reeve', 'oltp', other);

    const remedies = (items: readonly CheckItem[]): string[] =>
      items.map(({ remedy }) => remedy.replace('\nCONFIG REWRITE', ''));
    expect(remedies(asCache)).toEqual([
      'CONFIG SET latency-tracking yes',
      '-- or what the machine can spare\nCONFIG SET maxmemory 2gb',
      'CONFIG SET slowlog-log-slower-than 10000',
    ]);
    expect(remedies(asData)).toEqual([
      'CONFIG SET latency-tracking yes',
      'CONFIG SET appendonly yes',
      'CONFIG SET slowlog-log-slower-than 10000',
    ]);
  });
});
