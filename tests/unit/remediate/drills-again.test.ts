import { describe, expect, it } from 'vitest';
import type { Breach } from '../../../src/core/judgement.ts';
import { isOpen, type Run } from '../../../src/core/remediation/run.ts';
import { askDrill, proofsOf } from './drill-world.ts';
import { auditTexts, createWorld, newest, pass, type World } from './remediation-world.ts';
import { foundBackup } from './world-backups.ts';
import { approveMode, breachOf, day, hour, minute } from './world-settings.ts';

describe('the schedule of drills', () => {
  it('drills every target that has backups, in every mode, each tick once', async () => {
    const world = createWorld();
    world.mode = { ...approveMode, mode: 'observe' };
    const agent = await world.start();
    const drills = agent.schedules().find(({ name }) => name === 'drills');

    await drills?.run('2026-11-25T12:00:00.000Z');
    await drills?.run('2026-11-25T12:00:00.000Z');
    await pass(world, 5 * minute);

    expect(drills?.cron).toBe('0 3 * * 0');
    expect(await world.records.runs({})).toMatchObject([{ target: 'orders', state: 'verified' }]);
    await agent.close();
  });

  it('does not make up a tick of before the first drill, and makes up one that was missed after it', async () => {
    const world = createWorld();
    const agent = await world.start();
    const drills = agent.schedules().find(({ name }) => name === 'drills');
    const missed = new Date(world.clock.now() - day).toISOString();

    await drills?.run(missed);
    expect(await world.records.runs({})).toStrictEqual([]);

    await askDrill(agent);
    await pass(world, 5 * minute);
    await drills?.run(missed);
    expect(await world.records.runs({})).toMatchObject([{ trigger: { kind: 'schedule' } }, {}]);
    await agent.close();
  });

  it('leaves out targets without backups', async () => {
    const world = createWorld();
    world.backups.chains = [];
    const agent = await world.start();

    await agent
      .schedules()
      .find(({ name }) => name === 'drills')
      ?.run('2026-11-25T12:00:00.000Z');

    expect(await world.records.runs({})).toStrictEqual([]);
    await agent.close();
  });

  it('tries a failed drill again after 6 and 24 hours, and then leaves it to the next tick', async () => {
    const world = createWorld();
    for (let count = 0; count < 3; count += 1) world.backups.next.push({ verdict: 'failed' });
    const agent = await world.start();
    await agent
      .schedules()
      .find(({ name }) => name === 'drills')
      ?.run('2026-11-25T12:00:00.000Z');
    const counts: number[] = [];

    for (const ms of [5 * hour, 2 * hour, 20 * hour, 5 * hour, 3 * day]) {
      await pass(world, ms);
      counts.push((await world.records.runs({})).length);
    }

    expect(counts).toStrictEqual([1, 2, 2, 3, 3]);
    expect((await newest(world)).trigger).toMatchObject({
      kind: 'schedule',
      key: 'schedule:drills:2026-11-25T12:00:00.000Z/orders/retry-2',
    });
    await agent.close();
  });

  it('does not try again what a person drilled meanwhile', async () => {
    const world = createWorld();
    world.backups.next.push({ verdict: 'failed' });
    const agent = await world.start();
    await agent
      .schedules()
      .find(({ name }) => name === 'drills')
      ?.run('2026-11-25T12:00:00.000Z');
    await pass(world, hour);

    await askDrill(agent);
    await pass(world, day);

    expect(await world.records.runs({})).toHaveLength(2);
    await agent.close();
  });
});

