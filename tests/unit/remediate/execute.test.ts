import { describe, expect, it } from 'vitest';
import {
  approveRun,
  auditTexts,
  createWorld,
  day,
  minute,
  passUntil,
  prepareRun,
  report,
} from './remediation-world.ts';

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
    await approveRun(world, agent, waiting);
    const soaking = await passUntil(world, waiting.id, ['soaking', ...ends]);
    const ended = await passUntil(world, waiting.id, ends, day / 4);

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
    await approveRun(world, agent, run);
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
});
