import { describe, expect, it } from 'vitest';
import type { Judgement } from '../../../src/core/judgement.ts';
import type { RunState } from '../../../src/core/remediation/run.ts';
import type { MaintenanceWindow } from '../../../src/core/remediation/settings.ts';
import {
  type Agent,
  approveMode,
  approveRun,
  auditTexts,
  basePolicy,
  breachOf,
  createWorld,
  hour,
  minute,
  newest,
  pass,
  passUntil,
  prepareRun,
  report,
  type World,
} from './remediation-world.ts';

const ends = [
  'kept',
  'inconclusive',
  'reverted',
  'refused',
  'failed',
  'expired',
  'cancelled',
  'nothing_to_do',
] as const;

describe('a run', () => {
  it('prepares a plan, waits for its approval, drops the index, watches it and keeps it', async () => {
    const world = createWorld();
    const agent = await world.start();

    const waiting = await prepareRun(world, agent);
    await approveRun(world, agent, waiting);
    const soaking = await passUntil(world, waiting.id, ['soaking', ...ends]);
    const ended = await passUntil(world, waiting.id, ends, hour);

    expect(waiting).toMatchObject({ state: 'waiting', action: 'drop_unused_index', subject: 'notes_idx' });
    expect(soaking.state).toBe('soaking');
    expect(ended.state, ended.reason).toBe('kept');
    expect(world.changes).toStrictEqual(['drop notes_idx']);
    const shown = await report(agent, waiting.id);
    expect(shown.acts).toMatchObject([{ act: 'drop', direction: 'apply', outcome: 'done' }]);
    expect(new Set(shown.evidence.map(({ kind }) => kind))).toStrictEqual(
      new Set(['catalogue', 'practice', 'rehearsal', 'measurement', 'verification']),
    );
    expect(world.changelog.get('/CHANGELOG.md')?.join('')).toContain('DROP INDEX CONCURRENTLY notes_idx');
    expect(await agent.control.verifyAudit()).toMatchObject({ fault: undefined });
    expect((await auditTexts(world)).map((line) => line.split(' ')[0])).toStrictEqual([
      'run_started',
      'plan_made',
      'approved',
      'act_intended',
      'act_ended',
      'verified',
      'changelog_written',
      'run_ended',
    ]);
    await agent.close();
  });

  it('is taken back by itself when statements get slower, and its action is disabled', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    await approveRun(world, agent, run);
    await passUntil(world, run.id, ['soaking']);

    world.meanSeconds = 0.1;
    const ended = await passUntil(world, run.id, ends, minute);

    expect(ended.state).toBe('reverted');
    expect(world.changes).toStrictEqual(['drop notes_idx', 'rebuild notes_idx']);
    expect(await world.records.disabledActions()).toMatchObject([
      { action: 'drop_unused_index', runId: run.id },
    ]);
    expect(world.log.events.some(({ level, message }) => level === 'error' && message === 'run ended')).toBe(
      true,
    );
    await agent.close();
  });

  it('is taken back when errors, latency or lag of the target get worse', async () => {
    const { world, agent, id } = await soaking();

    world.latencySeconds = 0.05;
    const ended = await passUntil(world, id, ends);

    expect(ended).toMatchObject({ state: 'reverted', reason: expect.stringContaining('latency') });
    await agent.close();
  });

  it('is inconclusive, never a success, when nothing could be read', async () => {
    const { world, agent, id } = await soaking();
    world.isUp = false;
    world.draftChange = {};

    world.indexes.set('notes_idx', 'there');
    const ended = await passUntil(world, id, ends, hour);

    expect(ended).toMatchObject({
      state: 'inconclusive',
      reason: expect.stringContaining('nothing could be proven'),
    });
    expect((await auditTexts(world)).join()).toContain('verified by reeve: inconclusive');
    await agent.close();
  });

  it('is inconclusive while the breached objective is no better', async () => {
    const world = createWorld();
    world.breaches = [breachOf()];
    const { agent, id } = await soaking(world);
    world.judgements = [judgementOf(1_000)];

    const ended = await passUntil(world, id, ends, hour);

    expect(ended).toMatchObject({
      state: 'inconclusive',
      reason: expect.stringContaining('unused_index_bytes: 1000 when it was breached, 1000 now'),
    });
    await agent.close();
  });

  it('is kept when the breached objective improved too', async () => {
    const world = createWorld();
    world.breaches = [breachOf()];
    const { agent, id } = await soaking(world);
    world.judgements = [judgementOf(10)];

    const ended = await passUntil(world, id, ends, hour);

    expect(ended.state, ended.reason).toBe('kept');
    await agent.close();
  });

  it('drops again what brought no gain', async () => {
    const world = createWorld();
    world.draftChange = { expectation: { kind: 'faster', byAtLeast: 0.2, text: 'faster by 20 %' } };
    const { agent, id } = await soaking(world);

    const ended = await passUntil(world, id, ends, hour);

    expect(ended).toMatchObject({ state: 'reverted', reason: expect.stringContaining('no gain') });
    expect(world.changes).toStrictEqual(['drop notes_idx', 'rebuild notes_idx']);
    await agent.close();
  });

  it('is taken back when the test command fails after the act', async () => {
    const world = createWorld();
    world.mode = { ...approveMode, testCommand: ['npm', 'test'] };
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    world.testCode = 3;
    await approveRun(world, agent, run);

    const ended = await passUntil(world, run.id, ends);

    expect(ended).toMatchObject({ state: 'reverted', reason: expect.stringContaining('exit code 3') });
    expect(world.commands).toHaveLength(2);
    expect(world.changes).toStrictEqual(['drop notes_idx', 'rebuild notes_idx']);
    await agent.close();
  });

  it('prepares the second of two actions, with an approval of its own', async () => {
    const world = createWorld();
    world.hasFollowUp = true;
    const { agent, id } = await soaking(world);
    await passUntil(world, id, ends, hour);

    const runs = await world.records.runs({});

    const second = runs.find(({ trigger }) => trigger.kind === 'follow_up');
    expect(second).toMatchObject({ action: 'drop_hidden_index', subject: 'notes_idx' });
    expect(world.changes).toStrictEqual(['drop notes_idx']);
    await agent.close();
  });

  it('says that a changelog could not be written, and keeps the change', async () => {
    const world = createWorld();
    const { agent, id } = await soaking(world);
    world.changelog.get = () => {
      throw new Error('read-only file system');
    };

    const ended = await passUntil(world, id, ends, hour);

    expect(ended.state).toBe('kept');
    expect((await auditTexts(world)).join()).toContain('not written to /CHANGELOG.md: read-only file system');
    await agent.close();
  });
});

