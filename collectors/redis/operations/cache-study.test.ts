import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EvidenceDraft } from '../../../src/sdk.ts';
import { type RedisServer, startRedis } from '../../../tests/support/redis/server.ts';
import { createTempDir } from '../../../tests/support/temp-dir.ts';
import { familyOf } from './key-family.ts';
import { type Stage, setStage, users } from './testing/stage.ts';

const listening =
  'reeve_ears on >stage-password -@all +info +client|setname +config|set +config|get +psubscribe resetchannels &__keyevent@*__:keymiss';

let server: RedisServer;
let scratch: { readonly path: string; remove(): Promise<void> };
let stage: Stage | undefined;
beforeAll(async () => {
  server = await startRedis({ users: [...users, listening] });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await server.command('FLUSHALL');
  scratch = await createTempDir('misses');
});
afterEach(async () => {
  await stage?.[Symbol.asyncDispose]();
  stage = undefined;
  await scratch.remove();
});

const flags = async (): Promise<unknown> => server.command('CONFIG', 'GET', 'notify-keyspace-events');
const titles = (drafts: readonly EvidenceDraft[] = []): string => drafts.map(({ title }) => title).join('\n');

describe('the name of a family', () => {
  it.each([
    ['session:8f14e45f', 'session:*'],
    ['cart2/77', 'cart#/*'],
    ['user_profile.12', 'user_profile.*'],
    ['alice@example.com:cart', '(other names)'],
    ['8f14e45fceea167a:cart', '(other names)'],
    ['a1b2c3d4e5:x', '(other names)'],
    ['canary', '(other names)'],
    [':x', '(other names)'],
  ])('of %s is %s', (key, family) => {
    expect(familyOf(key)).toBe(family);
  });
});

