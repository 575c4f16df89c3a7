import { describe, expect, it } from 'vitest';
import {
  type Agent,
  auditTexts,
  createWorld,
  newest,
  pass,
  prepareRun,
  report,
  type World,
} from './remediation-world.ts';
import { approveMode, basePolicy, minute } from './world-settings.ts';

async function prepared(
  arrange: (world: World) => void = () => undefined,
): Promise<{ world: World; agent: Agent }> {
  const world = createWorld();
  arrange(world);
  const agent = await world.start();
  return { world, agent };
}

const immediateActs = [
  {
    id: 'drop',
    summary: 'hide',
    statement: 'hide',
    undo: ['unhide'],
    undoKind: 'immediate',
    locks: '',
  },
] as const;

interface Case {
  readonly name: string;
  readonly arrange: (world: World) => void;
  readonly state: string;
  readonly reason: string;
}

const cases: readonly Case[] = [
  {
    name: 'keeps evidence only in mode observe',
    arrange: (world) => (world.mode = { ...approveMode, mode: 'observe' }),
    state: 'observed',
    reason: 'mode observe: drop notes_idx',
  },
  {
    name: 'keeps evidence only for an action in mode observe',
    arrange: (world) => (world.mode = { ...approveMode, actions: { drop_unused_index: 'observe' } }),
    state: 'observed',
    reason: 'mode observe',
  },
  {
    name: 'makes a plan that cannot be executed in mode propose',
    arrange: (world) => (world.mode = { ...approveMode, mode: 'propose' }),
    state: 'proposed',
    reason: 'mode propose',
  },
  {
    name: 'only proposes without a rehearsal target',
    arrange: (world) => (world.mode = { ...approveMode, rehearsal: undefined }),
    state: 'proposed',
    reason: 'nothing reaches production before it passed',
  },
  {
    name: 'only proposes when it would be rehearsed on the target itself',
    arrange: (world) => (world.mode = { ...approveMode, rehearsal: 'orders' }),
    state: 'proposed',
    reason: 'nothing reaches production before it passed',
  },
  {
    name: 'only proposes when the rehearsal target is not configured',
    arrange: (world) => (world.mode = { ...approveMode, rehearsal: 'elsewhere' }),
    state: 'proposed',
    reason: 'nothing reaches production before it passed',
  },
  {
    name: 'only proposes without a login that acts',
    arrange: (world) => (world.mode = { ...approveMode, credentials: undefined }),
    state: 'proposed',
    reason: 'has no remediation.credentials',
  },
  {
    name: 'proposes nothing when the rehearsal fails',
    arrange: (world) => (world.rehearsal = { ...world.rehearsal, verdict: 'failed', text: 'no gain' }),
    state: 'refused',
    reason: 'the rehearsal failed: no gain',
  },
  {
    name: 'proposes nothing when the test command fails after the rehearsal',
    arrange: (world) => {
      world.mode = { ...approveMode, testCommand: ['npm', 'test'] };
      world.testCode = 1;
    },
    state: 'refused',
    reason: 'the test command (npm) failed after rehearsal on orders-dev with exit code 1',
  },
  {
    name: 'refuses what the engine refuses to plan',
    arrange: (world) =>
      (world.planRefusal = { id: 'supports_a_foreign_key', text: 'it supports a foreign key' }),
    state: 'refused',
    reason: 'it supports a foreign key',
  },
  {
    name: 'refuses statements that the parser objects to',
    arrange: (world) => (world.judged = [{ id: 'one_statement', text: 'a DO block is opaque' }]),
    state: 'refused',
    reason: 'a DO block is opaque',
  },
  {
    name: 'refuses a plan without a way back',
    arrange: (world) => (world.draftChange = { acts: [{ ...immediateActs[0], undo: [] }] }),
    state: 'refused',
    reason: 'no way back from drop',
  },
  {
    name: 'refuses what is bigger than the limit',
    arrange: (world) => (world.policy = { ...basePolicy, largestObjectBytes: 10 }),
    state: 'refused',
    reason: 'more than remediation.largestObject',
  },
  {
    name: 'refuses a plan for another target',
    arrange: (world) => (world.draftChange = { target: 'payments' }),
    state: 'refused',
    reason: 'not about this run',
  },
  {
    name: 'refuses a plan that holds a secret',
    arrange: (world) => (world.draftChange = { cost: 'hunter2hunter2' }),
    state: 'refused',
    reason: 'would hold a secret',
  },
  {
    name: 'finds nothing to do',
    arrange: (world) => world.indexes.clear(),
    state: 'nothing_to_do',
    reason: 'nothing to do was found',
  },
  {
    name: 'fails, and says why, when nothing can be read',
    arrange: (world) => (world.findFails = 'permission denied for hunter2hunter2'),
    state: 'failed',
    reason: 'permission denied for [secret]; nothing was changed',
  },
  {
    name: 'executes by itself in mode auto what can be undone at once',
    arrange: (world) => {
      world.mode = { ...approveMode, mode: 'auto' };
      world.actionChange = { undoKind: 'immediate' };
      world.draftChange = { acts: immediateActs };
    },
    state: 'executing',
    reason: 'watching errors',
  },
  {
    name: 'waits for a person in mode auto when the undo takes time',
    arrange: (world) => (world.mode = { ...approveMode, mode: 'auto' }),
    state: 'waiting',
    reason: 'waits for a decision until 2026-11-26',
  },
  {
    name: 'plans without the practices when they cannot be read',
    arrange: (world) => (world.practices = { consult: () => Promise.reject(new Error('offline')) }),
    state: 'waiting',
    reason: 'waits for a decision',
  },
];