function judgementOf(value: number): Judgement {
  return {
    target: 'orders',
    objective: 'unused_index_bytes',
    subject: 'orders',
    engine: 'postgres',
    state: 'breached',
    reason: undefined,
    detail: '',
    value,
    basis: undefined,
    bound: { max: 0 },
    since: 0,
    at: 0,
    pendingMs: undefined,
    breach: undefined,
    blind: false,
    budget: { allowed: 1, remaining: 1, burnRates: {} },
    forecast: undefined,
  };
}

async function soaking(world = createWorld()): Promise<{ world: World; agent: Agent; id: string }> {
  const agent = await world.start();
  await pass(world, 1_000);
  const run = world.breaches.length > 0 ? await newest(world) : await prepareRun(world, agent);
  await approveRun(world, agent, run);
  const now = await passUntil(world, run.id, ['soaking', ...ends]);
  expect(now.state, now.reason).toBe('soaking');
  return { world, agent, id: run.id };
}

interface Case {
  readonly name: string;
  readonly arrange: (world: World) => void;
  readonly state: RunState;
  readonly reason: string;
  readonly changes: readonly string[];
}

/** What happens between the approval and the act. */
const cases: readonly Case[] = [
  {
    name: 'refuses when the index was used since the plan',
    arrange: (world) => (world.recheck = [{ id: 'still_unused', text: 'replica-2 used it 3 times since' }]),
    state: 'refused',
    reason: 'replica-2 used it 3 times since; nothing was changed',
    changes: [],
  },
  {
    name: 'refuses after a failover',
    arrange: (world) => (world.identity = { system: '7301', role: 'replica' }),
    state: 'refused',
    reason: 'role was primary and is replica',
    changes: [],
  },
  {
    name: 'refuses when the mode was taken back',
    arrange: (world) => (world.mode = { ...approveMode, mode: 'propose' }),
    state: 'refused',
    reason: 'mode propose executes nothing',
    changes: [],
  },
  {
    name: 'refuses when the action was disabled meanwhile',
    arrange: (world) =>
      void world.records.disableAction(
        { target: 'orders', action: 'drop_unused_index', runId: 'r-other', at: 0, reason: 'slower' },
        draft,
      ),
    state: 'refused',
    reason: 'is disabled on orders since run r-other',
    changes: [],
  },
  {
    name: 'expires while its window stays closed',
    arrange: (world) => (world.windows = [windowAt(['sun'], '02:00', '04:00')]),
    state: 'expired',
    reason: 'the plan expired',
    changes: [],
  },
  {
    name: 'waits for its window',
    arrange: (world) => (world.windows = [windowAt(['thu'], '02:00', '04:00')]),
    state: 'kept',
    reason: 'verified',
    changes: ['drop notes_idx'],
  },
  {
    name: 'is void when limits were changed after the approval',
    arrange: (world) => (world.policy = { ...basePolicy, changesPerDay: 0 }),
    state: 'refused',
    reason: 'limits were changed',
    changes: [],
  },
  {
    name: 'does nothing when somebody else did it already',
    arrange: (world) => void world.indexes.set('notes_idx', 'gone'),
    state: 'nothing_to_do',
    reason: 'somebody else did it already',
    changes: [],
  },
  {
    name: 'touches nothing else that stands there now',
    arrange: (world) => void world.indexes.set('notes_idx', 'other'),
    state: 'refused',
    reason: 'something else stands there now',
    changes: [],
  },
  {
    name: 'gives up after it gave way three times',
    arrange: (world) => void world.nextActs.push('gave_up', 'gave_up', 'gave_up'),
    state: 'failed',
    reason: 'gave way 3 times',
    changes: [],
  },
  {
    name: 'tries again after it gave way',
    arrange: (world) => void world.nextActs.push('gave_up'),
    state: 'kept',
    reason: 'verified',
    changes: ['drop notes_idx'],
  },
  {
    name: 'ends when the engine refuses at the last moment',
    arrange: (world) => void world.nextActs.push('refused'),
    state: 'refused',
    reason: 'act: refused; nothing was changed',
    changes: [],
  },
  {
    name: 'tries again when the connection broke before the act',
    arrange: (world) => void world.nextActs.push('throws'),
    state: 'kept',
    reason: 'verified',
    changes: ['drop notes_idx'],
  },
  {
    name: 'finds that it was done when the connection broke after the act',
    arrange: (world) => void world.nextActs.push('throws after'),
    state: 'kept',
    reason: 'verified',
    changes: ['drop notes_idx'],
  },
  {
    name: 'gives up after it failed three times',
    arrange: (world) => void world.nextActs.push('failed', 'throws', 'failed'),
    state: 'failed',
    reason: 'did not succeed 3 times',
    changes: [],
  },
  {
    name: 'finishes what was half done',
    arrange: (world) => void world.nextActs.push('half_applied', 'half_applied'),
    state: 'kept',
    reason: 'verified',
    changes: ['drop notes_idx'],
  },
  {
    name: 'takes back what cannot be finished',
    arrange: (world) => {
      world.nextActs.push('half_applied', 'half_applied', 'half_applied');
      world.nextUndos.push('throws', 'half_applied');
    },
    state: 'failed',
    reason: 'taken back, the database is as before',
    changes: ['rebuild notes_idx'],
  },
];

