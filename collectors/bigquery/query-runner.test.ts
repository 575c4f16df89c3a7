import { describe, expect, it } from 'vitest';
import { type Memory, Secret } from '../../src/sdk.ts';
import { type BigQueryDouble, startBigQueryDouble } from '../../tests/support/bigquery/double.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { createRecordingLog } from '../../tests/support/recording-log.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';
import { costOf, estimateOf } from './api-answers.ts';
import { createBillingCalendar } from './billing-calendar.ts';
import { createBigqueryClient } from './client.ts';
import type { BigqueryOptions } from './config.ts';
import { OwnSpend } from './own-spend.ts';
import { listPricing } from './pricing.ts';
import { slotTimelineQuery } from './queries/slot-timeline.ts';
import { createQueryRunner } from './query-runner.ts';

const scope = { project: 'double-shop', region: 'us' };
const parameters = {
  from: '2026-11-01T00:00:00Z',
  since: '2026-11-01T00:00:00Z',
  to: '2026-11-02T00:00:00Z',
};
const calendar = createBillingCalendar('America/Los_Angeles');

function memoryOf(values: Map<string, string>): Memory {
  return { read: (key) => values.get(key), write: (key, value) => void values.set(key, value) };
}

async function start(
  double: BigQueryDouble,
  values = new Map<string, string>(),
  more: Partial<BigqueryOptions> = {},
) {
  const options: BigqueryOptions = {
    project: 'double-shop',
    projects: [],
    regions: ['us'],
    billingTimeZone: 'America/Los_Angeles',
    jobLabels: [],
    backups: {},
    top: 20,
    endpoint: double.url,
    credentials: new Secret(JSON.stringify(double.serviceAccount())),
    pricing: listPricing,
    maximumBytesBilled: 1024 ** 3,
    maximumOwnUsdPerDay: 1,
    users: 'names',
    ...more,
  };
  const concealed: string[] = [];
  const client = await createBigqueryClient({
    options,
    applicationName: 'reeve/test',
    conceal: (secret) => concealed.push(secret),
  });
  const ownSpend = new OwnSpend(memoryOf(values), calendar);
  const input = {
    options,
    clock: new FakeClock(Date.now()),
    random: Math.random,
    log: createRecordingLog(),
    applicationName: 'reeve/test',
    target: { id: 'shop' },
  };
  const runner = createQueryRunner(client, input, ownSpend, calendar);
  return { client, runner, ownSpend, concealed, values };
}

function monthOfOwn(ownSpend: OwnSpend): number | undefined {
  const totals = ownSpend.totals(Date.now());
  return totals.kind === 'known' ? totals.month.usd : undefined;
}