describe('prepare', () => {
  it.each(cases)('$name', async ({ arrange, state, reason }) => {
    const { world, agent } = await prepared(arrange);

    const run = await prepareRun(world, agent);

    expect(run.state, run.reason).toBe(state);
    expect(run.reason).toContain(reason);
    expect(world.changes).toStrictEqual([]);
    const lines = await auditTexts(world);
    expect(lines.some((line) => line.startsWith('run_started by ann'))).toBe(true);
    expect(JSON.stringify([await report(agent, run.id), lines])).not.toContain('hunter2');
    await agent.close();
  });

  it('is not held up by practices that never come', async () => {
    const { world, agent } = await prepared((each) => {
      each.practices = { consult: () => new Promise(() => undefined) };
    });
    const run = await prepareRun(world, agent);

    await pass(world, minute);

    expect(run.state).toBe('preparing');
    expect(await newest(world)).toMatchObject({ state: 'waiting' });
    await agent.close();
  });

  it('stores the plan with limits, expiry, evidence and what a short soak costs', async () => {
    const { world, agent } = await prepared((each) => (each.policy = { ...basePolicy, soakMs: minute }));

    const run = await prepareRun(world, agent);

    const { plan, evidence } = await report(agent, run.id);
    expect(plan).toMatchObject({
      hash: run.planHash,
      caps: { soakMs: minute, changesPerDay: 5 },
      rehearsal: { verdict: 'passed', on: 'orders-dev' },
    });
    expect(plan?.warnings.join()).toContain('watched for 1m only');
    expect((plan?.expiresAt ?? 0) - (plan?.createdAt ?? 0)).toBe(world.policy.planExpiryMs);
    expect(plan?.evidence).toStrictEqual(evidence.map(({ id }) => id));
    await agent.close();
  });

  it('goes on when a store that was full takes writes again', async () => {
    const { world, agent } = await prepared();
    const answer = await agent.control.start({ pipeline: 'index_management', target: 'orders', by: 'ann' });
    world.storeFault = 'database or disk is full';
    await pass(world, 2 * minute);
    const refusing = await agent.control.status();

    world.storeFault = undefined;
    await pass(world, 3 * minute);

    expect(answer.ok).toBe(true);
    expect(refusing.refusing).toContain('disk is full');
    expect(await newest(world)).toMatchObject({ state: 'waiting' });
    expect((await agent.control.status()).refusing).toBeUndefined();
    await agent.close();
  });
});