const draft = {
  at: 0,
  actor: 'reeve',
  event: 'action_disabled',
  runId: null,
  target: null,
  planHash: null,
  statements: [],
  outcome: '',
  detail: {},
} as const;

function windowAt(days: MaintenanceWindow['days'], from: string, to: string): MaintenanceWindow {
  return { name: 'night', days, from, to, timeZone: 'UTC', match: {} };
}

describe('execute', () => {
  it.each(cases)('$name', { timeout: 30_000 }, async ({ arrange, state, reason, changes }) => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    await approveRun(world, agent, run);
    arrange(world);

    const ended = await passUntil(world, run.id, ends, 30 * minute);

    expect(ended.state, ended.reason).toBe(state);
    expect(ended.reason).toContain(reason);
    expect(world.changes).toStrictEqual(changes);
    expect(await world.records.acts({ unfinished: true })).toStrictEqual([]);
    expect(await agent.control.verifyAudit()).toMatchObject({ fault: undefined });
    await agent.close();
  });

  it('says which window it waits for', async () => {
    const world = createWorld();
    world.windows = [windowAt(['thu'], '02:00', '04:00')];
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    await approveRun(world, agent, run);

    await pass(world, hour);

    expect(await world.records.run(run.id)).toMatchObject({
      state: 'approved',
      reason: expect.stringContaining('night opens in'),
    });
    const waits = (await auditTexts(world)).filter((line) => line.includes('waits:'));
    expect(waits).toHaveLength(1);
    await agent.close();
  });

  it('changes one thing at a time, and one index of a table at a time', async () => {
    const world = createWorld();
    world.indexes.set('old_idx', 'there');
    const agent = await world.start();
    await prepareRun(world, agent);
    await pass(world, minute);
    const runs = await world.records.runs({ states: ['waiting'] });
    for (const run of runs) await approveRun(world, agent, run);

    await pass(world, hour);

    const states = (await world.records.runs({})).map(({ state }) => state).toSorted();
    expect(states).toStrictEqual(['approved', 'soaking']);
    const held = (await world.records.runs({ states: ['approved'] }))[0];
    expect(held?.reason).toMatch(/holds table:orders/);
    expect(world.changes).toHaveLength(1);
    await agent.close();
  });

  it('waits while the budget of the target is used up', async () => {
    const world = createWorld();
    world.policy = { ...basePolicy, changesPerDay: 1 };
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    const lease = await world.records.takeLease('target:orders', 'other', world.clock.now(), 1);
    const intent = {
      runId: 'r-other',
      target: 'orders',
      act: 'a',
      direction: 'apply',
      statement: '',
    } as const;
    const at = world.clock.now();
    await world.records.intend({ ...intent, fence: lease?.fence ?? 0, intentAt: at }, draft);
    await approveRun(world, agent, run);

    await pass(world, hour);

    expect(await world.records.run(run.id)).toMatchObject({
      state: 'approved',
      reason: expect.stringContaining('orders was changed 1 times in 24 hours'),
    });
    await agent.close();
  });

  it('is told to stop in an act, and the next agent reconciles it', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    world.nextActs.push('hangs');
    await approveRun(world, agent, run);
    await pass(world, 7 * minute);
    expect(await world.records.acts({ unfinished: true })).toHaveLength(1);

    await agent.close();
    await pass(world, 1_000);
    const told = (await auditTexts(world)).at(-1);
    const next = await world.start();
    const ended = await passUntil(world, run.id, ends, 30 * minute);

    expect(told).toContain('interrupted');
    expect(ended.state, ended.reason).toBe('kept');
    expect(world.indexes.get('notes_idx')).toBe('gone');
    expect(await world.records.acts({ unfinished: true })).toStrictEqual([]);
    await next.close();
  });

  it('does nothing while the store refuses, and goes on when it does not', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    await approveRun(world, agent, run);
    await pass(world, 4 * minute);
    world.storeFault = 'read-only file system';

    await pass(world, hour);
    const during = [...world.changes];
    world.storeFault = undefined;
    const ended = await passUntil(world, run.id, ends, 30 * minute);

    expect(during).toStrictEqual([]);
    expect(ended.state, ended.reason).toBe('kept');
    await agent.close();
  });

  it('is shown and logged while it is half done', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    world.nextActs.push('half_applied', 'half_applied', 'half_applied');
    world.nextUndos.push(...Array.from({ length: 12 }, () => 'failed' as const));
    await approveRun(world, agent, run);

    const half = await passUntil(world, run.id, ['half_applied'], 1_000, 1_000);
    const failed = await passUntil(world, run.id, ends, minute);

    expect(half.reason).toContain('half done on orders');
    expect(failed).toMatchObject({ state: 'failed', reason: expect.stringContaining('taken back') });
    const told = world.log.events.filter(({ message }) => message === 'act half done');
    expect(told.length).toBeGreaterThan(0);
    await agent.close();
  });
});
