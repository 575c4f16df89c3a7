import { beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/sdk.ts';
import { testContext } from '../testing/operations-input.ts';
import { accountOf, busy, scaleStage } from '../testing/scale-stage.ts';

describe('changing throughput, on a double of Azure', () => {
  /** From 4,000 to 5,000 RU/s. */
  let raise: Plan;
  beforeAll(async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    raise = await up.plan();
  });

  it('sets it, waits until Azure says that it is done, and sets it back', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    up.azure.operations.polls = 3;
    const plan = raise;
    expect(await up.inspect(plan)).toBe('pending');

    const outcome = await up.apply(plan);

    expect(outcome.result).toBe('done');
    expect(up.throughput()).toEqual({ kind: 'manual', requestUnits: 5_000 });
    expect(await up.inspect(plan)).toBe('done');
    expect((await up.apply(plan)).result).toBe('already');
    expect((await up.undo(plan)).result).toBe('done');
    expect(await up.inspect(plan)).toBe('pending');
    expect((await up.undo(plan)).result).toBe('already');
    expect(up.throughput()).toEqual({ kind: 'manual', requestUnits: 4_000 });
  });

  it('refuses when somebody changed it since it was planned', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    const plan = raise;
    up.azure.account.container('shop', 'orders').settings.throughput = {
      kind: 'manual',
      requestUnits: 4_500,
    };

    const refusals = await up.action.recheck(plan, testContext());
    const outcome = await up.apply(plan);

    expect(refusals.map(({ id }) => id)).toEqual(['throughput_unchanged']);
    expect(outcome.result).toBe('refused');
    expect(await up.inspect(plan)).toBe('other');
  });

  it('refuses when it is changed between the last look and the change (412)', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    const plan = raise;
    const settings = up.azure.account.container('shop', 'orders').settings;
    const assertHeld = async (): Promise<void> => {
      settings.throughput = { kind: 'manual', requestUnits: 4_600 };
    };

    const outcome = await up.apply(plan, testContext({ assertHeld }));

    expect(outcome).toMatchObject({ result: 'refused' });
    expect(outcome.detail).toContain('412');
    expect(up.throughput()).toEqual({ kind: 'manual', requestUnits: 4_600 });
  });

  it('refuses when the least that Azure allows has risen above what was planned', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800), limits: { minimum: 6_000 } }));

    const refusals = await up.action.recheck(raise, testContext());
    const outcome = await up.apply(raise);

    expect(refusals.map(({ id }) => id)).toEqual(['within_limits']);
    expect(outcome.detail).toContain('Azure allows no less than 6000 RU/s');
    expect(up.azure.operations.accepted).toEqual([]);
  });

  it('sends nothing when the lease was lost', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    const plan = raise;
    const assertHeld = (): Promise<void> => Promise.reject(new Error('lost'));

    await expect(up.apply(plan, testContext({ assertHeld }))).rejects.toThrow('lost');

    expect(up.azure.operations.accepted).toEqual([]);
  });

  it('waits as long as Azure asks (429), looks again, and tries again', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    const plan = raise;
    const headers = { 'retry-after': '17' };
    up.azure.faults.add({ on: /^PUT /, fault: { kind: 'answer', status: 429, headers }, times: 2 });

    const outcome = await up.apply(plan);

    expect(outcome.result).toBe('done');
    expect(up.clock.slept.filter((each) => each === 17_000)).toHaveLength(2);
  });

  it('gives way when the pause is long, and nothing is half done', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    const plan = raise;
    const headers = { 'retry-after': '900' };
    up.azure.faults.add({ on: /^PUT /, fault: { kind: 'answer', status: 429, headers } });

    const outcome = await up.apply(plan);

    expect(outcome).toMatchObject({ result: 'gave_up' });
    expect(outcome.detail).toContain('pause of 900 s');
    expect(await up.inspect(plan)).toBe('pending');
  });

  it('says that nothing was changed when Azure gives up on it', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    up.azure.operations.failing = true;
    const plan = raise;

    const outcome = await up.apply(plan);

    expect(outcome.result).toBe('failed');
    expect(outcome.detail).toContain('nothing was changed');
    expect(outcome.detail).toContain('ServiceUnavailable');
  });

  it('is half done, and shown so, while Azure never comes to an end', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    up.azure.operations.polls = Number.POSITIVE_INFINITY;
    const plan = raise;

    const outcome = await up.apply(plan);

    expect(outcome.result).toBe('half_applied');
    expect(outcome.detail).toContain('goes on');
    expect(await up.inspect(plan)).toBe('half_applied');
    expect((await up.apply(plan)).result).toBe('half_applied');
    expect(up.azure.operations.accepted).toHaveLength(1);
  });

  it('reads what became of a change whose answer was lost, and sends it no second time', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    up.azure.operations.polls = 0;
    const plan = raise;
    up.azure.faults.add({ on: /^PUT /, fault: { kind: 'lost' }, times: 1 });

    await expect(up.apply(plan)).rejects.toThrow();

    expect(await up.inspect(plan)).toBe('done');
    expect((await up.apply(plan)).result).toBe('already');
    expect(up.azure.operations.accepted).toHaveLength(1);
  });

  it('does it again when the connection broke before anything was done', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    const plan = raise;
    up.azure.faults.add({ on: /^PUT /, fault: { kind: 'reset' }, times: 1 });

    await expect(up.apply(plan)).rejects.toThrow();

    expect(await up.inspect(plan)).toBe('pending');
    expect((await up.apply(plan)).result).toBe('done');
  });

  it('names the very role that the login lacks', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    up.azure.deny('Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/throughputSettings/write');
    const plan = raise;

    const outcome = await up.apply(plan);

    expect(outcome.result).toBe('refused');
    expect(outcome.detail).toContain('containers/throughputSettings/write');
    expect(outcome.detail).toContain('--role "Reeve Cosmos DB Throughput');
  });

  it('takes it back as far as Azure allows, and says what stays', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    const plan = raise;
    await up.apply(plan);
    up.azure.account.container('shop', 'orders').settings.limits = { minimum: 4_400 };

    const outcome = await up.undo(plan);

    expect(outcome.result).toBe('done');
    expect(outcome.detail).toContain('not the 4000 RU/s of before');
    expect(up.throughput()).toEqual({ kind: 'manual', requestUnits: 4_400 });
    expect(await up.inspect(plan)).toBe('pending');
  });

  it('does not take back what somebody else has set since', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    const plan = raise;
    await up.apply(plan);
    up.azure.account.container('shop', 'orders').settings.throughput = {
      kind: 'manual',
      requestUnits: 9_000,
    };

    expect((await up.undo(plan)).result).toBe('refused');
    expect(await up.inspect(plan)).toBe('other');
  });

  it('refuses another account than the one of the plan', async () => {
    await using up = await scaleStage('up', accountOf({ load: busy(3_800) }));
    const plan = raise;
    up.azure.account.regions = ['North Europe'];

    const outcome = await up.apply(plan);

    expect(outcome).toMatchObject({ result: 'refused' });
    expect(outcome.detail).toContain('writesTo');
  });

  it('is set, and done, while partitions are split as it was approved', async () => {
    const limits = { instantMaximum: 4_500, softAllowedMaximum: 40_000 };
    await using up = await scaleStage('up', accountOf({ load: busy(3_800), limits }));
    const plan = await up.plan();

    const outcome = await up.apply(plan);

    expect(outcome.result).toBe('done');
    expect(outcome.detail).toContain('still carrying out');
  });
});
