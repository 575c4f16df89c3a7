import { describe, expect, it } from 'vitest';
import { isOpen, type Run } from '../../../src/core/remediation/run.ts';
import { type Agent, approveRun, createWorld, newest, type World } from './remediation-world.ts';
import { basePolicy, breachOf, minute } from './world-settings.ts';

/** A world whose runs are over within minutes. */
function hastyWorld(): World {
  const world = createWorld();
  world.policy = { ...basePolicy, baselineMs: minute, soakMs: 2 * minute };
  world.breaches = [breachOf()];
  world.judgements = [];
  return world;
}

interface Ending {
  readonly run: Run;
  readonly agents: number;
}

/** Lets agents live one after the other until the breach's run has ended. */
async function live(world: World, during: (run: Run) => void): Promise<Ending> {
  let agent: Agent = await world.start('agent 1');
  let agents = 1;
  const started = world.clock.now();
  for (;;) {
    await world.clock.advance(5_000);
    if (world.deaths >= agents) {
      agents += 1;
      agent = await world.start(`agent ${agents}`);
    }
    if (world.clock.now() - started > 120 * minute) throw new Error('it does not come to an end');
    const run = (await world.records.runs({})).at(0);
    if (run === undefined) continue;
    during(run);
    if (run.state === 'waiting') await approveRun(agent, run);
    if (!isOpen(run.state)) {
      // The process that ended the run is over too.
      await world.clock.advance(3 * minute);
      if (world.deaths < agents) {
        await agent.close();
        return { run: await newest(world), agents };
      }
    }
  }
}

const stories = [
  {
    name: 'a change that is kept',
    arrange: () => undefined,
    during: () => () => undefined,
    state: 'inconclusive',
    changes: ['drop notes_idx'],
    index: 'gone',
  },
  {
    name: 'a change that is taken back',
    arrange: () => undefined,
    during: (world: World) => (run: Run) => {
      if (run.state === 'soaking') world.latencySeconds = 0.2;
    },
    state: 'reverted',
    changes: ['drop notes_idx', 'rebuild notes_idx'],
    index: 'there',
  },
  {
    name: 'an act that stays half done once',
    arrange: (world: World) => void world.nextActs.push('half_applied'),
    during: () => () => undefined,
    state: 'inconclusive',
    changes: ['drop notes_idx'],
    index: 'gone',
  },
  {
    name: 'an act that can only be taken back, after a hitch',
    arrange: (world: World) => {
      world.nextActs.push('half_applied', 'half_applied', 'half_applied');
      world.nextUndos.push('failed');
    },
    during: () => () => undefined,
    state: 'failed',
    changes: ['rebuild notes_idx'],
    index: 'there',
  },
] as const;

describe.each(stories)('$name', ({ arrange, during, state, changes, index }) => {
  it('comes to the same end wherever the agent dies', { timeout: 240_000 }, async () => {
    const calm = hastyWorld();
    arrange(calm);
    const undisturbed = await live(calm, during(calm));
    expect(undisturbed.run.state, undisturbed.run.reason).toBe(state);
    const counts = new Map<string, number>();
    const points = calm.points
      .map((point) => {
        const count = (counts.get(point) ?? 0) + 1;
        counts.set(point, count);
        return `${point}#${count}`;
      })
      .filter((point) => !/ (?:verify|gate wait) ([3-9]|\d\d)/.test(point));

    expect(points.length).toBeGreaterThan(40);
    for (const point of points) {
      const world = hastyWorld();
      world.dieAt = point;
      arrange(world);
      const { run, agents } = await live(world, during(world));

      expect.soft(agents, point).toBe(2);
      expect.soft(run.state, `${point}: ${run.reason}`).toBe(state);
      expect.soft(world.changes, point).toStrictEqual(changes);
      expect.soft(world.indexes.get('notes_idx'), point).toBe(index);
      expect.soft(await world.records.acts({ unfinished: true }), point).toStrictEqual([]);
      expect.soft(await world.records.runs({}), point).toHaveLength(1);
    }
  });
});
