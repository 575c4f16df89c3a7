import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Action, isRefusal, type Plan, type PlanDraft } from '../../../src/sdk.ts';
import { type RedisServer, startRedis } from '../../../tests/support/redis/server.ts';
import { asPlan, firstAct, type Stage, setStage, users } from './testing/stage.ts';

const mebibyte = 1_048_576;
const everything = { subject: undefined, only: undefined, limit: 1 } as const;

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis({ users, config: { maxmemory: '8mb', 'maxmemory-policy': 'allkeys-lru' } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** More than fits, with lookups that find and lookups that miss. */
async function fill(): Promise<void> {
  const value = 'x'.repeat(20_000);
  for (let key = 0; key < 500; key += 1) {
    await server.command('SET', `user:${key}`, value).catch(() => undefined);
    if (key % 5 === 0) await server.command('GET', `user:${key % 100}`);
  }
}

async function setUp(maxmemory: number, policy: string): Promise<void> {
  await server.command('FLUSHALL');
  await server.command('CONFIG', 'SET', 'maxmemory', maxmemory);
  await server.command('CONFIG', 'SET', 'maxmemory-policy', policy);
}

async function busyStage(options: Parameters<typeof setStage>[1] = {}): Promise<Stage> {
  const stage = await setStage(server, options);
  await stage.collect();
  await fill();
  await stage.collect();
  return stage;
}

function actionOf(stage: Stage, id: string): Action {
  const action = stage.operations.actions.find((each) => each.id === id);
  if (action === undefined) throw new Error(`no action ${id}`);
  return action;
}

async function planOf(stage: Stage, id: string): Promise<PlanDraft> {
  const action = actionOf(stage, id);
  const [candidate] = await action.find(everything, stage.context);
  if (candidate === undefined) throw new Error(`nothing found: ${JSON.stringify(stage.evidence)}`);
  const draft = await action.plan(candidate, stage.context);
  if (isRefusal(draft)) throw new Error(draft.text);
  return draft;
}

const setting = async (name: string): Promise<unknown> => server.command('CONFIG', 'GET', name);

describe('raise_maxmemory', () => {
  it('raises a limit under which keys are evicted by a quarter, tests the cache before and after, and takes it back', async () => {
    await setUp(8 * mebibyte, 'allkeys-lru');
    await using stage = await busyStage();
    const action = actionOf(stage, 'raise_maxmemory');

    const draft = await planOf(stage, 'raise_maxmemory');
    const plan = asPlan(draft);
    const act = firstAct(plan);
    const simulated = await action.rehearse(draft, { ...stage.context, minimumImprovement: 0.2 });

    expect(act.statement).toBe(`CONFIG SET maxmemory ${10 * mebibyte}`);
    expect(act.undo).toEqual([`CONFIG SET maxmemory ${8 * mebibyte}`]);
    expect(draft.warnings.join()).toContain('a restart forgets it');
    expect(await stage.operations.judge?.(draft)).toEqual([]);
    expect(simulated).toMatchObject({ verdict: 'simulated', on: '' });
    expect(simulated.figures['roomBytes']).toBe(2 * mebibyte);
    expect(simulated.figures['evictedPerSecond']).toBeGreaterThan(0);

    expect(await action.recheck(plan, stage.context)).toEqual([]);
    expect(await action.inspect(plan, act, stage.context)).toMatchObject({ state: 'pending' });
    expect(await action.apply(plan, act, stage.actContext)).toMatchObject({ result: 'done' });
    expect(await setting('maxmemory')).toEqual(['maxmemory', String(10 * mebibyte)]);
    expect(await action.inspect(plan, act, stage.context)).toMatchObject({ state: 'done' });
    expect(await action.recheck(plan, stage.context)).toEqual([]);
    expect(await action.apply(plan, act, stage.actContext)).toMatchObject({ result: 'already' });
    const tests = stage.evidence.filter(({ kind }) => kind === 'test');
    expect(tests.map(({ body }) => [body['hit'], body['expired'], body['miss'], body['passed']])).toEqual([
      [true, true, true, true],
      [true, true, true, true],
    ]);
    expect(await server.command('EXISTS', 'reeve:probe:r-1')).toBe(0);

    expect(await action.undo(plan, act, stage.actContext)).toMatchObject({ result: 'done' });
    expect(await setting('maxmemory')).toEqual(['maxmemory', String(8 * mebibyte)]);
    expect(await action.undo(plan, act, stage.actContext)).toMatchObject({ result: 'already' });
  });

  it('stops at the cap of the target, and says so', async () => {
    await setUp(8 * mebibyte, 'allkeys-lru');
    await using stage = await busyStage({ target: { cache: { maxmemoryCap: '9MiB' } } });

    const draft = await planOf(stage, 'raise_maxmemory');
    await server.command('CONFIG', 'SET', 'maxmemory', 9 * mebibyte);
    const found = await actionOf(stage, 'raise_maxmemory').find(everything, stage.context);

    expect(firstAct(asPlan(draft)).statement).toBe(`CONFIG SET maxmemory ${9 * mebibyte}`);
    expect(found).toEqual([]);
    expect(stage.evidence.at(-1)?.title).toContain('may not be more than 9 MiB');
  });

  it('finds nothing where no key is evicted, or before there is a window', async () => {
    await setUp(64 * mebibyte, 'allkeys-lru');
    await using stage = await setStage(server);
    const action = actionOf(stage, 'raise_maxmemory');

    expect(await action.find(everything, stage.context)).toEqual([]);

    expect(JSON.stringify(stage.evidence)).toContain('no window of lookups yet');
    expect(JSON.stringify(stage.evidence)).toContain('of maxmemory is used');
  });
});

describe('set_eviction_policy', () => {
  it('lets a full cache that refuses writes evict instead, and takes it back', async () => {
    await setUp(8 * mebibyte, 'noeviction');
    await using stage = await busyStage();
    const action = actionOf(stage, 'set_eviction_policy');

    const draft = await planOf(stage, 'set_eviction_policy');
    const plan = asPlan(draft);
    const act = firstAct(plan);
    const simulated = await action.rehearse(draft, { ...stage.context, minimumImprovement: 0.2 });

    expect(draft.title).toContain('writes a second are refused');
    expect(draft.warnings.join()).toContain('become evictable');
    expect(simulated.figures).toMatchObject({ evictableBefore: 0 });
    await server.command('CONFIG', 'SET', 'maxmemory', 4 * mebibyte); // full for the smallest key
    expect(await action.apply(plan, act, stage.actContext)).toMatchObject({ result: 'done' });
    expect(await setting('maxmemory-policy')).toEqual(['maxmemory-policy', 'allkeys-lru']);
    const tests = stage.evidence.filter(({ kind }) => kind === 'test').map(({ body }) => body);
    expect(tests).toMatchObject([
      { write: expect.stringContaining('refused'), passed: false },
      { passed: true },
    ]);
    expect(await action.undo(plan, act, stage.actContext)).toMatchObject({ result: 'done' });
    expect(await setting('maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  });

  it('is refused on a store, whatever its memory says', async () => {
    await setUp(8 * mebibyte, 'noeviction');
    await using stage = await busyStage({ target: { workload: 'oltp' } });

    const found = await actionOf(stage, 'set_eviction_policy').find(everything, stage.context);

    expect(found).toEqual([]);
    expect(stage.evidence.at(-1)?.title).toContain('only a cache gets another policy');
  });
});

describe('the judge', () => {
  it.each([
    ['CONFIG SET maxmemory 100', 'CONFIG SET maxmemory 200', 'only ever raised'],
    ['CONFIG SET maxmemory 100', 'CONFIG SET maxmemory 0', 'only ever raised'],
    ['CONFIG SET maxmemory-policy noeviction', 'CONFIG SET maxmemory-policy allkeys-lru', 'not changed to'],
    ['CONFIG SET dir /etc', 'CONFIG SET dir /var', "not a statement of Reeve's"],
    ['CONFIG SET maxmemory 200', 'CONFIG SET maxmemory-policy noeviction', 'does not put back'],
  ])('refuses %s with the undo %s', async (statement, undo, text) => {
    await using stage = await setStage(server);
    const act = {
      id: 'set',
      summary: '',
      statement,
      undo: [undo],
      undoKind: 'immediate',
      locks: '',
    } as const;

    const refusals = await stage.operations.judge?.({ ...emptyDraft, acts: [act] });

    expect(refusals).toMatchObject([{ id: 'setting_allowed', text: expect.stringContaining(text) }]);
  });
});

describe('what changed since the plan', () => {
  let plan: Plan;
  let stage: Stage;
  beforeAll(async () => {
    await setUp(8 * mebibyte, 'allkeys-lru');
    stage = await busyStage();
    plan = asPlan(await planOf(stage, 'raise_maxmemory'));
  });
  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
  });

  it('refuses, and leaves alone, what somebody else set', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory', 12 * mebibyte);
    const action = actionOf(stage, 'raise_maxmemory');
    const act = firstAct(plan);

    const recheck = await action.recheck(plan, stage.context);
    const applied = await action.apply(plan, act, stage.actContext);
    const undone = await action.undo(plan, act, stage.actContext);

    expect(recheck.map(({ id }) => id)).toEqual(['value_unchanged']);
    expect(await action.inspect(plan, act, stage.context)).toMatchObject({ state: 'other' });
    expect([applied.result, undone.result]).toEqual(['refused', 'refused']);
    expect(await setting('maxmemory')).toEqual(['maxmemory', String(12 * mebibyte)]);
  });

  it('refuses to lower the limit of a store below what it holds: that would evict', async () => {
    await using store = await setStage(server, { target: { workload: 'oltp' } });
    await setUp(10 * mebibyte, 'allkeys-lru');
    await fill();

    const undone = await actionOf(store, 'raise_maxmemory').undo(plan, firstAct(plan), store.actContext);

    expect(undone).toMatchObject({ result: 'refused', wouldDiscard: true });
    expect(await setting('maxmemory')).toEqual(['maxmemory', String(10 * mebibyte)]);
  });

  it('refuses a login that may not act, and one that leads to another server', async () => {
    await using other = await startRedis({ users });
    await using reading = await setStage(server, { credentials: server.urlFor('reeve', 'stage-password') });
    await using elsewhere = await setStage(server, {
      credentials: other.urlFor('reeve_acts', 'stage-password'),
    });
    await setUp(8 * mebibyte, 'allkeys-lru');
    const act = firstAct(plan);

    const denied = await actionOf(reading, 'raise_maxmemory').apply(plan, act, reading.actContext);
    const strange = await actionOf(elsewhere, 'raise_maxmemory').apply(plan, act, elsewhere.actContext);

    expect(denied).toMatchObject({ result: 'refused', detail: expect.stringContaining('CONFIG SET') });
    expect(strange).toMatchObject({ result: 'refused', detail: expect.stringContaining('another server') });
    expect(await setting('maxmemory')).toEqual(['maxmemory', String(8 * mebibyte)]);
  });

  it('refuses a server that has become a replica, and a restarted one', async () => {
    await using primary = await startRedis();
    await setUp(8 * mebibyte, 'allkeys-lru');
    await server.command('REPLICAOF', '127.0.0.1', primary.port);
    const action = actionOf(stage, 'raise_maxmemory');

    const recheck = await action.recheck(plan, stage.context);
    const applied = await action.apply(plan, firstAct(plan), stage.actContext);
    await server.command('REPLICAOF', 'NO', 'ONE');
    await server.restart();
    const restarted = await action.apply(plan, firstAct(plan), stage.actContext);

    expect(recheck.map(({ id }) => id)).toContain('is_primary');
    expect(applied).toMatchObject({ result: 'refused', detail: expect.stringContaining('is replica now') });
    expect(restarted).toMatchObject({ result: 'refused', detail: expect.stringContaining('restarted') });
  });
});

const emptyDraft: PlanDraft = {
  target: 'watched',
  engine: 'redis',
  pipeline: 'cache',
  action: 'raise_maxmemory',
  identity: {},
  subject: '',
  title: '',
  acts: [],
  preconditions: [],
  blastRadius: { objects: [], bytes: null, locks: [], estimatedMs: null },
  cost: '',
  expectation: { kind: 'in_force', byAtLeast: 0, text: '' },
  exclusive: [],
  warnings: [],
  facts: {},
};
