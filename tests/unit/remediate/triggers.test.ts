import { describe, expect, it } from 'vitest';
import type { ObjectiveEvent } from '../../../src/core/judgement.ts';
import { type Agent, createWorld, newest, pass, prepareRun, type World } from './remediation-world.ts';
import { approveMode, breachOf, minute } from './world-settings.ts';

const opened = (kind: ObjectiveEvent['kind'] = 'opened', change = {}): ObjectiveEvent => {
  const breach = breachOf(change);
  const { target, objective, subject, engine } = breach;
  return {
    kind,
    at: 0,
    target,
    objective,
    subject,
    engine,
    state: 'breached',
    reason: undefined,
    value: 1,
    breach,
    text: '',
  };
};

async function prepared(
  arrange: (world: World) => void = () => undefined,
): Promise<{ world: World; agent: Agent }> {
  const world = createWorld();
  arrange(world);
  const agent = await world.start();
  return { world, agent };
}

describe('a trigger', () => {
  it('starts one run for a breach, however often and on however many agents it is told', async () => {
    const { world, agent } = await prepared((each) => each.breaches.push(breachOf()));
    const other = await world.start();

    for (const each of [agent, other, agent]) each.onEvent(opened());
    await pass(world, minute);

    const runs = await world.records.runs({});
    expect(runs).toMatchObject([
      { state: 'waiting', trigger: { kind: 'breach', breach: breachOf().fingerprint } },
    ]);
    await Promise.all([agent.close(), other.close()]);
  });

  it.each([
    { holders: ['alert'], state: 'waiting' },
    { holders: ['evaluation', 'alert'], state: 'executing' },
  ] as const)('is $state in mode auto when $holders say so', async ({ holders, state }) => {
    const { world, agent } = await prepared((each) => {
      each.mode = { ...approveMode, mode: 'auto' };
      each.actionChange = { undoKind: 'immediate' };
      each.draftChange = { acts: immediateActs };
      each.breaches.push(breachOf({ holders }));
    });

    agent.onEvent(opened());
    await pass(world, minute);

    expect(await newest(world)).toMatchObject({ state });
    await agent.close();
  });

  it('starts one run for a breach that two agents opened each for itself, and another when it comes back later', async () => {
    const { world, agent } = await prepared();
    const other = await world.start();
    const at = world.clock.now();

    agent.onEvent(opened('opened', { fingerprint: 'seen-by-one', openedAt: at }));
    await pass(world, 1_000);
    other.onEvent(opened('opened', { fingerprint: 'seen-by-other', openedAt: at + 15_000 }));
    await pass(world, minute);
    const first = await world.records.runs({});
    agent.onEvent(opened('opened', { fingerprint: 'back-again', openedAt: at + 60 * minute }));
    await pass(world, minute);

    expect(first.map(({ trigger }) => trigger.breach)).toEqual([expect.stringMatching(/^seen-by-/)]);
    expect((await world.records.runs({})).map(({ trigger }) => trigger.breach)).toContain('back-again');
    await Promise.all([agent.close(), other.close()]);
  });

  it('takes up a breach that opened while no agent ran', async () => {
    const { world, agent } = await prepared((each) => each.breaches.push(breachOf()));

    await pass(world, 1_000);

    expect(await newest(world)).toMatchObject({ pipeline: 'index_management', state: 'waiting' });
    await agent.close();
  });

  it('starts nothing for an objective without a pipeline or one that people start, a closed breach or a target that is not configured', async () => {
    const { world, agent } = await prepared();

    agent.onEvent(opened('opened', { objective: 'replication_lag_seconds' }));
    agent.onEvent(opened('opened', { objective: 'migration_rows_lost', fingerprint: 'c' }));
    agent.onEvent(opened('opened', { target: 'unknown', fingerprint: 'b' }));
    agent.onEvent(opened('closed', { closedAt: 5, closeReason: 'recovered' }));
    agent.onEvent(opened('state'));
    await pass(world, 1_000);

    expect(await world.records.runs({})).toStrictEqual([]);
    await agent.close();
  });

  it('leaves a waiting run waiting when its breach closes, and says so', async () => {
    const { world, agent } = await prepared((each) => each.breaches.push(breachOf()));
    await pass(world, 1_000);

    agent.onEvent(opened('closed', { closedAt: world.clock.now(), closeReason: 'recovered' }));
    await pass(world, 1_000);

    expect(await newest(world)).toMatchObject({
      state: 'waiting',
      reason: expect.stringContaining('its breach closed at 2026-11-25'),
    });
    await agent.close();
  });

  it('makes a run of each candidate, and none twice', async () => {
    const { world, agent } = await prepared((each) => {
      each.indexes.set('old_idx', 'there').set('older_idx', 'there');
      each.breaches.push(breachOf());
    });
    await pass(world, minute);

    await prepareRun(world, agent);

    const runs = await world.records.runs({ states: ['waiting'] });
    expect(new Set(runs.map(({ subject }) => subject))).toStrictEqual(
      new Set(['notes_idx', 'old_idx', 'older_idx']),
    );
    const again = await world.records.runs({ states: ['nothing_to_do'] });
    expect(again).toMatchObject([{ reason: expect.stringContaining('is about it already') }]);
    await agent.close();
  });

  it('prepares one thing when a person asks for one thing', async () => {
    const { world, agent } = await prepared((each) => each.indexes.set('old_idx', 'there'));

    await agent.control.start({
      pipeline: 'index_management',
      target: 'orders',
      by: 'ann',
      subject: 'old_idx',
    });
    await pass(world, 1_000);

    expect(await world.records.runs({})).toMatchObject([{ subject: 'old_idx', requestedBy: 'ann' }]);
    await agent.close();
  });

  it('prepares the review of every target once a tick, and applies nothing by itself even in mode auto', async () => {
    const { world, agent } = await prepared((each) => {
      each.mode = { ...approveMode, mode: 'auto' };
      each.actionChange = { undoKind: 'immediate' };
      each.draftChange = { acts: immediateActs };
    });
    const [schedule] = agent.schedules();

    await schedule?.run('2027-01-01T06:00:00.000Z');
    await schedule?.run('2027-01-01T06:00:00.000Z');
    await pass(world, minute);

    const runs = await world.records.runs({ target: 'orders' });
    expect(schedule).toMatchObject({ name: 'index_review', cron: '0 6 1 1,4,7,10 *' });
    expect(runs).toMatchObject([{ state: 'waiting', trigger: { kind: 'schedule' } }]);
    expect(world.changes).toStrictEqual([]);
    await agent.close();
  });
});

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
