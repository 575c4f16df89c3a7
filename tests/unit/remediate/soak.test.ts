import { describe, expect, it } from 'vitest';
import type { Judgement } from '../../../src/core/judgement.ts';
import {
  type Agent,
  approveRun,
  auditTexts,
  createWorld,
  newest,
  pass,
  passUntil,
  prepareRun,
  report,
  type World,
} from './remediation-world.ts';
import { approveMode, breachOf, hour, minute } from './world-settings.ts';

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

describe('a run', () => {
  it('prepares a plan, waits for its approval, drops the index, watches it and keeps it', async () => {
    const world = createWorld();
    const agent = await world.start();

    const waiting = await prepareRun(world, agent);
    await approveRun(agent, waiting);
    const soaking = await passUntil(world, waiting.id, ['soaking', ...ends]);
    const ended = await passUntil(world, waiting.id, ends, hour);

    expect(waiting).toMatchObject({ state: 'waiting', action: 'drop_unused_index', subject: 'notes_idx' });
    expect(soaking.state).toBe('soaking');
    expect(ended.state, ended.reason).toBe('kept');
    expect(world.changes).toStrictEqual(['drop notes_idx']);
    const shown = await report(agent, waiting.id);
    expect(shown.acts).toMatchObject([{ act: 'drop', direction: 'apply', outcome: 'done' }]);
    expect(new Set(shown.evidence.map(({ kind }) => kind))).toStrictEqual(
      new Set(['catalogue', 'practice', 'rehearsal', 'measurement', 'verification']),
    );
    expect(world.changelog.get('/CHANGELOG.md')?.join('')).toContain('DROP INDEX CONCURRENTLY notes_idx');
    expect(await agent.control.verifyAudit()).toMatchObject({ fault: undefined });
    expect((await auditTexts(world)).map((line) => line.split(' ')[0])).toStrictEqual([
      'run_started',
      'plan_made',
      'approved',
      'act_intended',
      'act_ended',
      'verified',
      'changelog_written',
      'run_ended',
    ]);
    await agent.close();
  });

  it('is taken back by itself when statements get slower, and its action is disabled', async () => {
    const world = createWorld();
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    await approveRun(agent, run);
    await passUntil(world, run.id, ['soaking']);

    world.meanSeconds = 0.1;
    const ended = await passUntil(world, run.id, ends, minute);

    expect(ended.state).toBe('reverted');
    expect(world.changes).toStrictEqual(['drop notes_idx', 'rebuild notes_idx']);
    expect(await world.records.disabledActions()).toMatchObject([
      { action: 'drop_unused_index', runId: run.id },
    ]);
    expect(world.log.events.some(({ level, message }) => level === 'error' && message === 'run ended')).toBe(
      true,
    );
    await agent.close();
  });

  it('is taken back when errors, latency or lag of the target get worse', async () => {
    const { world, agent, id } = await soaking();

    world.latencySeconds = 0.05;
    const ended = await passUntil(world, id, ends);

    expect(ended).toMatchObject({ state: 'reverted', reason: expect.stringContaining('latency') });
    await agent.close();
  });

  it('is inconclusive, never a success, when nothing could be read', async () => {
    const { world, agent, id } = await soaking();
    world.isUp = false;
    world.draftChange = {};

    world.indexes.set('notes_idx', 'there');
    const ended = await passUntil(world, id, ends, hour);

    expect(ended).toMatchObject({
      state: 'inconclusive',
      reason: expect.stringContaining('nothing could be proven'),
    });
    expect((await auditTexts(world)).join()).toContain('verified by reeve: inconclusive');
    await agent.close();
  });

  it('is inconclusive while the breached objective is no better', async () => {
    const world = createWorld();
    world.breaches = [breachOf()];
    const { agent, id } = await soaking(world);
    world.judgements = [judgementOf(1_000)];

    const ended = await passUntil(world, id, ends, hour);

    expect(ended).toMatchObject({
      state: 'inconclusive',
      reason: expect.stringContaining('unused_index_bytes: 1000 when it was breached, 1000 now'),
    });
    await agent.close();
  });

  it('is kept when the breached objective improved too', async () => {
    const world = createWorld();
    world.breaches = [breachOf()];
    const { agent, id } = await soaking(world);
    world.judgements = [judgementOf(10)];

    const ended = await passUntil(world, id, ends, hour);

    expect(ended.state, ended.reason).toBe('kept');
    await agent.close();
  });

  it('drops again what brought no gain', async () => {
    const world = createWorld();
    world.draftChange = { expectation: { kind: 'faster', byAtLeast: 0.2, text: 'faster by 20 %' } };
    const { agent, id } = await soaking(world);

    const ended = await passUntil(world, id, ends, hour);

    expect(ended).toMatchObject({ state: 'reverted', reason: expect.stringContaining('no gain') });
    expect(world.changes).toStrictEqual(['drop notes_idx', 'rebuild notes_idx']);
    await agent.close();
  });

  it('is taken back when the test command fails after the act', async () => {
    const world = createWorld();
    world.mode = { ...approveMode, testCommand: ['npm', 'test'] };
    const agent = await world.start();
    const run = await prepareRun(world, agent);
    world.testCode = 3;
    await approveRun(agent, run);

    const ended = await passUntil(world, run.id, ends);

    expect(ended).toMatchObject({ state: 'reverted', reason: expect.stringContaining('exit code 3') });
    expect(world.commands).toHaveLength(2);
    expect(world.changes).toStrictEqual(['drop notes_idx', 'rebuild notes_idx']);
    await agent.close();
  });

  it('prepares the second of two actions, with an approval of its own', async () => {
    const world = createWorld();
    world.hasFollowUp = true;
    const { agent, id } = await soaking(world);
    await passUntil(world, id, ends, hour);

    const runs = await world.records.runs({});

    const second = runs.find(({ trigger }) => trigger.kind === 'follow_up');
    expect(second).toMatchObject({ action: 'drop_hidden_index', subject: 'notes_idx' });
    expect(world.changes).toStrictEqual(['drop notes_idx']);
    await agent.close();
  });

  it('says that a changelog could not be written, and keeps the change', async () => {
    const world = createWorld();
    const { agent, id } = await soaking(world);
    world.changelog.get = () => {
      throw new Error('read-only file system');
    };

    const ended = await passUntil(world, id, ends, hour);

    expect(ended.state).toBe('kept');
    expect((await auditTexts(world)).join()).toContain('not written to /CHANGELOG.md: read-only file system');
    await agent.close();
  });
});

function judgementOf(value: number): Judgement {
  return {
    target: 'orders',
    objective: 'unused_index_bytes',
    subject: 'orders',
    engine: 'postgres',
    state: 'breached',
    reason: undefined,
    detail: '',
    value,
    basis: undefined,
    bound: { max: 0 },
    since: 0,
    at: 0,
    pendingMs: undefined,
    breach: undefined,
    blind: false,
    budget: { allowed: 1, remaining: 1, burnRates: {} },
    forecast: undefined,
  };
}

async function soaking(world = createWorld()): Promise<{ world: World; agent: Agent; id: string }> {
  const agent = await world.start();
  await pass(world, 1_000);
  const run = world.breaches.length > 0 ? await newest(world) : await prepareRun(world, agent);
  await approveRun(agent, run);
  const now = await passUntil(world, run.id, ['soaking', ...ends]);
  expect(now.state, now.reason).toBe('soaking');
  return { world, agent, id: run.id };
}
