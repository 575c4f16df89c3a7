import { describe, expect, it } from 'vitest';
import type { ControlAnswer } from '../../../src/core/remediation/control.ts';
import {
  type Agent,
  approveRun,
  auditTexts,
  createWorld,
  pass,
  passUntil,
  prepareRun,
  type World,
} from './remediation-world.ts';
import { approveMode, basePolicy, day, hour, minute } from './world-settings.ts';

async function waiting(arrange: (world: World) => void = () => undefined): Promise<{
  readonly world: World;
  readonly agent: Agent;
  readonly id: string;
  readonly planHash: string;
}> {
  const world = createWorld();
  arrange(world);
  const agent = await world.start();
  const run = await prepareRun(world, agent);
  expect(run.state, run.reason).toBe('waiting');
  return { world, agent, id: run.id, planHash: run.planHash ?? '' };
}

const codeOf = (answer: ControlAnswer): string => (answer.ok ? 'ok' : answer.code);

describe('approve', () => {
  it('makes one run of two approvals at the same time', async () => {
    const { world, agent, id, planHash } = await waiting();
    const other = await world.start();

    const answers = await Promise.all([
      agent.control.approve(id, { planHash, by: 'bob', comment: '' }),
      other.control.approve(id, { planHash, by: 'eve', comment: '' }),
    ]);
    await passUntil(world, id, ['soaking']);

    expect(answers.map(codeOf).toSorted()).toStrictEqual(['conflict', 'ok']);
    expect(world.changes).toStrictEqual(['drop notes_idx']);
    const refused = (await auditTexts(world)).filter((line) => line.startsWith('refused'));
    expect(refused).toHaveLength(1);
    await Promise.all([agent.close(), other.close()]);
  });

  it('refuses a replay, and audits it', async () => {
    const { world, agent, id, planHash } = await waiting();
    await agent.control.approve(id, { planHash, by: 'bob', comment: 'fine' });

    const replay = await agent.control.approve(id, { planHash, by: 'bob', comment: 'fine' });

    expect(replay).toMatchObject({ ok: false, code: 'conflict' });
    expect((await auditTexts(world)).at(-1)).toContain('refused by bob: approve: run');
    await agent.close();
  });

  it.each([
    { name: 'another hash', planHash: 'f'.repeat(64), by: 'bob', code: 'refused' },
    { name: 'no hash', planHash: '', by: 'bob', code: 'refused' },
    { name: 'no name', planHash: undefined, by: ' ', code: 'refused' },
  ])('refuses $name', async ({ planHash, by, code }) => {
    const { world, agent, id, planHash: right } = await waiting();

    const answer = await agent.control.approve(id, { planHash: planHash ?? right, by, comment: '' });
    await pass(world, hour);

    expect(codeOf(answer)).toBe(code);
    expect(await world.records.run(id)).toMatchObject({ state: 'waiting' });
    expect((await auditTexts(world)).at(-1)).toMatch(/^refused by /);
    await agent.close();
  });

  it('refuses a run that there is not', async () => {
    const { agent, planHash } = await waiting();

    const answer = await agent.control.approve('r-nothing', { planHash, by: 'bob', comment: '' });

    expect(answer).toMatchObject({ ok: false, code: 'not_found' });
    await agent.close();
  });

  it('voids a plan that expired, whether or not anybody looked at it since', async () => {
    const { world, agent, id, planHash } = await waiting();
    world.clock.jump(day);

    const answer = await agent.control.approve(id, { planHash, by: 'bob', comment: '' });

    expect(answer).toMatchObject({ ok: false, code: 'refused', text: expect.stringContaining('expired') });
    expect(await world.records.run(id)).toMatchObject({ state: 'expired' });
    await agent.close();
  });

  it('expires plans that nobody decided about by itself', async () => {
    const { world, agent, id } = await waiting();

    const run = await passUntil(world, id, ['expired'], hour);

    expect(run.reason).toContain(`reeve runs retry ${id}`);
    await agent.close();
  });

  it('asks for a second person where that is configured', async () => {
    const { world, agent, id, planHash } = await waiting((each) => {
      each.policy = { ...basePolicy, secondPerson: true };
    });

    const own = await agent.control.approve(id, { planHash, by: 'ann', comment: '' });
    const second = await agent.control.approve(id, { planHash, by: 'bob', comment: '' });

    expect(own).toMatchObject({
      ok: false,
      code: 'refused',
      text: expect.stringContaining('may not approve'),
    });
    expect(second.ok).toBe(true);
    await passUntil(world, id, ['soaking']);
    await agent.close();
  });

  it('is void when limits were changed since', async () => {
    const { world, agent, id, planHash } = await waiting();
    world.policy = { ...basePolicy, soakMs: minute };

    const answer = await agent.control.approve(id, { planHash, by: 'bob', comment: '' });

    expect(answer).toMatchObject({ code: 'refused', text: expect.stringContaining('limits were changed') });
    await agent.close();
  });

  it('is void when the plan in the store is not the one that was made', async () => {
    const { world, agent, id, planHash } = await waiting();
    const plan = await world.records.plan(planHash);
    if (plan === undefined) throw new Error('there is no plan');
    world.records.plan = async () => ({ ...plan, cost: 'another one' });

    const answer = await agent.control.approve(id, { planHash, by: 'bob', comment: '' });

    expect(answer).toMatchObject({
      code: 'refused',
      text: expect.stringContaining('not the one that was made'),
    });
    await agent.close();
  });

  it('refuses with the reason of the store when it is full, and nothing happens', async () => {
    const { world, agent, id, planHash } = await waiting();
    world.storeFault = 'database or disk is full: free space';

    const answer = await agent.control.approve(id, { planHash, by: 'bob', comment: '' });
    await pass(world, hour);

    expect(answer).toMatchObject({ code: 'unavailable', text: expect.stringContaining('free space') });
    expect(world.changes).toStrictEqual([]);
    expect((await agent.control.status()).refusing).toContain('free space');
    await agent.close();
  });

  it('redacts what the comment should not say', async () => {
    const { world, agent, id, planHash } = await waiting();

    await agent.control.approve(id, { planHash, by: 'bob', comment: 'password is hunter2hunter2' });

    expect(await world.records.approval(planHash)).toMatchObject({ comment: 'password is [secret]' });
    await agent.close();
  });
});

