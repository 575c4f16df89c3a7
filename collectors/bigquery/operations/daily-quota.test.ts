import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { day, type Ground, makeGround, planned } from './testing/ground.ts';

const id = 'set_daily_quota';
const gib = 1024 ** 3;

/** Twenty days of 100 queries with 4 GiB each. */
function usual(ground: Ground): void {
  for (let back = 2; back < 22; back += 1)
    for (let index = 0; index < 100; index += 1)
      ground.double.inventory.addJob({
        creation_time: new Date(Date.now() - back * day + index * 1_000),
        total_bytes_billed: 4 * gib,
      });
}

function quotaOf({ double }: Ground): number | undefined {
  return double.quotaOf('double-shop').overrideMiB;
}

describe('set_daily_quota', () => {
  let ground: Ground;

  beforeAll(async () => {
    ground = await makeGround({ isUnread: true });
    usual(ground);
  });
  afterAll(() => ground?.[Symbol.asyncDispose]());
  beforeEach(() => {
    ground.double.faults.clear();
    ground.double.quotaOf('double-shop').overrideMiB = undefined;
  });

  it('proposes a brake above usual days, simulates it from history, sets it and gives it up again', async () => {
    const action = ground.action(id);
    const plan = await planned(ground, id);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');

    // One and a half of 400 GiB.
    expect(plan.facts).toMatchObject({ project: 'double-shop', mib: 600 * 1024 });
    expect(await action.rehearse(plan, { ...ground.context, minimumImprovement: 0.2 })).toMatchObject({
      verdict: 'simulated',
      figures: { refusedJobs: 0, days: 20 },
    });
    expect(await action.recheck(plan, ground.context)).toEqual([]);
    expect(await action.apply(plan, act, ground.acting)).toMatchObject({ result: 'done' });
    expect(quotaOf(ground)).toBe(600 * 1024);
    expect(await action.apply(plan, act, ground.acting)).toMatchObject({ result: 'already' });
    expect(await action.inspect(plan, act, ground.context)).toMatchObject({ state: 'done' });
    expect(await action.undo(plan, act, ground.acting)).toMatchObject({ result: 'done' });
    expect(quotaOf(ground)).toBeUndefined();
    expect(await action.undo(plan, act, ground.acting)).toMatchObject({ result: 'already' });
  });

  it('gives back the quota that was there before', async () => {
    ground.double.quotaOf('double-shop').overrideMiB = 10_000_000;
    const plan = await planned(ground, id);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');

    await ground.action(id).apply(plan, act, ground.acting);
    await ground.action(id).undo(plan, act, ground.acting);

    expect(quotaOf(ground)).toBe(10_000_000);
  });

  it('does nothing when somebody set another one since, and proposes none above what is in force', async () => {
    const plan = await planned(ground, id);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');
    ground.double.quotaOf('double-shop').overrideMiB = 5_000;

    expect(await ground.action(id).recheck(plan, ground.context)).toMatchObject([{ id: 'same_quota' }]);
    expect(await ground.action(id).apply(plan, act, ground.acting)).toMatchObject({ result: 'refused' });
    expect(await ground.action(id).undo(plan, act, ground.acting)).toMatchObject({ result: 'refused' });
    expect(quotaOf(ground)).toBe(5_000);
    await expect(planned(ground, id)).rejects.toThrow('nothing was found');
  });

  it.each([
    ['accessDenied', 'refused'],
    ['quotaExceeded', 'gave_up'],
  ] as const)('changes nothing when the API answers %s', async (kind, result) => {
    const plan = await planned(ground, id);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');
    ground.double.faults.add({ kind, on: 'quota.create' });

    expect(await ground.action(id).apply(plan, act, ground.acting)).toMatchObject({ result });
    expect(quotaOf(ground)).toBeUndefined();
  });

  // Last: these days stay.
  it('refuses what would have stopped people: too many queries of the last 30 days', async () => {
    for (const back of [22, 23])
      for (let index = 0; index < 100; index += 1)
        ground.double.inventory.addJob({
          creation_time: new Date(Date.now() - back * day + index * 60_000),
          total_bytes_billed: 40 * gib,
        });

    await expect(planned(ground, id)).rejects.toThrow('queries_would_be_refused');
  });
});
