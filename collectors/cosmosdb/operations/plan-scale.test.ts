import { describe, expect, it } from 'vitest';
import type { LoadPattern } from '../../../tests/support/azure/account-model.ts';
import { scaling } from '../testing/collector-input.ts';
import { testContext } from '../testing/operations-input.ts';
import { accountOf, begin, busy, scaleStage } from '../testing/scale-stage.ts';

const minute = 60_000;
const day = 86_400_000;

/** So much, and every so many minutes more. */
function spiky(usual: number, spike: number, every: number): LoadPattern {
  return (unixMs) => busy(Math.floor(unixMs / minute) % every === 0 ? spike : usual);
}

describe('sizing throughput, on a double of Azure', () => {
  it('raises it until 95 of 100 minutes stay within 77.5 %, not until the average does', async () => {
    await using up = await scaleStage('up', accountOf({ load: spiky(1_000, 3_800, 10) }));

    const plan = await up.plan();

    expect(plan.title).toContain('from 4000 to 5000 RU/s');
    expect(plan.acts[0]?.statement).toContain(
      '/containers/orders/throughputSettings/default?api-version=2024-11-15 {"properties":{"resource":{"throughput":5000}}}',
    );
    expect(plan.acts[0]?.undo[0]).toContain('{"properties":{"resource":{"throughput":4000}}}');
    expect(plan.acts[0]?.undoKind).toBe('immediate');
  });

  it('simulates the plan by the minutes of the last 7 days, and says so', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(4_200) }));
    const context = testContext();
    const draft = await up.plan();

    const rehearsal = await up.action.rehearse(draft, context);

    expect(rehearsal).toMatchObject({ verdict: 'simulated', on: '' });
    expect(rehearsal.figures).toEqual({
      minutes: 10_080,
      utilisationP95Before: 1.05,
      utilisationP95After: 0.7636,
      minutesAboveBefore: 10_080,
      minutesAboveAfter: 0,
    });
    expect(draft.warnings[0]).toContain('cannot be rehearsed');
    expect(up.azure.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  it('lowers it after 7 full days without a refused request, in steps, and tells the saving', async () => {
    const prices = { manual: 0.008 };
    const regions = ['West Europe', 'North Europe'];
    const load = busy(1_200, { regionShares: { 'West Europe': 0.75, 'North Europe': 0.25 } });
    await using down = await scaleStage('down', accountOf({ load }, { regions }), {
      options: { scaling: { ...scaling, prices } },
    });

    const plan = await down.plan();

    // 900 RU/s in the busiest region would be 1,200; one step halves.
    expect(plan.title).toContain('from 4000 to 2000 RU/s');
    expect(plan.title).toContain('West Europe');
    expect(plan.cost).toBe('-4000 RU/s reserved over 2 region(s): -0.32 an hour, -233.6 a month');
  });

  it('adds up the containers that share the throughput of their database', async () => {
    const shared = { kind: 'shared' } as const;
    const databases = [
      {
        name: 'pool',
        throughput: { kind: 'manual', requestUnits: 1_000 } as const,
        limits: { instantMaximum: 20_000 },
        containers: [
          { name: 'a', throughput: shared, load: busy(500) },
          { name: 'b', throughput: shared, load: busy(450) },
          {
            name: 'own',
            throughput: { kind: 'manual', requestUnits: 5_000 } as const,
            load: busy(3_000),
          },
        ],
      },
    ];
    await using up = await scaleStage('up', { name: 'double-pool', databases });

    const plan = await up.plan('pool');

    expect(plan.title).toContain('pool from 1000 to 1300 RU/s');
    expect(plan.acts[0]?.statement).toContain('/sqlDatabases/pool/throughputSettings/default?');
  });

  it('refuses a hot partition and explains the key instead', async () => {
    const load = busy(3_800, { partitionShares: [0.7, 0.1, 0.1, 0.1] });
    await using up = await scaleStage('up', accountOf({ load, partitions: 4 }));

    const refusal = await up.refusal();

    expect(refusal.id).toBe('even_partitions');
    expect(refusal.text).toContain('partition 0 of shop/orders in West Europe is hot');
    expect(refusal.text).toContain('Change the partition key');
  });

  it('never lowers by 6 days of data', async () => {
    const idleBefore = begin - 6 * day;
    const load: LoadPattern = (unixMs) => busy(unixMs < idleBefore ? 0 : 800);
    await using down = await scaleStage('down', accountOf({ load }));
    down.azure.settings.gaps = new Set(
      Array.from({ length: 1_441 }, (_, index) => Math.floor(idleBefore / minute) * minute - index * minute),
    );

    const refusal = await down.refusal();

    expect(refusal.id).toBe('seven_days');
    expect(refusal.text).toContain('only 6.0 of 7 days');
  });

  it('never lowers where requests were refused in the week', async () => {
    const quiet = busy(800);
    const burst = { ...quiet, throttledPerSecond: 3 };
    const burstAt = Math.floor((begin - 3 * day) / minute);
    const load: LoadPattern = (unixMs) => (Math.floor(unixMs / minute) === burstAt ? burst : quiet);
    await using down = await scaleStage('down', accountOf({ load }));

    const refusal = await down.refusal();

    expect(refusal).toMatchObject({ id: 'no_throttling' });
    expect(refusal.text).toContain('180 requests');
  });

  it('has nothing to do on a serverless account', async () => {
    const throughput = { kind: 'shared' } as const;
    await using up = await scaleStage('up', accountOf({ throughput }, { serverless: true }));

    expect((await up.refusal()).text).toContain('serverless');
  });

  it('goes by the busiest region: one that is idle alone is no reason', async () => {
    const utilization = {
      'shop/orders/West Europe': 0.8,
      'shop/orders/North Europe': 0.2,
      'shop/carts/West Europe': 0.3,
    };
    await using down = await scaleStage('down', accountOf({}), { utilization });
    const request = { subject: undefined, only: undefined, limit: 3 };

    const found = await down.action.find(request, testContext());
    const asked = await down.action.find({ ...request, subject: 'shop/orders/North Europe' }, testContext());

    expect(found.map(({ subject }) => subject)).toEqual(['shop/carts']);
    expect(asked).toEqual([]);
  });
});