describe('a breach of the age of restore tests', () => {
  const breach = (subject: string, fingerprint: string): Breach =>
    breachOf({ objective: 'restore_test_age_seconds', subject, fingerprint });

  it('restores a backup of its own database, once for all that are in it', async () => {
    const world = createWorld();
    world.breaches = [breach('orders', 'a1'), breach('billing', 'b2'), breach('stock', 'c3')];
    world.backups.found = [
      foundBackup({ name: 'billing.dump', databases: ['billing'] }),
      foundBackup({ name: 'both.dump', databases: ['orders', 'stock'], takenAt: 0 }),
    ];
    for (const subjects of [['orders', 'stock'], ['billing']]) world.backups.next.push({ subjects });
    const agent = await world.start();

    await pass(world, 10 * minute);

    expect(world.backups.restored.toSorted()).toStrictEqual(['nightly/billing.dump', 'nightly/both.dump']);
    const states = (await world.records.runs({})).map(({ state }) => state).toSorted();
    expect(states).toStrictEqual(['nothing_to_do', 'verified', 'verified']);
    await agent.close();
  });

  it('fails where no backup holds that database', async () => {
    const world = createWorld();
    world.breaches = [breach('stock', 'c3')];
    const agent = await world.start();

    await pass(world, minute);

    expect(await newest(world)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('there is no backup with database stock in nightly'),
    });
    await agent.close();
  });
});

describe('what lies in scratch', () => {
  it('is wiped also where another folder was configured since', async () => {
    const world = createWorld();
    world.backups.next.push('hangs');
    const agent = await world.start();
    const { id } = await askDrill(agent);
    await pass(world, 10_000);
    expect([...world.scratch.folders]).toStrictEqual([id]);

    world.policy = { ...world.policy, scratch: '/srv/elsewhere' };
    await agent.control.cancel(id, 'ann', false);
    await pass(world, 3 * minute);

    expect([...world.scratch.folders]).toStrictEqual([]);
    await agent.close();
  });

  it('is wiped when its run has ended, and left alone when it is of nobody here or of a run under way', async () => {
    const world = createWorld();
    const agent = await world.start();
    const { id: ended } = await askDrill(agent);
    await pass(world, 5 * minute);
    world.backups.next.push('hangs');
    const { id: open } = await askDrill(agent);
    await pass(world, 10_000);
    for (const name of [ended, 'r-ffffffffffff', 'clone-of-orders']) world.scratch.folders.add(name);
    world.backups.servers.add(`/var/lib/reeve/scratch/${ended}`);

    await pass(world, 5 * minute);
    expect([...world.scratch.folders]).toContain(open);
    await agent.control.cancel(open, 'ann', false);
    await pass(world, 2 * minute);

    expect([...world.scratch.folders].toSorted()).toStrictEqual(['clone-of-orders', 'r-ffffffffffff']);
    expect([...world.backups.servers]).toStrictEqual([]);
    await agent.close();
  });
});

describe('an agent that dies in a drill', () => {
  async function live(world: World): Promise<{ readonly run: Run; readonly agents: number }> {
    let agents = 1;
    let agent = await world.start('host-a/1');
    await askDrill(agent);
    for (let step = 0; step < 500; step += 1) {
      await world.clock.advance(5_000);
      if (world.deaths >= agents) {
        agents += 1;
        agent = await world.start(`host-a/${agents}`);
      }
      const run = await newest(world);
      if (isOpen(run.state)) continue;
      await world.clock.advance(2 * minute);
      if (world.deaths < agents) {
        await agent.close();
        return { run: await newest(world), agents };
      }
    }
    throw new Error('it does not come to an end');
  }

  it('leaves one proof and an empty scratch, wherever it dies', { timeout: 60_000 }, async () => {
    const calm = createWorld();
    expect((await live(calm)).run.state).toBe('verified');
    const points = [...new Set(calm.points)];

    expect(points).toEqual(
      expect.arrayContaining(['after folder', 'drill verify', 'before discard 0', 'after record 0']),
    );
    for (const point of points) {
      const world = createWorld();
      world.dieAt = `${point}#1`;
      const { run, agents } = await live(world);

      expect.soft(agents, point).toBe(2);
      expect.soft(run.state, `${point}: ${run.reason}`).toBe('verified');
      expect.soft(await proofsOf(world), point).toHaveLength(1);
      expect.soft(world.scratch.folders.size, point).toBe(0);
      expect.soft(world.backups.servers.size, point).toBe(0);
      const ends = (await auditTexts(world)).filter((text) => text.startsWith('drill_ended'));
      expect.soft(ends, point).toHaveLength(1);
    }
  });
});
