import { describe, expect, it } from 'vitest';
import type { Action } from '../../../src/core/remediation/operations.ts';
import type { PlanDraft, Rehearsal } from '../../../src/core/remediation/plan.ts';
import type { RunState } from '../../../src/core/remediation/run.ts';
import { type Agent, approveRun, createWorld, passUntil, type World } from './remediation-world.ts';
import { approveMode, breachOf, day, hour } from './world-settings.ts';

const simulated: Rehearsal = { on: '', verdict: 'simulated', text: 'replayed 7 days', rows: {}, figures: {} };
const ends: readonly RunState[] = [
  'waiting',
  'kept',
  'inconclusive',
  'refused',
  'observed',
  'failed',
  'proposed',
];

interface Setting {
  value: number;
  readonly rehearsals: string[];
  rehearsal: Rehearsal;
}

/** A world with a setting that can be raised at once and put back at once, and can be rehearsed nowhere. */
function settingWorld(change: Partial<Action> = {}): { readonly world: World; readonly setting: Setting } {
  const world = createWorld();
  const setting: Setting = { value: 1, rehearsals: [], rehearsal: simulated };
  world.mode = { ...approveMode, rehearsal: undefined };
  const action: Action = {
    id: 'raise_setting',
    pipeline: 'cache',
    summary: 'Raises a setting.',
    undoKind: 'immediate',
    changelog: 'optimisations',
    rehearsal: 'impossible',
    async find(_request, { evidence }) {
      evidence({ kind: 'statistics', title: 'evictions', body: { evicted: 5 } });
      return [{ action: 'raise_setting', subject: 'maxmemory', title: 'raise maxmemory', facts: {} }];
    },
    plan: async () => draft(world),
    async rehearse({ target }) {
      setting.rehearsals.push(target);
      return setting.rehearsal;
    },
    recheck: async () => [],
    inspect: async () => ({
      state: setting.value === 1 ? 'pending' : 'done',
      detail: `it is ${setting.value}`,
    }),
    async apply(_plan, _act, { assertHeld }) {
      await assertHeld();
      setting.value = 2;
      return { result: 'done', detail: 'raised' };
    },
    async undo() {
      setting.value = 1;
      return { result: 'done', detail: 'put back' };
    },
    counters: async () => ({ at: world.clock.now(), epoch: 'e', series: {} }),
    ...change,
  };
  world.actions.push(action);
  return { world, setting };
}

function draft({ identity }: World): PlanDraft {
  return {
    target: 'orders',
    engine: 'postgres',
    pipeline: 'cache',
    action: 'raise_setting',
    identity,
    subject: 'maxmemory',
    title: 'raise maxmemory',
    acts: [
      {
        id: 'set',
        summary: 'set',
        statement: 'SET 2',
        undo: ['SET 1'],
        undoKind: 'immediate',
        locks: 'none',
      },
    ],
    preconditions: [],
    blastRadius: { objects: [], bytes: null, locks: [], estimatedMs: 1 },
    cost: 'memory',
    expectation: { kind: 'in_force', byAtLeast: 0, text: 'maxmemory is 2' },
    exclusive: ['setting:maxmemory'],
    warnings: [],
    facts: {},
  };
}

async function asked(world: World, agent: Agent): Promise<Awaited<ReturnType<typeof passUntil>>> {
  const answer = await agent.control.start({ pipeline: 'cache', target: 'orders', by: 'ann' });
  if (!answer.ok || answer.run === undefined) throw new Error(answer.text);
  return passUntil(world, answer.run.id, ends, 1_000);
}

