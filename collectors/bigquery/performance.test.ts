import { describe, expect, it } from 'vitest';
import { samplesOf } from '../../tests/support/watching.ts';
import { watchDouble } from './testing/double-watch.ts';

const minute = 60_000;

describe('the time of queries', () => {
  it.each([
    [{}, 1],
    [{ window: '6h' }, 2],
    [{ window: '400d' }, 3],
  ])('is that of the window of the objective, at most a day: %j', async (override, jobs) => {
    const ended = [30, 180, 1_200, 3_000];
    await using setting = await watchDouble(
      ({ inventory }) => {
        for (const minutes of ended) {
          const at = Date.now() - minutes * minute;
          inventory.addJob({
            creation_time: new Date(at - 4_000),
            start_time: new Date(at),
            end_time: new Date(at),
          });
        }
      },
      { objectives: { olap_query_seconds: override } },
    );

    const snapshot = await setting.watching.collect();

    const [p95] = samplesOf(snapshot, 'reeve_bigquery_job_p95_seconds');
    expect(p95).toMatchObject({ value: 4, basis: jobs, labels: ['double-shop', 'us'] });
  });
});
