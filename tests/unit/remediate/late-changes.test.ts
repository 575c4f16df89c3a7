import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../src/core/remediation/evidence.ts';
import { approveRun, auditTexts, createWorld, pass, passUntil, prepareRun } from './remediation-world.ts';
import { approveMode, basePolicy, hour, minute } from './world-settings.ts';

describe('an act that is about to begin', () => {
  it.each([
    { what: 'was cancelled', change: { state: 'cancelled', updatedAt: 0 } },
    { what: 'is taken back', change: { step: 'undo', updatedAt: 0 } },
  ] as const)('is not done for a run that $what by another agent meanwhile', async ({ change }) => {
    const world = createWorld();
    world.actionChange = {
      async apply({ runId }, _act, { assertHeld }) {
        const run = await world.records.run(runId);
        await world.records.change(runId, run?.revision ?? 0, change);
        await assertHeld();
        world.changes.push('drop notes_idx');
        return { result: 'done', detail: '' };
      },
    };
    const agent = await world.start();
    const run = await prepareRun(world, agent);

    await approveRun(agent, run);
    await passUntil(world, run.id, ['cancelled', 'failed'], minute);

    expect(world.changes).toStrictEqual([]);
    await agent.close();
  });
});

describe('a pause that interrupts', () => {
  it('stops the others when one cannot be stopped, and says which', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    world.nextActs.push('hangs');
    await approveRun(agent, run);
    await pass(world, 6 * minute);
    const stuck = { ...run, id: 'r-5c0000000000', trigger: { ...run.trigger, key: 'stuck' } };
    await world.records.claim({ ...stuck, state: 'executing', updatedAt: world.clock.now() + hour });
    const evidence = world.records.addEvidence.bind(world.records);
    Object.assign(world.records, {
      addEvidence: (each: Evidence) =>
        each.runId === stuck.id ? Promise.reject(new Error('disk')) : evidence(each),
    });

    const answer = await agent.control.pause('eve', 'fire', true);

    expect(answer).toMatchObject({ ok: false, text: expect.stringContaining(`${stuck.id} could not be`) });
    expect(await world.records.paused()).toMatchObject({ by: 'eve' });
    expect(await world.records.run(run.id)).toMatchObject({ step: 'undo' });
    await agent.close();
  });
});

describe('a clock that is set back', () => {
  it('hides no act from taking it back', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    world.clock.jump(-hour);
    await approveRun(agent, run);
    await passUntil(world, run.id, ['soaking']);

    await agent.control.cancel(run.id, 'eve', true);
    await passUntil(world, run.id, ['cancelled']);

    expect(world.changes).toStrictEqual(['drop notes_idx', 'rebuild notes_idx']);
    await agent.close();
  });

  it('leaves no lost run alone until the time is made up', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    await world.records.change(run.id, run.revision, {
      state: 'preparing',
      updatedAt: world.clock.now() + hour,
    });

    await pass(world, 3 * minute);

    expect(await world.records.run(run.id)).toMatchObject({ state: 'waiting' });
    await agent.close();
  });
});

describe('a run whose target offers its action no more', () => {
  it('stays half applied, and goes on when the target is back', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    world.nextActs.push('half_applied');
    await approveRun(agent, run);
    await passUntil(world, run.id, ['half_applied'], 500, 2_000);
    world.actionChange = { id: 'renamed' };
    await agent.control.retry(run.id, 'ann');
    await pass(world, 10 * minute);

    expect(await world.records.run(run.id)).toMatchObject({
      state: 'half_applied',
      reason: expect.stringContaining('does not offer drop_unused_index any more: configure it again'),
    });

    world.actionChange = {};
    await passUntil(world, run.id, ['soaking', 'kept', 'inconclusive']);

    expect(world.indexes.get('notes_idx')).toBe('gone');
    await agent.close();
  });

  it('ends when it changed nothing, and says so', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    world.windows = [{ name: 'never', days: [], from: '00:00', to: '01:00', timeZone: 'UTC', match: {} }];
    await approveRun(agent, run);
    await pass(world, minute);
    agent.kill();
    world.journal.clear();
    world.actionChange = { id: 'renamed' };
    const next = await world.start();

    const ended = await passUntil(world, run.id, ['failed', 'refused']);

    expect(ended.reason).toContain('nothing was changed');
    await next.close();
  });
});

describe('a retried run', () => {
  it('is not approved by the one who asked for it again', async () => {
    const world = createWorld();
    world.policy = { ...basePolicy, secondPerson: true };
    world.mode = approveMode;
    const agent = await world.start();
    const run = await prepareRun(world, agent, 'bob');
    await agent.control.reject(run.id, { planHash: run.planHash ?? '', by: 'bob', comment: '' });
    await agent.control.retry(run.id, 'ann');
    const again = await passUntil(world, run.id, ['waiting'], 1_000);

    const answer = await agent.control.approve(run.id, {
      planHash: again.planHash ?? '',
      by: 'ann',
      comment: '',
    });

    expect(answer).toMatchObject({ ok: false, code: 'refused' });
    expect(await auditTexts(world)).toContainEqual(expect.stringContaining('ann asked for it'));
    await agent.close();
  });
});
