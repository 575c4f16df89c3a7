import { describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../src/sdk.ts';
import { openCollector, testOptions } from '../../../tests/support/postgres/collect.ts';
import { operationContext } from '../../../tests/support/postgres/operations-input.ts';
import { startStandby } from '../../../tests/support/postgres/standby.ts';
import { createPostgresOperations } from './operations.ts';
import { actionOf, actOf, indexGround } from './testing/index-ground.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const day = 86_400_000;

describe('the members of a cluster', () => {
  it('are all asked: a standby that nobody collects, or that uses the index, refuses', async () => {
    await using ground = await indexGround({ major: 16 });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    await using standby = await startStandby(ground.server);
    const { history } = ground.input;
    const url = standby.url('postgres', 'reader');
    const collectStandby = async (at: number): Promise<void> => {
      await using collector = openCollector(url, {}, undefined, {
        history,
        target: { id: 'orders-standby' },
      });
      await collector.read('indexes', at);
    };
    const idsNow = async (): Promise<readonly string[]> => {
      await ground.collect();
      return (await action.recheck(plan, operationContext())).map(({ id, text }) => `${id}: ${text}`);
    };

    const uncollected = await idsNow();
    await collectStandby(Date.now() - 101 * day);
    await collectStandby(Date.now());
    const collected = await idsNow();
    await standby.waitForReplay();
    await standby.query(
      'SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT total FROM shop.orders WHERE total > 990 ORDER BY total DESC NULLS LAST LIMIT 1',
    );
    await vi.waitFor(
      async () => {
        const [row] = await standby.query(
          `SELECT pg_stat_get_numscans('shop.orders_total'::regclass)::int AS scans`,
        );
        expect(row?.['scans']).toBe(1);
      },
      { timeout: 5_000, interval: 50 },
    );
    await collectStandby(Date.now());
    const used = await idsNow();

    expect(uncollected.join()).toContain('member not collected');
    expect(collected).toEqual([]);
    expect(used.join()).toContain('used on member');
    expect(await ground.subjects('drop_unused_index')).toEqual([]);
  });

  it('are told apart after a failover: the plan is void on the new primary', async () => {
    await using ground = await indexGround({ major: 16 });
    const plan = await ground.plan('drop_unused_index');
    await using standby = await startStandby(ground.server);
    await standby.waitForReplay();
    const elsewhere = createPostgresOperations({
      ...ground.input,
      options: testOptions(standby.url('postgres', 'reader')),
      credentials: new Secret(standby.url('postgres', 'dba')),
    });
    const action = actionOf(elsewhere, 'drop_unused_index');

    const onStandby = await action.apply(plan, actOf(plan), operationContext());
    await standby.promote();
    const refusals = await action.recheck(plan, operationContext());
    const onPromoted = await action.apply(plan, actOf(plan), operationContext());
    const undone = await action.undo(plan, actOf(plan), operationContext());

    expect(onStandby).toMatchObject({ result: 'refused', detail: expect.stringContaining('standby') });
    expect(refusals.map(({ id }) => id)).toEqual(['identity_changed']);
    expect(onPromoted).toMatchObject({ result: 'refused', detail: expect.stringContaining('timeline') });
    expect(undone.result).toBe('refused');
    expect(
      await standby.query(
        `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'shop.orders_total'::regclass`,
      ),
    ).toEqual([{ valid: true }]);
  });

  it('are not rehearsed upon: the target itself refuses to be its own rehearsal', async () => {
    await using ground = await indexGround({ major: 16 });
    const plan = await ground.plan('drop_unused_index');

    const rehearsal = await ground.action('drop_unused_index').rehearse(plan, operationContext());

    expect(rehearsal).toMatchObject({ verdict: 'failed', text: expect.stringContaining('the very server') });
  });
});