describe('reject', () => {
  it('ends the run, and an approval after it is refused', async () => {
    const { world, agent, id, planHash } = await waiting();

    const rejected = await agent.control.reject(id, { planHash, by: 'bob', comment: 'not now' });
    const late = await agent.control.approve(id, { planHash, by: 'eve', comment: '' });
    await pass(world, hour);

    expect(rejected).toMatchObject({
      ok: true,
      run: { state: 'rejected', reason: 'rejected by bob: not now' },
    });
    expect(codeOf(late)).toBe('conflict');
    expect(world.changes).toStrictEqual([]);
    await agent.close();
  });
});

describe('cancel', () => {
  it('ends a run that changed nothing yet', async () => {
    const { world, agent, id, planHash } = await waiting();
    await agent.control.approve(id, { planHash, by: 'bob', comment: '' });
    await world.clock.advance(100);

    const early = await agent.control.cancel(id, 'bob', true);
    await pass(world, hour);

    expect(early.ok).toBe(true);
    expect(await world.records.run(id)).toMatchObject({ state: 'cancelled' });
    expect(world.changes).toStrictEqual([]);
    expect(await agent.control.cancel(id, 'bob', false)).toMatchObject({ code: 'conflict' });
    await agent.close();
  });

  it('refuses while a change is watched, and takes it back when that is asked for', async () => {
    const { world, agent, id, planHash } = await waiting();
    await agent.control.approve(id, { planHash, by: 'bob', comment: '' });
    await passUntil(world, id, ['soaking']);

    const plain = await agent.control.cancel(id, 'bob', false);
    const undo = await agent.control.cancel(id, 'bob', true);
    await passUntil(world, id, ['cancelled']);

    expect(plain).toMatchObject({ code: 'refused', text: expect.stringContaining('--undo') });
    expect(undo.ok).toBe(true);
    expect(world.changes).toStrictEqual(['drop notes_idx', 'rebuild notes_idx']);
    expect(await world.records.disabledActions()).toStrictEqual([]);
    await agent.close();
  });

  it('takes a change back while everything is paused', async () => {
    const { world, agent, id, planHash } = await waiting();
    await agent.control.approve(id, { planHash, by: 'bob', comment: '' });
    await passUntil(world, id, ['soaking']);
    await agent.control.pause('eve', 'freeze', false);

    await agent.control.cancel(id, 'bob', true);

    await passUntil(world, id, ['cancelled']);
    expect(world.indexes.get('notes_idx')).toBe('there');
    await agent.close();
  });
});

