import { describe, expect, it } from 'vitest';
import { valueOf } from '../../tests/support/watching.ts';
import { watchDouble } from './testing/double-watch.ts';

const tib = 1024 ** 4;
const now = Date.now();
const ago = (hours: number): Date => new Date(now - hours * 3_600_000);

describe('spend', () => {
  it('tells what was billed, with free bytes first', async () => {
    await using setting = await watchDouble(
      (double) => {
        for (let day = 1; day <= 70; day += 1)
          double.inventory.addJob({ creation_time: ago(day * 24), total_bytes_billed: tib });
      },
      { pricing: { freeTiBPerMonth: 0 } },
    );

    const snapshot = await setting.watching.collect();

    expect(
      snapshot.readings.flatMap(({ group, errors }) => errors.map((error) => ({ group, ...error }))),
    ).toEqual([]);
    console.log(snapshot.samples.map((s) => `${s.metric.name}{${s.labels.join()}} ${s.value}`).join('\n'));
    expect(
      valueOf(snapshot, 'reeve_bigquery_spend_usd', { project: 'double-shop', window: 'last_7d' }),
    ).toBeCloseTo(7 * 6.25, 1);
  });
});
