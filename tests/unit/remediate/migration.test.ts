import { describe, expect, it } from 'vitest';
import type { Run } from '../../../src/core/remediation/run.ts';
import {
  type Agent,
  approveRun,
  auditTexts,
  createWorld,
  pass,
  passUntil,
  type World,
} from './remediation-world.ts';
import { type FakeMigrations, withMigrations } from './world-migrations.ts';
import { approveMode, day, minute } from './world-settings.ts';

interface Migrated {
  readonly world: World;
  readonly agent: Agent;
  readonly migrations: FakeMigrations;
}

async function ground(files?: string[]): Promise<Migrated> {
  const world = createWorld();
  const migrations = await withMigrations(world, files);
  return { world, agent: await world.start(), migrations };
}

const ends = ['kept', 'inconclusive', 'failed', 'refused', 'reverted', 'cancelled', 'proposed'] as const;

async function prepared({ world, agent }: Migrated): Promise<Run> {
  const request = { files: [{ name: '0001_a' }], directory: 'migrations' };
  const answer = await agent.control.start({ pipeline: 'migration', target: 'orders', by: 'ann', request });
  if (!answer.ok || answer.run === undefined) throw new Error(answer.text);
  return passUntil(world, answer.run.id, ['waiting', ...ends], 1_000);
}

async function migrated(given: Migrated): Promise<Run> {
  const run = await prepared(given);
  await approveRun(given.agent, run);
  return passUntil(given.world, run.id, ends);
}

describe('a migration', () => {
  it('is given what the person brought, applied file by file, kept and proven', async () => {
    const given = await ground();
    const { world, migrations, agent } = given;

    const run = await migrated(given);

    expect(run.state, run.reason).toBe('kept');
    expect(run.reason).toContain('the history names them all');
    expect(migrations.brought).toStrictEqual([{ files: [{ name: '0001_a' }], directory: 'migrations' }]);
    expect(migrations.changes).toStrictEqual(['up 0001_a', 'up 0002_b', 'up 0003_c']);
    expect(await world.proofs.proofs({ kind: 'migration' })).toMatchObject([
      { migration: '0003_c', durationMs: 120, lockMs: 5, rowsLost: 0, acknowledgedBy: null, runId: run.id },
    ]);
    expect(await world.proofs.proofs({ kind: 'rollback' })).toMatchObject([
      { where: 'rehearsal', verified: true, durationMs: 30 },
    ]);
    expect(world.changelog.get('/CHANGELOG.md')?.[0]).toContain('ALTER TABLE visits ADD COLUMN c0003_c int');
    await agent.close();
  });

  it('is watched for the soak of migrations, and its plan warns of no short soak', async () => {
    const given = await ground();

    const run = await prepared(given);

    const plan = await given.world.records.plan(run.planHash ?? '');
    expect(plan?.caps.soakMs).toBe(10 * minute);
    expect(plan?.warnings).toStrictEqual([]);
    await given.agent.close();
  });

  it('waits for approval in mode auto too', async () => {
    const given = await ground();
    given.world.mode = { ...approveMode, mode: 'auto' };

    expect(await prepared(given)).toMatchObject({ state: 'waiting' });
    await given.agent.close();
  });

  it('is refused at once when what was brought is larger than 1 MiB', async () => {
    const { agent, world } = await ground();
    const request = { files: [{ up: 'x'.repeat(1024 * 1024) }] };

    const answer = await agent.control.start({ pipeline: 'migration', target: 'orders', by: 'ann', request });

    expect(answer).toMatchObject({ ok: false, code: 'refused', text: expect.stringContaining('1 MiB') });
    expect(await world.records.runs({})).toStrictEqual([]);
    await agent.close();
  });

  it('tells who approves that no restore was proven, and can be approved once one is', async () => {
    const given = await ground();
    const { world, agent } = given;
    world.backups.chains = ['nightly', 'weekly'];
    world.backups.found = world.backups.found.map((each) => ({ ...each, chain: 'weekly' }));

    const run = await prepared(given);
    const refused = await agent.control.approve(run.id, {
      planHash: run.planHash ?? '',
      by: 'bob',
      comment: '',
    });
    await agent.control.start({ pipeline: 'backup', target: 'orders', by: 'bob' });
    await pass(world, 5 * minute);
    await approveRun(agent, run);

    const plan = await world.records.plan(run.planHash ?? '');
    expect(run.reason).toContain('not yet: a migration needs a backup');
    expect(plan?.warnings).toStrictEqual([expect.stringContaining('reeve drill orders --chain weekly')]);
    expect(refused).toMatchObject({ ok: false, text: expect.stringContaining('was ever proven') });
    expect((await passUntil(world, run.id, ends)).state).toBe('kept');
    await agent.close();
  });

  it('is refused before its first act when the backup has become too old', async () => {
    const given = await ground();
    const run = await prepared(given);
    await approveRun(given.agent, run);
    given.world.backups.found = given.world.backups.found.map((each) => ({
      ...each,
      takenAt: each.takenAt - 2 * day,
      recoverableUntil: each.takenAt - 2 * day,
    }));

    expect(await passUntil(given.world, run.id, ends)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('reeve drill orders --chain nightly --take'),
    });
    expect(given.migrations.changes).toStrictEqual([]);
    await given.agent.close();
  });

  it('keeps what was measured when the answer of an act is lost', async () => {
    const given = await ground(['0001_a']);
    given.migrations.outcomes.set('0001_a', 'throws after');

    const run = await migrated(given);

    expect(run.state, run.reason).toBe('kept');
    expect(await given.world.proofs.proofs({ kind: 'migration' })).toMatchObject([
      { rowsLost: 0, durationMs: 40 },
    ]);
    await given.agent.close();
  });

  it('does not call rows that nobody counted zero', async () => {
    const given = await ground(['0001_a']);
    given.migrations.figures = undefined;

    await migrated(given);

    expect(await given.world.proofs.proofs({ kind: 'migration' })).toMatchObject([
      { rowsLost: null, lockMs: null },
    ]);
    await given.agent.close();
  });

  it('says what it lost until a person acknowledges that', async () => {
    const given = await ground(['0001_a']);
    const { agent, world } = given;
    given.migrations.figures = { durationMs: 1, lockMs: 1, rowsLost: 3, verified: true };

    const run = await migrated(given);
    const answer = await agent.control.acknowledge(run.id, 'ann', 'hunter2hunter2 said so');
    const again = await agent.control.acknowledge(run.id, 'ann', '');
    const unknown = await agent.control.acknowledge('r-000000000000', 'ann', '');

    expect(run.reason).toContain(
      `deleted 3 rows beyond what it declares: look at them, then reeve migrate acknowledge ${run.id}`,
    );
    expect(answer).toMatchObject({
      ok: true,
      text: expect.stringMatching(/^3 lost rows acknowledged: (?!hunter2)/),
    });
    expect(again).toMatchObject({ ok: false, code: 'conflict' });
    expect(unknown).toMatchObject({ ok: false, code: 'not_found' });
    expect(await world.proofs.proofs({ kind: 'migration' })).toMatchObject([
      { acknowledgedBy: 'ann', rowsLost: 3 },
    ]);
    expect(await auditTexts(world)).toContainEqual(expect.stringMatching(/^loss_acknowledged by ann/));
    await agent.close();
  });
});

