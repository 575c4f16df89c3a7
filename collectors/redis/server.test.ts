import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { programPath } from '../../tests/support/debian.ts';
import { type RedisServer, startRedis } from '../../tests/support/redis/server.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';
import { type Watching, watchTarget } from '../../tests/support/watching.ts';
import { redisGrants, serverRules } from './grants.ts';
import { engine } from './index.ts';
import { byGroup, lines, valueOf } from './testing/fixture-engine.ts';

const password = 'canary-pass';
const hitRatio = 'reeve_redis_cache_hit_ratio';

let server: RedisServer;

beforeAll(async () => {
  programPath('redis-server');
  server = await startRedis({
    users: [`reeve on >${password} ${serverRules}`],
    config: { 'slowlog-log-slower-than': '0', appendonly: 'yes' },
  });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Watches a server as the least-privileged user. */
function watch(
  port = server.port,
  target: Readonly<Record<string, unknown>> = {},
  secret = password,
): Watching {
  const url = `redis://reeve:${secret}@127.0.0.1:${port}`;
  const watching = watchTarget({ engine, target: { url: { env: 'URL' }, ...target }, env: { URL: url } });
  onTestFinished(() => watching.watch.close());
  return watching;
}

async function counters(): Promise<readonly (string | undefined)[]> {
  const info = await server.info('stats');
  return [info.get('keyspace_hits'), info.get('keyspace_misses')];
}

describe('the user of the grants', () => {
  it('collects every group over one connection under its own name', async () => {
    const watching = watch();

    await watching.collect();
    const snapshot = await watching.collect();

    expect(snapshot.up).toBe(true);
    expect(snapshot.readings.map(({ group, state }) => `${group} ${state}`)).toEqual(
      Object.keys(engine.groups).map((group) => `${group} ok`),
    );
    const clients = String(await server.command('CLIENT', 'LIST'));
    expect(clients.split('\n').filter((line) => line.includes('user=reeve'))).toEqual([
      expect.stringContaining(' name=reeve/test '),
    ]);
  });

  it('may neither read a value nor write', async () => {
    const denied = [
      ['GET', 'key'],
      ['SET', 'key', 'value'],
      ['CONFIG', 'SET', 'maxmemory', '0'],
      ['SLOWLOG', 'RESET'],
      ['KEYS', '*'],
      ['TYPE', 'key'],
    ];

    const answers = await Promise.all(
      denied.map((command) => server.command('ACL', 'DRYRUN', 'reeve', ...command).then(String)),
    );

    expect(answers.filter((answer) => !answer.includes('no permissions'))).toEqual([]);
  });

  it('is told the exact statement when it loses a command, and only that group is unknown', async () => {
    onTestFinished(async () => void (await server.command('ACL', 'SETUSER', 'reeve', '+slowlog|get')));
    const watching = watch();
    await watching.collect();

    await server.command('ACL', 'SETUSER', 'reeve', '-slowlog|get');
    const snapshot = await watching.collect();

    const read = byGroup(snapshot);
    expect(snapshot.readings.filter(({ state }) => state !== 'ok').map(({ group }) => group)).toEqual([
      'slowlog',
    ]);
    expect(read('slowlog').errors).toEqual([
      { subject: '', code: 'denied', message: expect.stringMatching(/: ACL SETUSER reeve \+slowlog\|get$/) },
    ]);
  });

  it('is created by the statement that people are given', async () => {
    const [statement = ''] = redisGrants.statements;
    const [, ...words] = statement
      .replace('SETUSER reeve', 'SETUSER copy')
      .replace('<password>', 'other')
      .split(' ');

    await server.command('ACL', ...words);
    const rules = String(await server.command('ACL', 'LIST'));

    const of = (user: string): string =>
      rules
        .split(',')
        .find((line) => line.startsWith(`user ${user} `))
        ?.replace(/#\w+/, '')
        .replace(user, '') ?? user;
    expect(of('copy')).toBe(of('reeve'));
  });
});

describe('the hit ratio', () => {
  it('is not moved by any number of collections and walks over the keys', async () => {
    for (let key = 0; key < 300; key += 1) await server.command('SET', `key:${key}`, 'x'.repeat(key * 10));
    await server.command('LPUSH', 'queue', ...Array.from({ length: 200 }, () => 'y'.repeat(100)));
    await server.command('SET', 'report', 'z'.repeat(15_000));
    const before = await counters();
    const watching = watch(server.port, { biggestKeys: { every: '1m', keysPerSecond: 100, top: 2 } });

    for (let polls = 0; polls < 20; polls += 1) await watching.collect();
    const walked = await waitUntil('the walk to end', async () => {
      const read = byGroup(await watching.collect());
      const reading = read('biggest_keys');
      const finished = valueOf(reading, 'reeve_redis_key_scan_finished_timestamp_seconds');
      return finished === undefined ? undefined : reading;
    });

    expect(await counters()).toEqual(before);
    expect(walked.details['biggest_keys']?.map(({ key, database }) => [key, database])).toEqual([
      ['queue', '0'],
      ['report', '0'],
    ]);
    expect(valueOf(byGroup(watching.latest())('cache'), hitRatio)).toBeUndefined();
  });

  it("is the workload's own", async () => {
    const watching = watch();
    await watching.collect();

    for (let lookup = 0; lookup < 8; lookup += 1)
      await server.command('EXISTS', lookup < 6 ? 'key:1' : 'nowhere');
    const { samples } = byGroup(await watching.collect())('cache');

    expect(samples.find(({ metric }) => metric.name === hitRatio)).toMatchObject({ value: 0.75, basis: 8 });
  });

  it('is unknown after a restart until there are two readings again', async () => {
    const other = await startRedis();
    onTestFinished(() => other[Symbol.asyncDispose]());
    const watching = watchTarget({ engine, target: { url: other.url } });
    onTestFinished(() => watching.watch.close());
    const lookUp = async (): Promise<void> => {
      await other.command('SET', 'key', 'value');
      for (let lookup = 0; lookup < 4; lookup += 1)
        await other.command('GET', lookup < 3 ? 'key' : 'nowhere');
    };
    const ratioNow = async (): Promise<number | undefined> =>
      valueOf(byGroup(await watching.collect())('cache'), hitRatio);

    await watching.collect();
    await lookUp();
    const before = await ratioNow();
    await other.restart();
    await lookUp();
    await waitUntil('a collection of the new server', async () => (await watching.collect()).up);
    const after = valueOf(byGroup(watching.latest())('cache'), hitRatio);
    await lookUp();
    const again = await ratioNow();

    expect([before, after, again]).toEqual([0.75, undefined, 0.75]);
  });
});

describe('a wrong password', () => {
  it('is called one, with what to do', async () => {
    const watching = watch(server.port, {}, 'canary-wrong');

    const { failure } = await watching.collect();

    expect(failure).toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/password or user name is wrong/),
    });
  });
});

describe('latency', () => {
  it('is measured over the last calls only', async () => {
    const watching = watch();
    await watching.collect();

    await server.command('EVAL', 'local n = 0; for i = 1, 3000000 do n = n + i end; return n', 0);
    const { samples } = byGroup(await watching.collect())('latency');

    const p999 = samples.find(({ metric }) => metric.name.endsWith('_p999_seconds'));
    expect(p999?.value).toBeGreaterThan(0.001);
    expect(p999?.basis).toBeLessThan(10);
  });

  it('is unknown, with the setting that mends it, while the server does not track it', async () => {
    const other = await startRedis({ config: { 'latency-tracking': 'no' } });
    onTestFinished(() => other[Symbol.asyncDispose]());
    const watching = watchTarget({ engine, target: { url: other.url } });
    onTestFinished(() => watching.watch.close());

    const latency = byGroup(await watching.collect())('latency');

    expect(latency).toMatchObject({ state: 'failed', errors: [{ code: 'unsupported' }] });
    expect(latency.errors[0]?.message).toContain('CONFIG SET latency-tracking yes');
    expect(lines(latency)).toEqual([]);
  });
});