describe('a change that was kept', () => {
  async function kept(pipeline: 'index_management' | 'migration') {
    const given = await waiting();
    const { world, agent, id, planHash } = given;
    await agent.control.approve(id, { planHash, by: 'bob', comment: '' });
    await passUntil(world, id, ['kept', 'inconclusive']);
    const run = await world.records.run(id);
    // The memory store hands out what it keeps: the run becomes one of another pipeline.
    if (run !== undefined) Object.assign(run, { pipeline });
    return given;
  }

  it('is taken back when it is a migration and somebody asks for it', async () => {
    const { world, agent, id } = await kept('migration');

    const answer = await agent.control.cancel(id, 'bob', true);
    await passUntil(world, id, ['cancelled']);

    expect(answer.ok).toBe(true);
    expect(world.changes).toStrictEqual(['drop notes_idx', 'rebuild notes_idx']);
    await agent.close();
  });

  it('stays when it is anything else', async () => {
    const { world, agent, id } = await kept('index_management');

    expect(await agent.control.cancel(id, 'bob', true)).toMatchObject({ ok: false, code: 'conflict' });
    expect(world.changes).toStrictEqual(['drop notes_idx']);
    await agent.close();
  });
});

describe('retry', () => {
  it('begins again with a new plan that needs a new approval', async () => {
    const { world, agent, id, planHash } = await waiting();
    await agent.control.reject(id, { planHash, by: 'bob', comment: '' });
    await world.clock.advance(minute);

    await agent.control.retry(id, 'ann');
    await passUntil(world, id, ['waiting']);

    const run = await world.records.run(id);
    expect(run).toMatchObject({ retries: 1, state: 'waiting' });
    expect(run?.planHash).not.toBe(planHash);
    const old = await agent.control.approve(id, { planHash, by: 'bob', comment: '' });
    expect(codeOf(old)).toBe('refused');
    await agent.close();
  });

  it('refuses while the run is open', async () => {
    const { agent, id } = await waiting();

    expect(await agent.control.retry(id, 'ann')).toMatchObject({ code: 'conflict' });
    expect(await agent.control.retry('r-x', 'ann')).toMatchObject({ code: 'not_found' });
    await agent.close();
  });
});

describe('pause', () => {
  it('holds an approved run until somebody resumes', async () => {
    const { world, agent, id, planHash } = await waiting();
    await agent.control.pause('eve', 'release day', false);
    await agent.control.approve(id, { planHash, by: 'bob', comment: '' });

    await pass(world, hour);
    const held = await world.records.run(id);
    await agent.control.resume('eve');
    await passUntil(world, id, ['soaking']);

    expect(held).toMatchObject({ state: 'approved', reason: expect.stringContaining('release day') });
    expect((await auditTexts(world)).filter((line) => /^(paused|resumed)/.test(line))).toHaveLength(2);
    await agent.close();
  });

  it('holds an approved run while its file is there', async () => {
    const { world, agent, id, planHash } = await waiting();
    world.pauseFile = true;
    await agent.control.approve(id, { planHash, by: 'bob', comment: '' });

    await pass(world, hour);
    const held = await world.records.run(id);
    const status = await agent.control.status();
    world.pauseFile = false;
    await passUntil(world, id, ['soaking']);

    expect(held).toMatchObject({ state: 'approved', reason: expect.stringContaining('/run/reeve/pause') });
    expect(status.pauseFile).toBe('/run/reeve/pause');
    await agent.close();
  });

  it('interrupts an act when told to, and takes it back', async () => {
    const { world, agent, id, planHash } = await waiting();
    world.nextActs.push('hangs');
    await agent.control.approve(id, { planHash, by: 'bob', comment: '' });
    await passUntil(world, id, ['executing']);
    await pass(world, 6 * minute);
    expect(await world.records.acts({ unfinished: true })).toHaveLength(1);

    await agent.control.pause('eve', 'it blocks', true);
    await passUntil(world, id, ['cancelled']);

    expect(world.indexes.get('notes_idx')).toBe('there');
    expect(await world.records.acts({ unfinished: true })).toStrictEqual([]);
    expect((await auditTexts(world)).join('\n')).toContain('interrupted');
    await agent.close();
  });
});

describe('enable', () => {
  it('lets an action that was reverted be planned again', async () => {
    const { world, agent, id, planHash } = await waiting((each) => (each.mode = approveMode));
    await agent.control.approve(id, { planHash, by: 'bob', comment: '' });
    await passUntil(world, id, ['soaking']);
    world.meanSeconds = 1;
    await passUntil(world, id, ['reverted']);

    const refused = await prepareRun(world, agent);
    const enabled = await agent.control.enable('orders', 'drop_unused_index', 'bob');
    const again = await agent.control.enable('orders', 'drop_unused_index', 'bob');
    const planned = await prepareRun(world, agent, 'carl');

    expect(refused).toMatchObject({ state: 'nothing_to_do', reason: expect.stringContaining('is disabled') });
    expect([enabled.ok, again.ok]).toStrictEqual([true, false]);
    expect(planned.state).toBe('waiting');
    await approveRun(agent, planned);
    await agent.close();
  });
});
