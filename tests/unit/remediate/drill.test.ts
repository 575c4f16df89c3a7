import { describe, expect, it } from 'vitest';
import { askDrill, drilled, expectNothingLeft, proofsOf } from './drill-world.ts';
import { auditTexts, createWorld, pass, passUntil, type World } from './remediation-world.ts';
import { foundBackup } from './world-backups.ts';
import { approveMode, minute } from './world-settings.ts';

describe('a drill', () => {
  it('restores the newest healthy backup that is retained, keeps what it proved and leaves nothing', async () => {
    const world = createWorld();
    world.mode = { ...approveMode, mode: 'observe' };
    world.backups.found = [
      foundBackup({ name: 'own.dump', takenAt: world.clock.now(), isRetained: false }),
      foundBackup({ name: 'torn.dump', takenAt: world.clock.now(), health: 'damaged' }),
      foundBackup({ name: 'old.dump', takenAt: 0 }),
      foundBackup(),
    ];

    const run = await drilled(world);

    expect(run).toMatchObject({ state: 'verified', step: 'record' });
    expect(run.reason).toBe(
      'restored and compared; recovery took 1m, the newest data in it was 9h old; the way back: reeve drill orders --runbook',
    );
    expect(await proofsOf(world)).toMatchObject([
      { verdict: 'verified', counts: true, chain: 'nightly', backup: 'orders-1.dump', recoveryMs: 60_000 },
    ]);
    const kinds = (await world.records.evidence(run.id)).map(({ kind }) => kind);
    expect(kinds).toStrictEqual([
      'catalogue',
      'practice',
      'act',
      'precheck',
      'statistics',
      'rehearsal',
      'measurement',
    ]);
    expect(await auditTexts(world)).toContainEqual(expect.stringMatching(/^drill_ended by reeve: verified/));
    expectNothingLeft(world);
  });

  it('counts for nothing when what it restored is no retained backup', async () => {
    const world = createWorld();
    world.backups.found = [foundBackup({ isRetained: false })];

    const run = await drilled(world);

    expect(run.reason).toContain('counts for nothing');
    expect(await proofsOf(world)).toMatchObject([{ verdict: 'verified', counts: false }]);
  });

  it('makes a backup first where a person asks for that, and restores that one', async () => {
    const world = createWorld();

    const run = await drilled(world, { take: true });

    expect(run.state).toBe('verified');
    expect(world.backups.restored).toStrictEqual(['nightly/taken-1.dump']);
    expect(run.reason).toContain('it counts for nothing, because it was made for this drill');
    expect(await world.proofs.proofs({ kind: 'drill' })).toMatchObject([{ counts: false }]);
  });

  it('proves one chain after the other', async () => {
    const world = createWorld();
    world.backups.chains = ['nightly', 'weekly'];
    world.backups.found = [foundBackup(), foundBackup({ chain: 'weekly', name: 'w.dump', takenAt: 0 })];

    await drilled(world);
    await drilled(world);
    await drilled(world);

    expect(world.backups.restored).toStrictEqual([
      'nightly/orders-1.dump',
      'weekly/w.dump',
      'nightly/orders-1.dump',
    ]);
  });

  it('takes a chain that reaches the moment that was asked for', async () => {
    const world = createWorld();
    const takenAt = Date.UTC(2026, 10, 24);
    world.backups.chains = ['nightly', 'base'];
    world.backups.found = [
      foundBackup(),
      foundBackup({ name: 'orders-0.dump', takenAt, recoverableUntil: takenAt }),
      foundBackup({ chain: 'base', name: 'b', takenAt, recoverableUntil: Date.UTC(2026, 10, 25, 4) }),
    ];

    const run = await drilled(world, { until: takenAt + minute });

    expect(run.reason).not.toContain('no backup');
    expect(world.backups.restored).toStrictEqual(['base/undefined']);
  });

  it.each([
    {
      name: 'no backups are configured',
      arrange: (world: World) => {
        world.backups.chains = [];
        world.backups.found = [];
      },
      text: 'reeve backup init orders',
    },
    {
      name: 'there is no backup',
      arrange: (world: World) => void (world.backups.found = []),
      text: 'there is no backup in nightly',
    },
    {
      name: 'the backups cannot be read',
      arrange: (world: World) => void (world.backups.listFails = 'permission denied'),
      text: 'permission denied',
    },
    {
      name: 'the backup is corrupt',
      arrange: (world: World) =>
        void world.backups.next.push({ verdict: 'failed', text: 'checksum of toc.dat' }),
      text: 'checksum of toc.dat',
    },
    {
      name: 'the password of the scratch server is wrong',
      arrange: (world: World) => void world.backups.next.push('throws'),
      text: 'password *** is wrong',
    },
    {
      name: 'the disk is full in the middle',
      arrange: (world: World) => void world.backups.next.push('full'),
      text: 'no space left',
    },
    {
      name: 'there is too little room',
      arrange: (world: World) => void (world.scratch.free = 1024 ** 3),
      text: '1.2 GiB',
    },
    {
      name: 'it does not come to an end',
      arrange: (world: World) => void world.backups.next.push('hangs'),
      text: 'longer than 2h',
    },
    {
      name: 'scratch could be production',
      arrange: (world: World) => void (world.scratch.refusal = 'it lies in a database'),
      text: 'lies in a database',
    },
  ])('fails when $name, and leaves nothing', async ({ arrange, text }) => {
    const world = createWorld();
    arrange(world);

    const run = await drilled(world, undefined, 10 * minute);

    expect(run.state).toBe('failed');
    expect(run.reason.replaceAll(/\[[a-z]+\]|<[a-z]+>|\*+/g, '***')).toContain(text);
    expect(await proofsOf(world)).toMatchObject([{ verdict: 'failed', counts: false }]);
    expectNothingLeft(world);
  });

  it.each([
    { request: { chain: 'hourly' }, text: 'has no backup chain hourly: it has nightly' },
    { request: { backup: 'gone.dump' }, text: 'there is no backup gone.dump in nightly' },
    { request: { until: Date.UTC(2031, 0, 1) }, text: '2031-01-01T00:00:00.000Z lies in the future' },
    {
      request: { until: Date.UTC(2026, 10, 25, 2) },
      text: 'the oldest that could be is of 2026-11-25T03:00:00.000Z',
    },
    { request: { take: true, backup: 'orders-1.dump' }, text: 'leave out --take' },
    { request: { folder: '/' }, text: 'chain, backup, database, until and take' },
  ])('says what is wrong with a request of $request', async ({ request, text }) => {
    const run = await drilled(createWorld(), request);

    expect(run).toMatchObject({ state: 'failed' });
    expect(run.reason).toContain(text);
  });

  it('makes the backup that was asked for where no restore can be tried, and says so', async () => {
    const world = createWorld();
    world.backups.drills = false;

    const run = await drilled(world, { take: true });

    expect(world.backups.taken).toBe(1);
    expect(world.backups.restored).toStrictEqual([]);
    expect(run).toMatchObject({ state: 'observed' });
    expect(run.reason).toContain('made backup taken-1.dump');
  });

  it('only says what is known where no restore can be tried', async () => {
    const world = createWorld();
    world.backups.drills = false;

    const run = await drilled(world);

    expect(run).toMatchObject({ state: 'observed' });
    expect(await proofsOf(world)).toStrictEqual([]);
  });

  it('is stopped by its cancellation, and leaves nothing', async () => {
    const world = createWorld();
    const agent = await world.start();
    const { id } = await askDrill(agent);
    await pass(world, 10_000);
    expect(world.scratch.folders.size).toBe(1);

    const answer = await agent.control.cancel(id, 'ann', false);
    await pass(world, 100);

    expect(answer).toMatchObject({ ok: true });
    expect((await world.records.run(id))?.state).toBe('cancelled');
    expect(await proofsOf(world)).toStrictEqual([]);
    expectNothingLeft(world);
    await agent.close();
  });

  it('leaves nothing while the agent is stopped, and is done anew by the next one', async () => {
    const world = createWorld();
    const agent = await world.start('host-a/1');
    const { id } = await askDrill(agent);
    await pass(world, 10_000);
    expect(world.backups.servers.size).toBe(1);

    await agent.close();
    await pass(world, 100);
    expectNothingLeft(world);
    const next = await world.start('host-a/2');

    expect((await passUntil(world, id, ['verified', 'failed'], 5_000)).state).toBe('verified');
    expect(await proofsOf(world)).toHaveLength(1);
    await next.close();
  });

  it('goes on while all changes are paused: it changes no target', async () => {
    const world = createWorld();
    world.pauseFile = true;

    expect(await drilled(world)).toMatchObject({ state: 'verified' });
  });

  it('waits for another drill on this machine', async () => {
    const world = createWorld();
    const agent = await world.start();

    const one = await askDrill(agent);
    const other = await askDrill(agent);
    await passUntil(world, one.id, ['verified'], 5_000);
    await passUntil(world, other.id, ['verified'], 5_000);

    expect(world.backups.mostServers).toBe(1);
    await agent.close();
  });

  it('says what could not be removed, and goes on removing it', async () => {
    const world = createWorld();
    world.scratch.wipeFault = 'device busy';
    const agent = await world.start();
    const { id } = await askDrill(agent);
    const run = await passUntil(world, id, ['verified'], 5_000);
    expect(run.reason).toContain('could not be removed yet (device busy)');

    world.scratch.wipeFault = undefined;
    await pass(world, 2 * minute);

    expectNothingLeft(world);
    await agent.close();
  });
});