describe('a migration that fails in the middle', () => {
  it('takes back the files before, last one first, and proves the rollback', async () => {
    const given = await ground();
    given.migrations.outcomes.set('0003_c', 'refused');

    const run = await migrated(given);

    expect(run.state, run.reason).toBe('refused');
    expect(given.migrations.changes).toStrictEqual(['up 0001_a', 'up 0002_b', 'down 0002_b', 'down 0001_a']);
    expect(await given.world.proofs.proofs({ kind: 'rollback' })).toMatchObject([
      { where: 'target', verified: true, durationMs: 80 },
    ]);
    expect(await given.world.proofs.proofs({ kind: 'migration' })).toStrictEqual([]);
    await given.agent.close();
  });

  it('leaves what would discard later writes, says what stands where, and does not try for ever', async () => {
    const given = await ground();
    const { world, migrations, agent } = given;
    migrations.outcomes.set('0003_c', 'refused');
    migrations.discarding.add('0001_a');

    const run = await migrated(given);
    await pass(world, day);

    expect(run.state).toBe('failed');
    expect(run.reason).toContain('7 rows were written into visits');
    expect(run.reason).toContain('in force on orders: 0001_a; not in force: 0002_b, 0003_c');
    expect(migrations.changes).toStrictEqual(['up 0001_a', 'up 0002_b', 'down 0002_b']);
    expect((await world.records.run(run.id))?.state).toBe('failed');
    expect((await world.records.acts({})).filter(({ outcome }) => outcome === 'refused')).toHaveLength(2);
    expect(world.log.events).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'run ended' }),
    );
    await agent.close();
  });

  it('fails when its rollback did not restore the schema', async () => {
    const given = await ground();
    given.migrations.outcomes.set('0003_c', 'refused');
    given.migrations.figures = { durationMs: 1, lockMs: 1, rowsLost: 0, verified: false };

    const run = await migrated(given);

    expect(run).toMatchObject({ state: 'failed', reason: expect.stringContaining('not as before') });
    expect(await given.world.proofs.proofs({ kind: 'rollback' })).toMatchObject([
      { where: 'target', verified: false },
    ]);
    await given.agent.close();
  });
});
