import { describe, expect, it } from 'vitest';
import type { MaintenanceWindow } from '../../../src/core/remediation/settings.ts';
import { approveRun, auditTexts, createWorld, pass, passUntil, prepareRun } from './remediation-world.ts';
import { basePolicy, hour, minute } from './world-settings.ts';

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
  it('says which window it waits for', async () => {
    const world = createWorld();
    world.windows = [windowAt(['thu'], '02:00', '04:00')];
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    await approveRun(agent, run);

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
    for (const run of runs) await approveRun(agent, run);

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
    await approveRun(agent, run);

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
    await approveRun(agent, run);
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
    await approveRun(agent, run);
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
    await approveRun(agent, run);

    const half = await passUntil(world, run.id, ['half_applied'], 1_000, 1_000);
    const failed = await passUntil(world, run.id, ends, minute);

    expect(half.reason).toContain('half done on orders');
    expect(failed).toMatchObject({ state: 'failed', reason: expect.stringContaining('taken back') });
    const told = world.log.events.filter(({ message }) => message === 'act half done');
    expect(told.length).toBeGreaterThan(0);
    await agent.close();
  });
});
