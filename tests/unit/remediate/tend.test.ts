import { describe, expect, it } from 'vitest';
import { approveRun, createWorld, pass, passUntil, prepareRun } from './remediation-world.ts';
import { approveMode, hour, minute } from './world-settings.ts';

describe('the custodian', () => {
  it('makes a run of what somebody left half done, once a day', async () => {
    const world = createWorld();
    world.indexes.set('old_idx', 'invalid');
    const agent = await world.start();
    await pass(world, 3 * hour);

    const other = await world.start();
    await pass(world, minute);

    expect(await world.records.runs({})).toMatchObject([
      { action: 'finish_drop', subject: 'old_idx', trigger: { kind: 'custodian' }, state: 'waiting' },
    ]);
    await Promise.all([agent.close(), other.close()]);
  });

  it('looks at nothing in mode observe', async () => {
    const world = createWorld();
    world.mode = { ...approveMode, mode: 'observe' };
    world.indexes.set('old_idx', 'invalid');
    const agent = await world.start();

    await pass(world, hour);

    expect(await world.records.runs({})).toStrictEqual([]);
    await agent.close();
  });

  it('leaves to its own run what that run is about', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    world.nextActs.push('half_applied');
    await approveRun(agent, run);
    await passUntil(world, run.id, ['half_applied'], 500, 2_000);

    const other = await world.start();

    expect(await world.records.runs({})).toHaveLength(1);
    await Promise.all([agent.close(), other.close()]);
  });
});

describe('tending', () => {
  it.each(['preparing', 'approved', 'executing', 'soaking'] as const)(
    'takes up a run that is %s and has lost its process',
    async (state) => {
      const world = createWorld();
      const agent = await world.start();
      const run = await prepareRun(world, agent);
      if (state === 'preparing') await world.records.change(run.id, run.revision, { state, updatedAt: 0 });
      else await approveRun(agent, run);
      if (state === 'executing' || state === 'soaking') await passUntil(world, run.id, [state], 1_000);
      agent.kill();
      world.journal.clear();
      await world.clock.advance(minute);

      const next = await world.start();
      const wanted = state === 'preparing' ? (['waiting'] as const) : (['kept'] as const);
      const ended = await passUntil(world, run.id, wanted, 10 * minute);

      expect(ended.state).toBe(wanted[0]);
      expect(world.changes).toStrictEqual(state === 'preparing' ? [] : ['drop notes_idx']);
      await next.close();
    },
  );

  it('leaves the leases of a dead agent to expire, and acts after that', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    world.nextActs.push('hangs');
    await approveRun(agent, run);
    await pass(world, 6 * minute);
    agent.kill();

    const next = await world.start();
    await world.clock.advance(5_000);
    const early = await world.records.acts({ unfinished: true });
    const ended = await passUntil(world, run.id, ['kept', 'failed', 'reverted'], minute);

    expect(early).toHaveLength(1);
    expect(ended.state, ended.reason).toBe('kept');
    expect(world.indexes.get('notes_idx')).toBe('gone');
    await next.close();
  });

  it('counts runs, and gives the last known numbers while the store cannot be read', async () => {
    const world = createWorld();
    const agent = await world.start();
    await prepareRun(world, agent);
    const before = await agent.counts();
    world.records.countRuns = () => Promise.reject(new Error('gone'));

    expect(before).toStrictEqual([{ pipeline: 'index_management', state: 'waiting', count: 1 }]);
    expect(await agent.counts()).toStrictEqual(before);
    await agent.close();
  });

  it('goes on with other targets when one cannot be looked at', async () => {
    const world = createWorld();
    world.findFails = 'unreachable';
    const agent = await world.start();

    await pass(world, minute);

    expect(world.log.events.filter(({ level }) => level === 'error')).toStrictEqual([]);
    await agent.close();
  });
});
