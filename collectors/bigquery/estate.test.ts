import { describe, expect, it } from 'vitest';
import { samplesOf, valueOf } from '../../tests/support/watching.ts';
import { watchDouble } from './testing/double-watch.ts';
import { fillDouble } from './testing/fill-double.ts';

const gib = 1024 ** 3;

describe('a filled project', () => {
  it('has storage, prices, layouts, times and recommendations as they were put in', async () => {
    await using setting = await watchDouble((double) => fillDouble(double, Date.now()), {
      jobLabels: ['team'],
    });

    const snapshot = await setting.watching.collect();

    const of = (name: string, labels: Readonly<Record<string, string>>): number | undefined =>
      valueOf(snapshot, `reeve_${name}`, { ...labels });
    const project = 'double-shop';
    const region = 'us';
    // Two tables, fail-safe beside; time travel is a part of the active bytes.
    expect(of('storage_bytes', { database: 'sales' })).toBe(2 * (30 + 10 + 1) * gib);
    expect(of('bigquery_storage_bytes', { project, kind: 'time_travel' })).toBe(3 * 2 * gib);
    expect(of('bigquery_storage_month_usd', { project, model: 'logical' })).toBeCloseTo(2 * (2 + 0.4), 9);
    // A deleted table of a dataset that is billed by physical bytes is billed as long as it can be brought back.
    expect(of('bigquery_storage_month_usd', { project, model: 'physical' })).toBeCloseTo(31 * 0.04 + 0.2, 9);
    const costly = (problem: string): number | undefined =>
      of('bigquery_costly_tables', { project, region, problem });
    expect(['unpartitioned', 'no_partition_filter', 'unclustered'].map(costly)).toEqual([1, 1, 1]);
    const recommender = 'google.bigquery.table.PartitionClusterRecommender';
    expect(of('bigquery_recommendations', { project, region, recommender })).toBe(1);
    expect(of('bigquery_recommended_savings_usd', { project, region, recommender })).toBeCloseTo(
      (500 / 1024) * 6.25,
      9,
    );
    const [p95] = samplesOf(snapshot, 'reeve_bigquery_job_p95_seconds');
    expect(p95?.basis).toBeGreaterThanOrEqual(10);
    expect(p95?.value).toBeGreaterThan(5);
    expect(
      of('bigquery_failed_jobs', { project, region, reason: 'resourcesExceeded' }),
    ).toBeGreaterThanOrEqual(2);
    // 12 times 20 slot seconds in an hour.
    expect(of('bigquery_slots_used', { project, region })).toBeCloseTo((12 * 20) / 3_600, 9);
    expect(of('bigquery_runnable_units', { project, region })).toBeCloseTo((12 * 3) / 3_600, 9);
    const label = { project, job_label: 'team', window: 'last_24h' };
    expect(of('bigquery_label_spend_usd', { ...label, value: 'core' })).toBeGreaterThan(
      6 * (2 / 1024) * 6.25,
    );
    const details = Object.assign({}, ...snapshot.readings.map((reading) => reading.details));
    expect(Object.keys(details)).toEqual(
      expect.arrayContaining(['slow_jobs', 'costly_tables', 'datasets', 'spend_days', 'recommendations']),
    );
  }, 30_000);
});
