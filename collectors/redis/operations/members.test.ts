import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Action,
  type CounterReading,
  isRefusal,
  type PlanDraft,
  type Refusal,
} from '../../../src/sdk.ts';
import { startSentinel } from '../../../tests/support/redis/sentinel.ts';
import { type RedisServer, startRedis } from '../../../tests/support/redis/server.ts';
import { waitUntil } from '../../../tests/support/wait-until.ts';
import { missSeries } from './cache-counters.ts';
import { asPlan, type Stage, setStage, users } from './testing/stage.ts';

const mebibyte = 1_048_576;
const config = { maxmemory: '8mb', 'maxmemory-policy': 'allkeys-lru' } as const;
const servers: RedisServer[] = [];
let primary: RedisServer;
let replica: RedisServer;
let stage: Stage;

beforeAll(async () => {
  primary = await startRedis({ users, config });
  replica = await startRedis({ users, config, replicaOf: primary });
  const sentinel = await startSentinel({ primary });
  servers.push(sentinel, replica, primary);
  await waitUntil('the Sentinel to know the replica', async () => {
    const found = await sentinel.command('SENTINEL', 'REPLICAS', 'main');
    return Array.isArray(found) && found.length === 1;
  });
  const target = {
    url: undefined,
    sentinel: { name: 'main', addresses: [`127.0.0.1:${sentinel.port}`] },
    username: 'reeve',
    password: { env: 'PASSWORD' },
  };
  stage = await setStage(primary, { target, env: { PASSWORD: 'stage-password' } });
  await stage.collect();
  const value = 'x'.repeat(20_000);
  for (let key = 0; key < 500; key += 1) await primary.command('SET', `user:${key}`, value);
  await stage.collect();
}, 60_000);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

function raiseOf(on: Stage): Action {
  const [raise] = on.operations.actions;
  if (raise === undefined) throw new Error('no action');
  return raise;
}

async function planOn(on: Stage): Promise<PlanDraft | Refusal> {
  const candidate = { action: 'raise_maxmemory', subject: '', title: '', facts: {} };
  return raiseOf(on).plan(candidate, on.context);
}

async function refusalOn(on: Stage): Promise<string> {
  const answer = await planOn(on);
  return isRefusal(answer) ? answer.id : 'no refusal';
}

describe('a primary with replicas behind Sentinel', () => {
  it('is changed server by server, replicas first, and taken back the same way', async () => {
    const draft = await planOn(stage);
    if (isRefusal(draft)) throw new Error(draft.text);
    const plan = asPlan(draft);
    const raise = raiseOf(stage);
    const limits = async (): Promise<readonly unknown[]> =>
      Promise.all([replica, primary].map(async (each) => (await each.info('memory')).get('maxmemory')));

    expect(plan.acts.map(({ summary }) => summary)).toEqual([
      expect.stringContaining(`:${replica.port} from`),
      expect.stringContaining(`:${primary.port} from`),
    ]);
    for (const act of plan.acts) {
      expect(await raise.recheck(plan, stage.context)).toEqual([]);
      expect(await raise.apply(plan, act, stage.actContext)).toMatchObject({ result: 'done' });
    }
    expect(await limits()).toEqual([String(10 * mebibyte), String(10 * mebibyte)]);
    for (const act of plan.acts.toReversed())
      expect(await raise.undo(plan, act, stage.actContext)).toMatchObject({ result: 'done' });
    expect(await limits()).toEqual([String(8 * mebibyte), String(8 * mebibyte)]);
  });

  it('is refused while its servers do not agree', async () => {
    await replica.command('CONFIG', 'SET', 'maxmemory', 9 * mebibyte);

    expect(await refusalOn(stage)).toBe('members_alike');

    await replica.command('CONFIG', 'SET', 'maxmemory', 8 * mebibyte);
  });

  it('is refused after a failover since the plan', async () => {
    const draft = await planOn(stage);
    if (isRefusal(draft)) throw new Error(draft.text);
    const plan = asPlan(draft);
    await primary.command('REPLICAOF', '127.0.0.1', replica.port);
    await replica.command('REPLICAOF', 'NO', 'ONE');

    const raise = raiseOf(stage);
    const results = await Promise.all(plan.acts.map((act) => raise.apply(plan, act, stage.actContext)));

    expect(results.map(({ result }) => result)).toEqual(['refused', 'refused']);
    expect((await primary.info('memory')).get('maxmemory')).toBe(String(8 * mebibyte));
    await replica.command('REPLICAOF', '127.0.0.1', primary.port);
    await primary.command('REPLICAOF', 'NO', 'ONE');
  });

  it('is verified by the time of its commands and by the share of lookups that miss', async () => {
    const draft = await planOn(stage);
    if (isRefusal(draft)) throw new Error(draft.text);
    const before: CounterReading = await raiseOf(stage).counters(draft, stage.context);
    for (let key = 0; key < 10; key += 1) await primary.command('GET', `absent:${key}`);

    const after: CounterReading = await raiseOf(stage).counters(draft, stage.context);

    const grown = (name: string): number => (after.series[name]?.sum ?? 0) - (before.series[name]?.sum ?? 0);
    expect(grown(missSeries)).toBe(10);
    expect(after.series[missSeries]?.unit).toBe('share');
    expect(grown('GET')).toBeGreaterThan(0);
    expect(Object.keys(after.series)).not.toContain('INFO');
  });
});

describe('servers whose settings are left alone', () => {
  it.each([
    ['a node of a cluster', { 'cluster-enabled': 'yes' }, 'not_a_cluster'],
    ['one without a limit', { maxmemory: '0' }, 'has_a_limit'],
  ])('are %s', async (_, more, id) => {
    await using server = await startRedis({ users, config: { ...config, ...more } });
    await using other = await setStage(server);

    expect(await refusalOn(other)).toBe(id);
  });

  it('are replicas that are watched alone', async () => {
    await using other = await setStage(replica);

    expect(await refusalOn(other)).toBe('is_primary');
  });
});