describe('why a cache misses', () => {
  it('is told from windows and drawn keys, with numbers, without a lookup and without a name that could be data', async () => {
    stage = await setStage(server);
    await stage.collect();
    for (let key = 0; key < 60; key += 1) {
      await server.command('SET', `page:canary${key}`, 'x'.repeat(100));
      await server.command('GET', `absent:${key}`);
    }
    await server.command('SET', 'report:1', 'x'.repeat(2_000_000));
    await stage.collect();
    const before = await server.info('stats');

    const advice = await stage.operations.advise?.('cache', stage.context);

    const after = await server.info('stats');
    for (const field of ['keyspace_hits', 'keyspace_misses'])
      expect(after.get(field)).toBe(before.get(field));
    expect(titles(advice)).toMatch(/keys without a time to live: 61 of 61 keys/);
    expect(titles(advice)).toMatch(/keys that were never there: 60 of 60 misses/);
    expect(titles(advice)).toMatch(/big keys: the largest of 61 keys drawn has 2 MiB \(report:\*\)/);
    expect(titles(advice)).toMatch(/pattern: cache-aside with a placeholder fits \(1\.02 writes a lookup/);
    expect(titles(advice)).toMatch(/invalidation: TTL-based, on every key fits/);
    expect(advice?.every(({ kind }) => kind === 'advice')).toBe(true);
    expect(JSON.stringify(advice)).not.toContain('canary');
  });

  it('leaves misses by prefix unknown unless somebody allowed to listen', async () => {
    stage = await setStage(server);
    const [raise] = stage.operations.actions;

    await raise?.find({ subject: undefined, only: undefined, limit: 1 }, stage.context);

    expect(titles(stage.evidence)).toContain('misses by prefix: unknown');
    expect(await flags()).toEqual(['notify-keyspace-events', '']);
  });

  it('listens to misses where it is allowed, for a while, and puts the setting back', async () => {
    await server.command('CONFIG', 'SET', 'notify-keyspace-events', 'KEx');
    const [, old] = [await flags()].flat();
    stage = await setStage(server, {
      target: { cache: { missSampling: { enabled: true, for: '1s' } } },
      credentials: server.urlFor('reeve_ears', 'stage-password'),
      scratch: scratch.path,
    });
    await stage.collect();
    await server.command('GET', 'absent:0');
    await stage.collect();
    const [raise] = stage.operations.actions;

    const found = raise?.find({ subject: undefined, only: undefined, limit: 1 }, stage.context);
    let during: unknown;
    for (let key = 0; key < 25; key += 1) {
      await server.command('GET', `absent:${key}`);
      const [, now] = [await flags()].flat();
      if (now !== old) during = now;
    }
    await found;

    expect(String(during)).toContain('m');
    expect(titles(stage.evidence)).toMatch(/misses by prefix: (\d+) of \1 in .* are absent:\*/);
    expect(await flags()).toEqual(['notify-keyspace-events', old]);
    expect(await readdir(scratch.path)).toEqual([]);
    await server.command('CONFIG', 'SET', 'notify-keyspace-events', '');
  });

  it('puts back what an agent left that was killed while it listened, and leaves alone what somebody set since', async () => {
    const note = join(scratch.path, `redis-miss-events-${Buffer.from('watched').toString('hex')}.json`);
    const study = async (): Promise<void> => {
      await mkdir(scratch.path, { recursive: true });
      await writeFile(note, JSON.stringify({ old: '', set: 'Em' }));
      await using next = await setStage(server, { scratch: scratch.path });
      await next.operations.advise?.('cache', next.context);
    };

    await server.command('CONFIG', 'SET', 'notify-keyspace-events', 'mE');
    await using watching = await setStage(server);
    const { readings } = await watching.collect();
    await study();
    const restored = await flags();
    await server.command('CONFIG', 'SET', 'notify-keyspace-events', 'KEA');
    await study();

    expect(readings.flatMap(({ findings }) => findings.map(({ code }) => code))).toContain(
      'key_miss_events_on',
    );
    expect(restored).toEqual(['notify-keyspace-events', '']);
    expect(await flags()).toEqual(['notify-keyspace-events', 'AKE']);
    expect(await readdir(scratch.path)).toEqual([]);
    await server.command('CONFIG', 'SET', 'notify-keyspace-events', '');
  });
});

describe('what grows', () => {
  it('is told with numbers: memory, families of keys, keys that never end', async () => {
    for (let key = 0; key < 50; key += 1) await server.command('SET', `event:${key}`, 'x'.repeat(1_000));
    await server.command('SET', 'session:1', 'x', 'EX', 100);
    stage = await setStage(server, { target: { workload: 'oltp' } });
    await stage.collect();

    const advice = await stage.operations.advise?.('storage_growth', stage.context);

    expect(titles(advice)).toMatch(/uses .* MiB, .* of it for keys and values; .* maxmemory is 0/);
    expect(titles(advice)).toMatch(/51 of 51 keys drawn: event:\* holds about 9\d/);
    expect(titles(advice)).toMatch(/50 of 51 keys \(about .*\) have no time to live: they stay/);
  });
});

describe('the logins', () => {
  it('are checked: what lacks is named with the statement that mends it, and what is too much too', async () => {
    const check = async (credentials: string | undefined): Promise<string> => {
      await using checked = await setStage(server, { credentials });
      const items = await checked.operations.check(checked.context.signal);
      return items.map(({ message, remedy }) => `${message}: ${remedy}`).join('\n');
    };

    expect(await check(server.urlFor('reeve_acts', 'stage-password'))).toBe('');
    expect(await check(undefined)).toMatch(
      /none can be applied: ACL SETUSER reeve_acts on ><password> -@all \+info/,
    );
    expect(await check(server.urlFor('reeve', 'stage-password'))).toContain(
      'lacks CONFIG SET: ACL SETUSER reeve ',
    );
    expect(await check(server.url)).toContain('may write any key');
    expect(await check('redis://nobody:x@127.0.0.1:1')).toContain('cannot be used');
    expect(await check('not a url')).toContain('must be redis://user:password@host:port');
  });
});
