import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/sdk.ts';
import { createRecordingLog } from '../../tests/support/recording-log.ts';
import { createBillingCalendar } from './billing-calendar.ts';
import { listPricing } from './pricing.ts';
import type { ParameterValue, Query } from './queries/query.ts';
import type { QueryRunner } from './query-runner.ts';
import { UsageReader } from './usage-reader.ts';

const scope = { project: 'double-shop', region: 'us' };
const calendar = createBillingCalendar('America/Los_Angeles');
const hour = 3_600_000;
const day = 24 * hour;
const now = Date.parse('2026-11-23T12:00:00Z');
const { signal } = new AbortController();

interface Asked {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Answers every query without rows, or with more rows than are read where `isTooMuch` says so. */
function start(
  more: { readonly isTooMuch?: (asked: Asked) => boolean; readonly longestValue?: number } = {},
) {
  const asked: Asked[] = [];
  const runner: QueryRunner = {
    estimate: () => Promise.resolve(0),
    ask: <R>({ name }: Query<R>, _scope: unknown, parameters: Readonly<Record<string, ParameterValue>>) => {
      const one = {
        name,
        from: Date.parse(String(parameters['from'])),
        to: Date.parse(String(parameters['to'])),
      };
      asked.push(one);
      return Promise.resolve({ rows: [], truncatedRows: more.isTooMuch?.(one) === true ? 1 : 0 });
    },
  };
  const values = new Map<string, string>();
  const memory = {
    read: (key: string) => values.get(key),
    write: (key: string, value: string) => {
      if (value.length > (more.longestValue ?? Number.POSITIVE_INFINITY)) throw new RangeError('too long');
      values.set(key, value);
    },
  };
  const options = {
    project: 'double-shop',
    projects: [],
    regions: ['us'],
    billingTimeZone: 'America/Los_Angeles',
    jobLabels: [],
    backups: {},
    top: 20,
    credentials: new Secret('{}'),
    pricing: listPricing,
    maximumBytesBilled: 1024 ** 3,
    maximumOwnUsdPerDay: 1,
    users: 'names' as const,
  };
  const create = (): UsageReader =>
    new UsageReader({ options, memory, log: createRecordingLog() }, runner, calendar);
  const ofJobs = (): readonly Asked[] => asked.filter(({ name }) => name === 'job-usage');
  return { create, ofJobs };
}

describe('usage reader', () => {
  it('does not pay for history at every reading when it is too much to remember', async () => {
    const { create, ofJobs } = start({ longestValue: 10 });
    const reader = create();
    await reader.read(scope, now, signal);
    const first = ofJobs().length;

    await reader.read(scope, now + hour, signal);

    expect(ofJobs().length - first).toBe(1);
  });

  it('asks again for as long as a job may wait and run', async () => {
    const { create, ofJobs } = start();
    const reader = create();
    await reader.read(scope, now, signal);

    await reader.read(scope, now + hour, signal);

    // Batch queries wait for up to 24 hours, and run for up to 6.
    expect(ofJobs().at(-1)?.from).toBeLessThanOrEqual(now - 30 * hour);
  });

  it('asks for no more than it needs when it was away for months', async () => {
    const { create, ofJobs } = start();
    await create().read(scope, now, signal);
    const before = ofJobs().length;

    await create().read(scope, now + 400 * day, signal);

    const asked = ofJobs().slice(before);
    expect(asked.length).toBeLessThanOrEqual(5);
    expect(asked[0]?.from).toBeGreaterThan(now + 330 * day);
  });

  it('asks for shorter times where a time has too many rows, and leaves nothing out', async () => {
    const { create, ofJobs } = start({ isTooMuch: ({ from, to }) => to - from > 5 * day });

    await create().read(scope, now, signal);

    const read = ofJobs().filter(({ from, to }) => to - from <= 5 * day);
    expect(read.every(({ from }, index) => index === 0 || from === read[index - 1]?.to)).toBe(true);
    expect(read.at(-1)?.to).toBe(now);
    expect(ofJobs().length).toBeLessThan(30);
  });

  it('knows nothing rather than too little when even a short time has too many rows', async () => {
    const { create, ofJobs } = start({ isTooMuch: ({ name }) => name === 'job-usage' });

    await expect(create().read(scope, now, signal)).rejects.toThrow('would be too small');
    expect(ofJobs().length).toBeLessThan(10);
  });
});
