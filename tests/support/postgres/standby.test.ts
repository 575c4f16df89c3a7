import { describe, expect, it } from 'vitest';
import { startTcpProxy } from '../net/tcp-proxy.ts';
import { waitUntil } from '../wait-until.ts';
import { startPostgres } from './server.ts';
import { startStandby } from './standby.ts';

describe('startStandby', { timeout: 30_000 }, () => {
  it.each([13, 18] as const)('streams from a primary of major %i', async (major) => {
    await using primary = await startPostgres({ major, password: "s'cret\\" });
    await primary.query('CREATE TABLE seen AS SELECT 1 AS id');

    await using standby = await startStandby(primary, { applicationName: 'replica-1' });
    await primary.query('INSERT INTO seen VALUES (2)');
    await standby.waitForReplay();
    await standby.restart();

    expect(await standby.query('SELECT count(*)::int, pg_is_in_recovery() FROM seen')).toEqual([
      { count: 2, pg_is_in_recovery: true },
    ]);
    expect(await primary.query('SELECT slot_name, active FROM pg_replication_slots')).toMatchObject([
      { slot_name: 'replica_1' },
    ]);
  });

  it('falls behind while the link is cut or replay is paused, catches up after, and can be promoted', async () => {
    await using primary = await startPostgres({ major: 17 });
    await using link = await startTcpProxy({ targetPort: primary.port });
    await using standby = await startStandby(primary, { via: link });
    await primary.query('CREATE TABLE t (id int)');
    await standby.waitForReplay();
    const count = async (): Promise<unknown> =>
      (await standby.query('SELECT count(*)::int FROM t'))[0]?.['count'];

    await link.set({ kind: 'refuse' });
    await primary.query('INSERT INTO t VALUES (1)');
    await waitUntil('the walsender to go', async () => {
      const rows = await primary.query('SELECT FROM pg_stat_replication');
      return rows.length === 0;
    });
    const whileCut = await count();
    await link.set({ kind: 'pass' });
    await standby.waitForReplay();
    const healed = await count();
    await standby.pauseReplay();
    await primary.query('INSERT INTO t VALUES (2)');
    await expect(standby.waitForReplay(300)).rejects.toThrow(/catch up/);
    const whilePaused = await count();
    await standby.resumeReplay();
    await standby.waitForReplay();
    await standby.promote();
    await standby.query('INSERT INTO t VALUES (3)');

    expect([whileCut, healed, whilePaused, await count()]).toEqual([0, 1, 1, 3]);
  });
});
