import { describe, expect, it } from 'vitest';
import { isOpen, type Run } from '../../../src/core/remediation/run.ts';
import { approveRun, auditTexts, createWorld, newest, type World } from './remediation-world.ts';
import { type FakeMigrations, withMigrations } from './world-migrations.ts';
import { basePolicy, minute } from './world-settings.ts';

interface Ground {
  readonly world: World;
  readonly migrations: FakeMigrations;
}

async function hastyGround(fails: boolean): Promise<Ground> {
  const world = createWorld();
  const migrations = await withMigrations(world, ['0001_a', '0002_b']);
  if (fails) migrations.outcomes.set('0002_b', 'refused');
  world.policy = { ...basePolicy, baselineMs: 20_000, migrationSoakMs: 30_000 };
  return { world, migrations };
}

/** Lets agents live one after the other until the run that a person asked for has ended. */
async function live({ world }: Ground): Promise<{ readonly run: Run; readonly agents: number }> {
  let agents = 1;
  let agent = await world.start('agent 1');
  await agent.control.start({ pipeline: 'migration', target: 'orders', by: 'ann', request: { files: [] } });
  for (let step = 0; step < 500; step += 1) {
    await world.clock.advance(5_000);
    if (world.deaths >= agents) {
      agents += 1;
      agent = await world.start(`agent ${agents}`);
    }
    const run = await newest(world);
    if (run.state === 'waiting') await approveRun(agent, run);
    if (isOpen(run.state)) continue;
    await world.clock.advance(2 * minute);
    if (world.deaths >= agents) continue;
    await agent.close();
    return { run: await newest(world), agents };
  }
  throw new Error('it does not come to an end');
}

const stories = [
  {
    name: 'is applied and kept',
    fails: false,
    state: 'kept',
    changes: ['up 0001_a', 'up 0002_b'],
    proven: 1,
  },
  {
    name: 'fails in its second file and is rolled back',
    fails: true,
    state: 'refused',
    changes: ['up 0001_a', 'down 0001_a'],
    proven: 0,
  },
] as const;

/** Nobody knows what was measured there: nothing is proven, and the run says so. */
const unmeasured = 'after undo 0001_a';

describe('a migration whose agent dies', () => {
  it.each(stories)('$name, wherever that happens', { timeout: 120_000 }, async (story) => {
    const { fails, state, changes, proven } = story;
    const calm = await hastyGround(fails);
    const undisturbed = await live(calm);
    expect(undisturbed.run.state, undisturbed.run.reason).toBe(state);
    const repeated = / (?:verify|gate|baseline) [1-9]/;
    const points = [...new Set(calm.world.points)].filter((point) => !repeated.test(point));
    expect(points.length).toBeGreaterThan(25);

    for (const point of points) {
      const ground = await hastyGround(fails);
      ground.world.dieAt = `${point}#1`;
      const { run, agents } = await live(ground);

      const { proofs, records } = ground.world;
      expect.soft(agents, point).toBe(2);
      expect.soft(run.state, `${point}: ${run.reason}`).toBe(state);
      expect.soft(ground.migrations.changes, point).toStrictEqual(changes);
      expect.soft(await proofs.proofs({ kind: 'migration' }), point).toHaveLength(proven);
      const rollbacks = (await proofs.proofs({ kind: 'rollback' })).map(({ where }) => where);
      const expected = fails ? ['target'] : ['rehearsal'];
      expect.soft(rollbacks, point).toStrictEqual(point === unmeasured ? [] : expected);
      expect.soft(run.reason.includes('nobody measured'), point).toBe(point === unmeasured);
      expect.soft(await records.acts({ unfinished: true }), point).toStrictEqual([]);
      const audit = await auditTexts(ground.world);
      expect
        .soft(
          audit.filter((text) => text.includes(` by reeve: ${state}: `)),
          point,
        )
        .toHaveLength(1);
    }
  });
});