describe('what cannot be rehearsed', () => {
  it('is simulated on the target from history, approved, and kept when the catalogue says that it is in force', async () => {
    const { world, setting } = settingWorld();
    const agent = await world.start();

    const run = await asked(world, agent);
    await approveRun(agent, run);
    const ended = await passUntil(world, run.id, ['kept', 'inconclusive', 'refused', 'failed']);

    expect(setting.rehearsals).toStrictEqual(['orders']);
    expect((await world.records.plan(run.planHash ?? ''))?.rehearsal).toMatchObject({
      on: '',
      verdict: 'simulated',
    });
    expect(ended).toMatchObject({ state: 'kept', reason: expect.stringContaining('maxmemory is 2') });
    await agent.close();
  });

  it('is never called rehearsed', async () => {
    const { world, setting } = settingWorld();
    setting.rehearsal = { ...simulated, on: 'orders', verdict: 'passed' };
    const agent = await world.start();

    const run = await asked(world, agent);

    expect((await world.records.plan(run.planHash ?? ''))?.rehearsal).toMatchObject({
      on: '',
      verdict: 'simulated',
    });
    await agent.close();
  });

  it('is refused when the simulation says that it would not help', async () => {
    const { world, setting } = settingWorld();
    setting.rehearsal = { ...simulated, verdict: 'failed', text: 'it would still evict' };
    const agent = await world.start();

    expect(await asked(world, agent)).toMatchObject({
      state: 'refused',
      reason: 'the rehearsal failed: it would still evict',
    });
    await agent.close();
  });

  it('proves nothing while the breached objective is no better', async () => {
    const { world } = settingWorld();
    world.breaches = [breachOf({ objective: 'cache_hit_ratio', side: 'min', value: 0.5 })];
    world.judgements = [];
    const agent = await world.start();
    const [run] = await world.records.runs({});
    const waiting = await passUntil(world, run?.id ?? '', ends, 1_000);
    await approveRun(agent, waiting);

    const ended = await passUntil(world, waiting.id, ['kept', 'inconclusive', 'refused', 'failed']);

    expect(ended).toMatchObject({
      state: 'inconclusive',
      reason: expect.stringContaining('cache_hit_ratio'),
    });
    await agent.close();
  });
});

describe('a cool-down', () => {
  it('keeps a second run waiting until it is over', async () => {
    const { world, setting } = settingWorld({ coolDownMs: 12 * hour });
    world.policy = { ...world.policy, soakMs: hour };
    const agent = await world.start();
    const first = await asked(world, agent);
    await approveRun(agent, first);
    await passUntil(world, first.id, ['kept']);
    setting.value = 1;

    const second = await asked(world, agent);
    await approveRun(agent, second);
    await world.clock.advance(hour);
    const waiting = await world.records.run(second.id);
    const ended = await passUntil(world, second.id, ['kept', 'expired', 'refused'], 10 * 60_000);

    expect(waiting?.state).toBe('approved');
    expect(waiting?.reason).toContain(`run ${first.id} did raise_setting on maxmemory`);
    expect(ended.state, ended.reason).toBe('kept');
    expect(ended.updatedAt - first.createdAt).toBeGreaterThan(12 * hour);
    expect(ended.updatedAt - first.createdAt).toBeLessThan(day);
    await agent.close();
  });
});

describe('advice', () => {
  const nothing: Action['find'] = async () => [];

  it.each([
    {
      what: 'mode propose and no act fits',
      mode: 'propose',
      change: { find: nothing },
      says: 'a TTL would help',
    },
    {
      what: 'mode observe',
      mode: 'observe',
      change: {},
      says: 'mode observe: raise maxmemory; a TTL would help',
    },
  ] as const)('is kept in $what', async ({ mode, change, says }) => {
    const { world } = settingWorld(change);
    world.mode = { ...approveMode, mode };
    world.advice = async () => [{ kind: 'advice', title: 'a TTL would help', body: { keys: 9 } }];
    const agent = await world.start();

    const run = await asked(world, agent);

    expect(run).toMatchObject({ state: 'observed', reason: expect.stringContaining(says) });
    expect((await world.records.evidence(run.id)).map(({ title }) => title)).toContain('a TTL would help');
    await agent.close();
  });

  it('that cannot be given is a failure, not nothing to do', async () => {
    const { world } = settingWorld({ find: nothing });
    world.advice = () => Promise.reject(new Error('SCAN was denied'));
    const agent = await world.start();

    expect(await asked(world, agent)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('no advice: SCAN was denied'),
    });
    await agent.close();
  });
});