describe('query runner', () => {
  it('cancels the job of a reading that is given up, and counts what it may have cost', async () => {
    await using double = await startBigQueryDouble({ projects: ['double-shop'] });
    double.steering.pendingPolls = Number.POSITIVE_INFINITY;
    const { client, runner, ownSpend } = await start(double);
    const giveUp = new AbortController();

    const asked = runner.ask(slotTimelineQuery, scope, parameters, giveUp.signal);
    const outcome = asked.then(
      () => 'answered',
      ({ code }: { code: string }) => code,
    );
    await waitUntil('the job runs', () =>
      double.requests.some(({ operation }) => operation === 'getQueryResults'),
    );
    giveUp.abort();

    expect(await outcome).toBe('timeout');
    expect(double.requests.map(({ operation }) => operation)).toContain('jobs.cancel');
    expect(monthOfOwn(ownSpend)).toBeCloseTo((10 / 1024 ** 2) * 6.25, 9);
    client.close();
  });

  it.each([
    ['reset', 'unreachable'],
    ['garbage', 'malformed'],
    ['backendError', 'unreachable'],
  ] as const)('counts and cancels a job that was begun with no more answer than a %s', async (kind, code) => {
    await using double = await startBigQueryDouble({ projects: ['double-shop'] });
    const { client, runner, ownSpend } = await start(double);
    const estimate = await runner.estimate(slotTimelineQuery, scope, parameters, AbortSignal.timeout(5_000));
    // The dry run passes, the job does not.
    const { length } = double.requests;
    double.steering.bytesProcessed = () => {
      if (double.requests.length > length) double.faults.add({ kind, on: 'jobs.insert' });
      return undefined;
    };

    const asked = runner.ask(slotTimelineQuery, scope, parameters, AbortSignal.timeout(5_000));

    await expect(asked).rejects.toMatchObject({ code });
    expect(monthOfOwn(ownSpend)).toBeCloseTo((estimate / 1024 ** 4) * 6.25, 9);
    expect(double.requests.map(({ operation }) => operation)).toContain('jobs.cancel');
    client.close();
  });

  it('makes a dry run first, and a job with a limit, labels and its own id', async () => {
    await using double = await startBigQueryDouble({ projects: ['double-shop'] });
    const { client, runner } = await start(double);

    await runner.ask(slotTimelineQuery, scope, parameters, AbortSignal.timeout(5_000));

    const inserts = double.requests.filter(({ operation }) => operation === 'jobs.insert');
    expect(inserts.map(({ body }) => body)).toMatchObject([
      { configuration: { dryRun: true } },
      {
        configuration: {
          jobTimeoutMs: '110000',
          labels: { reeve: 'reeve-test', 'reeve-target': 'shop', 'reeve-query': 'slot-timeline' },
          query: { maximumBytesBilled: '1073741824', useLegacySql: false, parameterMode: 'NAMED' },
        },
        jobReference: { jobId: expect.stringMatching(/^reeve_/) },
      },
    ]);
    client.close();
  });

  it('keeps tokens and the key out of what is said', async () => {
    await using double = await startBigQueryDouble({ projects: ['double-shop'] });
    const { client, runner, concealed } = await start(double);

    await runner.estimate(slotTimelineQuery, scope, parameters, AbortSignal.timeout(5_000));

    expect(concealed.some((secret) => secret.includes('BEGIN PRIVATE KEY'))).toBe(true);
    // What is signed with the key can be exchanged for tokens.
    expect(concealed.some((secret) => /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(secret))).toBe(true);
    expect(concealed.length).toBeGreaterThan(3);
    client.close();
  });

  it('takes its estimate for what a job cost where BigQuery does not say', () => {
    expect(costOf({ statistics: { query: {} } }).billedBytes).toBeUndefined();
    expect(() => estimateOf({ statistics: {} })).toThrow('without an estimate');
    expect(() => estimateOf({ statistics: { totalBytesProcessed: 'many' } })).toThrow('without an estimate');
  });

  it('sends no query that would pass the limit of the day, says which option holds it and until when', async () => {
    await using double = await startBigQueryDouble({ projects: ['double-shop'] });
    const once = (10 / 1024 ** 2) * 6.25;
    const { client, runner } = await start(double, new Map(), { maximumOwnUsdPerDay: once * 1.5 });
    const ask = () => runner.ask(slotTimelineQuery, scope, parameters, AbortSignal.timeout(5_000));
    await ask();

    const refused = ask();

    await expect(refused).rejects.toMatchObject({ code: 'throttled', retryAfterMs: expect.any(Number) });
    await expect(refused).rejects.toThrow(/maximumOwnUsdPerDay .*continues at \d{4}-\d\d-\d\dT0[78]:00/);
    expect(double.queries.jobs.size).toBe(1);
    client.close();
  });

  it('sets aside what is under way, so that queries at once do not pass the limit together', async () => {
    await using double = await startBigQueryDouble({ projects: ['double-shop'] });
    const once = (10 / 1024 ** 2) * 6.25;
    const { client, runner } = await start(double, new Map(), { maximumOwnUsdPerDay: once * 2.5 });
    const ask = () => runner.ask(slotTimelineQuery, scope, parameters, AbortSignal.timeout(5_000));

    const outcomes = await Promise.allSettled([ask(), ask(), ask(), ask()]);

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(double.queries.jobs.size).toBe(2);
    client.close();
  });

  it('does not run away when it is started again and again without memory', async () => {
    await using double = await startBigQueryDouble({ projects: ['double-shop'] });
    const once = (10 / 1024 ** 2) * 6.25;
    for (let restart = 0; restart < 6; restart += 1) {
      const { client, runner } = await start(double, new Map(), { maximumOwnUsdPerDay: once * 3.5 });
      await runner
        .ask(slotTimelineQuery, scope, parameters, AbortSignal.timeout(5_000))
        .catch((thrown: unknown) => expect(thrown).toMatchObject({ code: 'throttled' }));
      client.close();
    }

    expect(double.queries.jobs.size).toBe(3);
  });

  it('counts from now on where it may not list its own jobs', async () => {
    await using double = await startBigQueryDouble({ projects: ['double-shop'] });
    double.deny('bigquery.jobs.list');
    const before = Date.now();
    const { client, runner, ownSpend } = await start(double);

    await runner.ask(slotTimelineQuery, scope, parameters, AbortSignal.timeout(5_000));

    const totals = ownSpend.totals(Date.now());
    expect(totals.kind === 'known' && totals.month.sinceMs).toBeGreaterThanOrEqual(before);
    client.close();
  });

  it('spends nothing while nobody says what was spent', async () => {
    await using double = await startBigQueryDouble({ projects: ['double-shop'] });
    double.faults.add({ kind: 'backendError', on: 'jobs.list' });
    const { client, runner } = await start(double);

    const asked = runner.ask(slotTimelineQuery, scope, parameters, AbortSignal.timeout(5_000));

    await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
    expect(double.queries.jobs.size).toBe(0);
    client.close();
  });
});
