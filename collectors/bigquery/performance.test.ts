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

describe('failures', () => {
  it('are told beside all jobs that ended, loads and batch queries too', async () => {
    const error = { reason: 'backendError', location: '', debug_info: '', message: '' };
    await using setting = await watchDouble(({ inventory }) => {
      const at = new Date(Date.now() - 20 * minute);
      const ended = { creation_time: at, start_time: at, end_time: at };
      for (let count = 0; count < 4; count += 1) inventory.addJob({ ...ended, job_type: 'LOAD' });
      inventory.addJob({ ...ended, priority: 'BATCH' });
      inventory.addJob({ ...ended, job_type: 'LOAD', error_result: error });
    });

    const snapshot = await setting.watching.collect();

    expect(samplesOf(snapshot, 'reeve_bigquery_failed_jobs')).toMatchObject([{ value: 1 }]);
    expect(samplesOf(snapshot, 'reeve_bigquery_ended_jobs')).toMatchObject([{ value: 6 }]);
    expect(samplesOf(snapshot, 'reeve_bigquery_finished_queries')).toMatchObject([{ value: 0 }]);
  });
});
