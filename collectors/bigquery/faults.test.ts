import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { samplesOf, valueOf } from '../../tests/support/watching.ts';
import { type Snapshot, watchDouble } from './testing/double-watch.ts';

const gib = 1024 ** 3;
const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);

function errorsOf(snapshot: Snapshot, group: string) {
  return snapshot.readings.find((reading) => reading.group === group)?.errors ?? [];
}

const onlySlots = {
  groups: Object.fromEntries(
    ['running', 'spend', 'breakdown', 'performance', 'storage', 'tables', 'recommendations'].map((group) => [
      group,
      { enabled: false },
    ]),
  ),
};

describe('faults of BigQuery', () => {
  it('refuses a query that would be billed for too much, before anything is charged', async () => {
    await using setting = await watchDouble((double) => {
      double.steering.bytesProcessed = (query) => (query.includes('JOBS_TIMELINE') ? 5 * gib : undefined);
    });

    const snapshot = await setting.watching.collect();

    const [error] = errorsOf(snapshot, 'slots');
    expect(error).toMatchObject({ code: 'unsupported', subject: 'us' });
    expect(error?.message).toContain('5.00 GiB');
    expect(error?.message).toContain('maximumBytesBilled');
    const jobs = [...setting.double.queries.jobs.values()];
    expect(jobs.filter(({ query, isDryRun }) => query.includes('JOBS_TIMELINE') && !isDryRun)).toEqual([]);
    expect(errorsOf(snapshot, 'performance')).toEqual([]);
  });

  it('names the role that a login lacks, ready to paste', async () => {
    await using setting = await watchDouble((double) => double.deny('bigquery.tables.list'));

    const snapshot = await setting.watching.collect();

    const [error] = errorsOf(snapshot, 'storage');
    expect(error?.code).toBe('denied');
    expect(error?.message).toContain('gcloud projects add-iam-policy-binding double-shop');
    expect(error?.message).toContain('roles/bigquery.metadataViewer');
    expect(samplesOf(snapshot, 'reeve_bigquery_storage_bytes')).toEqual([]);
    expect(errorsOf(snapshot, 'spend')).toEqual([]);
  });

  it('tries again after a rate limit, and gives up as throttled with the pause that was asked for', async () => {
    await using setting = await watchDouble(() => undefined, onlySlots);
    setting.double.faults.add({ kind: 'rateLimitExceeded', on: 'jobs.insert', times: 1 });
    expect(errorsOf(await setting.watching.collect(), 'slots')).toEqual([]);
    setting.double.faults.add({ kind: 'tooManyRequests', on: 'jobs.insert', retryAfterSeconds: 90 });

    const [error] = errorsOf(await setting.watching.collect(), 'slots');

    expect(error).toMatchObject({ code: 'throttled', retryAfterMs: 90_000 });
  }, 20_000);

  it('leaves the total of a project unknown when one region fails, and keeps the regions that answered', async () => {
    await using setting = await watchDouble(
      (double) => {
        for (const region of ['us', 'eu'])
          double.inventory.addJob({ region, creation_time: minutesAgo(30), total_bytes_billed: gib });
        double.faults.add({ kind: 'backendError', region: 'eu', on: ['jobs.insert'] });
      },
      { regions: ['us', 'eu'] },
    );

    const snapshot = await setting.watching.collect();

    expect(snapshot.up).toBe(true);
    expect(samplesOf(snapshot, 'reeve_bigquery_spend_usd')).toEqual([]);
    expect(samplesOf(snapshot, 'reeve_bigquery_spend_forecast_usd')).toEqual([]);
    expect(errorsOf(snapshot, 'spend').map(({ subject, code }) => [subject, code])).toEqual([
      ['eu', 'unreachable'],
    ]);
    expect(
      valueOf(snapshot, 'reeve_bigquery_finished_queries', { project: 'double-shop', region: 'us' }),
    ).toBe(1);
    expect(
      valueOf(snapshot, 'reeve_bigquery_finished_queries', { project: 'double-shop', region: 'eu' }),
    ).toBeUndefined();
  }, 20_000);

  it('says denied when no token is given any more, and shows no token and no key', async () => {
    await using setting = await watchDouble(() => undefined, onlySlots);
    expect((await setting.watching.collect()).up).toBe(true);
    setting.double.tokens.revokeAll();
    setting.double.tokens.refuse(`reeve@double-shop.iam.double.test`);

    const snapshot = await setting.watching.collect();

    expect(snapshot.up).toBe(false);
    expect(snapshot.failure?.code).toBe('denied');
    expect(snapshot.failure?.message).toContain('invalid_grant');
    const said = JSON.stringify([snapshot, setting.watching.log.events]);
    expect(said).not.toContain('PRIVATE KEY');
  });

  it('says denied without any credentials, and does not ask without them', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere/key.json');
    onTestFinished(() => void vi.unstubAllEnvs());
    await using setting = await watchDouble(() => undefined, { credentials: undefined });

    const snapshot = await setting.watching.collect();

    expect(snapshot.failure?.code).toBe('denied');
    expect(snapshot.failure?.message).toContain('give keyFile or credentials');
    expect(setting.double.requests).toEqual([]);
  }, 30_000);

  it('asks for another token when one was taken back', async () => {
    await using setting = await watchDouble(() => undefined, onlySlots);
    await setting.watching.collect();
    setting.double.tokens.revokeAll();

    const snapshot = await setting.watching.collect();

    expect(snapshot.up).toBe(true);
    expect(errorsOf(snapshot, 'slots')).toEqual([]);
  });

  it('waits for a job that takes its time', async () => {
    await using setting = await watchDouble((double) => {
      double.steering.pendingPolls = 3;
    }, onlySlots);

    expect(errorsOf(await setting.watching.collect(), 'slots')).toEqual([]);
  });

  it('reads results page by page', async () => {
    await using setting = await watchDouble((double) => {
      double.steering.maximumRowsPerPage = 7;
      for (let hour = 1; hour <= 60; hour += 1)
        double.inventory.addJob({ creation_time: minutesAgo(hour * 60), total_bytes_billed: gib });
    });

    const snapshot = await setting.watching.collect();

    expect(errorsOf(snapshot, 'spend')).toEqual([]);
    const billed = valueOf(snapshot, 'reeve_bigquery_billed_bytes', {
      project: 'double-shop',
      window: 'last_7d',
    });
    expect(billed).toBe(60 * gib);
  }, 20_000);

  it.each([
    ['reset', 'unreachable'],
    ['garbage', 'malformed'],
    ['unavailable', 'unreachable'],
  ] as const)('calls %s while a query is sent %s, and is whole the next time', async (kind, code) => {
    await using setting = await watchDouble(() => undefined, onlySlots);
    const lift = setting.double.faults.add({ kind, on: 'jobs.insert' });

    const [error] = errorsOf(await setting.watching.collect(), 'slots');
    lift();

    expect(error?.code).toBe(code);
    expect(errorsOf(await setting.watching.collect(), 'slots')).toEqual([]);
  });

  it('keeps the most expensive users and says how many it left out', async () => {
    await using setting = await watchDouble(
      (double) => {
        for (let user = 0; user < 30; user += 1)
          double.inventory.addJob({
            creation_time: minutesAgo(30),
            user_email: `user${user}@double.test`,
            total_bytes_billed: (user + 1) * gib,
          });
      },
      { top: 5 },
    );

    const snapshot = await setting.watching.collect();

    const users = samplesOf(snapshot, 'reeve_bigquery_user_spend_usd').map(({ labels }) => labels[1]);
    expect(new Set(users)).toEqual(new Set([25, 26, 27, 28, 29].map((user) => `user${user}@double.test`)));
    const truncated = snapshot.readings.find(({ group }) => group === 'breakdown')?.truncatedRows;
    expect(truncated).toBeGreaterThanOrEqual(25);
  }, 20_000);
});
