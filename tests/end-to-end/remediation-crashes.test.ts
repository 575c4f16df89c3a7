import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type CrashGround,
  crashGround,
  indexesOf,
  indexStatements,
  visit,
} from '../support/remediation/crash-ground.ts';
import { type Life, liveThrough } from '../support/remediation/mortal-agent.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

const unused = { name: 'orders_total', valid: true };

let ground: CrashGround;
beforeAll(async () => {
  ground = await crashGround();
});
beforeEach(async () => {
  await ground.reset();
  await visit(ground.target, 40);
});
afterAll(() => ground[Symbol.asyncDispose]());

/** What must hold however often it died: the journal knows of all that was begun, and nobody left anything behind. Says what was done. */
async function expectWholeJournal({ run, control }: Life): Promise<readonly string[]> {
  const report = await control.show(run.id);
  const acts = report?.acts ?? [];
  expect(acts.filter(({ outcome }) => outcome === undefined)).toEqual([]);
  expect((await control.verifyAudit()).fault).toBeUndefined();
  const events = (await control.audit(1, 500)).map(({ event }) => event);
  expect(events.filter((event) => event === 'approved')).toEqual(['approved']);
  expect(events).toContain('run_ended');
  const others = (await control.runs({})).filter(({ id }) => id !== run.id);
  expect(others.filter(({ state }) => state !== 'nothing_to_do')).toEqual([]);
  expect(await indexesOf(ground.rehearsal)).toEqual([unused]);
  return acts
    .filter(({ outcome }) => outcome === 'done' || outcome === 'already')
    .map(({ direction }) => direction);
}

/** Where the database and the journal may differ. */
function aroundAct(act: string): readonly string[] {
  return [`before intent of ${act}`, `after intent of ${act}`, `after ${act}`];
}

// The outcome that an agent wrote before it died is not among the points: the next one finds the act done, and writes it itself.
describe('the agent, killed with kill -9 at each point in turn and started again each time,', () => {
  it('drops an unused index once, and the journal says so', async () => {
    await using life = await liveThrough({ ground, pipeline: 'index_management', deadly: 'each' });

    expect(['kept', 'inconclusive']).toContain(life.run.state);
    expect(await expectWholeJournal(life)).toEqual(['apply']);
    expect(await indexesOf(ground.target)).toEqual([]);
    expect(await indexStatements(ground.target)).toEqual({ dropped: 1, created: 0 });
    expect(life.points).toEqual(expect.arrayContaining([...aroundAct('apply drop'), 'after keep']));
    expect(life.deaths).toBe(life.points.length);
  });

  it('builds an index and takes it back, each once, and the journal says so', async () => {
    await using life = await liveThrough({
      ground,
      pipeline: 'query_optimisation',
      deadly: 'each',
      soak: '10m',
      during: async ({ run, control, points }) => {
        if (run.state === 'soaking' && run.step !== 'undo' && points.includes('after verify'))
          await control.cancel(run.id, 'carol', true);
      },
    });

    expect(['cancelled', 'reverted']).toContain(life.run.state);
    expect(await expectWholeJournal(life)).toEqual(['apply', 'undo']);
    expect(await indexesOf(ground.target)).toEqual([unused]);
    expect(await indexStatements(ground.target)).toEqual({ dropped: 1, created: 1 });
    expect(life.points).toEqual(
      expect.arrayContaining([...aroundAct('apply build'), ...aroundAct('undo build'), 'after taken back']),
    );
    expect(life.deaths).toBe(life.points.length);
  });
});
