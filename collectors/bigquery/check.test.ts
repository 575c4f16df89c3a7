import { describe, expect, it, onTestFinished } from 'vitest';
import type { BigQueryDouble } from '../../tests/support/bigquery/double.ts';
import { bigqueryGrants } from './grants.ts';
import { watchDouble } from './testing/double-watch.ts';

async function check(prepare: (double: BigQueryDouble) => void) {
  const setting = await watchDouble(prepare);
  onTestFinished(() => setting[Symbol.asyncDispose]());
  await setting.watching.collect();
  const before = setting.double.queries.jobs.size;
  return { before, ...setting, items: await setting.collector().check(AbortSignal.timeout(20_000)) };
}

describe('check of BigQuery', () => {
  it('lacks nothing with the roles of the documentation, says what watching costs, and costs nothing', async () => {
    const { items, double, before } = await check(() => undefined);

    expect(items.map(({ severity }) => severity)).toEqual(['advice']);
    expect(items[0]?.message).toMatch(/^watching costs about [12]\.\d\d USD a month/);
    expect(double.queries.jobs.size).toBe(before);
  });

  it('names each missing role once, with the command that gives it and the groups that are blind without', async () => {
    const { items } = await check((double) => {
      double.deny('bigquery.jobs.listAll');
      double.deny('bigquery.jobs.create');
    });

    const blind = items.filter(({ severity }) => severity === 'blind');
    expect(blind.map(({ remedy }) => /--role="([^"]+)"/.exec(remedy)?.[1])).toEqual([
      'roles/bigquery.resourceViewer',
      'roles/bigquery.jobUser',
    ]);
    expect(blind[0]?.groups).toEqual(['running']);
    expect(blind[1]?.groups).toContain('spend');
    for (const { remedy } of blind)
      expect(remedy).toMatch(/^gcloud projects add-iam-policy-binding double-shop /);
    expect(items.at(-1)?.message).toContain('could not be estimated');
  });

  it('finds data in a region that nobody watches', async () => {
    const { items } = await check((double) => {
      double.inventory.addDataset({ name: 'far', region: 'eu' });
    });

    expect(items.find(({ severity }) => severity === 'blind')?.remedy).toContain('regions: [us, eu]');
  });

  it('tries every query as a dry run for conformance, and says what it cannot try', async () => {
    const { collector, double } = await check(() => undefined);
    const before = double.queries.jobs.size;

    const assumptions = (await collector().assumptions?.(AbortSignal.timeout(20_000))) ?? [];

    const verdicts = assumptions.map(({ verdict }) => verdict);
    expect(verdicts.filter((verdict) => verdict === 'holds')).toHaveLength(18);
    expect(verdicts.filter((verdict) => verdict === 'untested')).toHaveLength(1);
    expect(double.queries.jobs.size).toBe(before);
  });

  it('says when watching costs more than its limit, and remarks as YAML does', async () => {
    const { items } = await check((double) => {
      double.inventory.addDataset({ name: 'far', region: 'eu' });
      double.steering.bytesProcessed = () => 1024 ** 3 / 2;
    });

    const dear = items.find(({ message }) => message.includes('more than maximumOwnUsdPerDay'));
    expect(dear?.remedy).toMatch(/^maximumOwnUsdPerDay: \d+$/m);
    expect(dear?.groups).toContain('spend');
    expect(items.map(({ remedy }) => remedy).join('\n')).not.toMatch(/^-- /m);
  });

  it('has grants whose every command is complete', () => {
    for (const statement of bigqueryGrants.statements) expect(statement).toMatch(/^gcloud .*<project>/);
    const all = bigqueryGrants.statements.join('\n');
    expect(all).toContain('gcloud services enable bigquery.googleapis.com recommender.googleapis.com');
    expect(all).toContain('keys create');
    expect(all).toContain('roles/iam.workloadIdentityUser');
  });
});
