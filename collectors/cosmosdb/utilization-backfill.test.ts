import { describe, expect, it } from 'vitest';
import { CollectError, type CollectErrorCode } from '../../src/sdk.ts';
import { type MetricAnswer, type MetricQuery, spanOf } from './metric-query.ts';
import type { Monitor } from './monitor.ts';
import { Spelling } from './place.ts';
import { UtilizationBackfill } from './utilization-backfill.ts';
import { UtilizationHistory } from './utilization-history.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const now = Date.UTC(2026, 10, 23, 12, 3, 20);
const dimensions = new Map([
  ['databasename', 'shop'],
  ['collectionname', 'orders'],
  ['region', 'West Europe'],
]);
const throughput = {
  settings: [
    {
      database: 'shop',
      container: 'orders',
      perSecond: 1_000,
      autoscaleMaximum: undefined,
      minimum: 400,
      instantMaximum: undefined,
      softMaximum: undefined,
      replacePending: false,
    },
  ],
  sharing: new Set<string>(),
};

interface Script {
  /** RU/s that were provisioned at that time. */
  readonly provisioned?: (atMs: number) => number;
  /** Refuses the questions with these numbers. */
  readonly refuse?: (question: number) => CollectErrorCode | undefined;
}

/** Answers 500 RU/s in every minute that is asked for. */
function scripted({ provisioned = () => 1_000, refuse = () => undefined }: Script = {}) {
  const asked: { readonly name: string; readonly fromMs: number; readonly toMs: number }[] = [];
  const monitor: Pick<Monitor, 'query'> = {
    query: async (query: MetricQuery, nowMs: number): Promise<MetricAnswer> => {
      const span = spanOf(query, nowMs);
      const [name = ''] = query.names;
      asked.push({ name, ...span });
      const code = refuse(asked.length);
      if (code !== undefined) throw new CollectError(code, 'scripted');
      const stepMs = query.grain === 'PT1H' ? hour : minute;
      const points = [];
      for (let atMs = span.fromMs; atMs < span.toMs; atMs += stepMs) {
        const value = { TotalRequestUnits: 30_000, NormalizedRUConsumption: 50 }[name] ?? provisioned(atMs);
        points.push({ atMs, value });
      }
      const lines = name === 'AutoscaleMaxThroughput' ? [] : [{ dimensions, points }];
      return { series: new Map([[name, lines]]), cut: new Set(), unsplit: new Set() };
    },
  };
  return { monitor, asked };
}

function createBackfill(script: Script = {}, windowMs = 7 * day) {
  const { monitor, asked } = scripted(script);
  const memory = { read: () => undefined, write: () => undefined };
  const history = new UtilizationHistory({ windowMs, memory });
  const backfill = new UtilizationBackfill(monitor, history);
  const step = async (times: number, at = now): Promise<void> => {
    for (let count = 0; count < times; count += 1) {
      const spelling = new Spelling(['West Europe']);
      await backfill.step({ throughput, spelling, now: at, lines: 1, signal: new AbortController().signal });
    }
  };
  return { history, asked, step, minutes: () => history.percentiles()[0]?.minutes ?? 0 };
}

describe('the history of utilisation', () => {
  it('of a day is there after four readings, the newest hours first', async () => {
    const { step, minutes, asked, history } = createBackfill();

    await step(4);

    expect(minutes()).toBe(4 * 360);
    expect(history.percentiles()[0]?.value).toBe(0.5);
    const newest = asked.find(({ name }) => name === 'TotalRequestUnits');
    expect(newest?.toMs).toBe(Date.UTC(2026, 10, 23, 11, 48));
  });

  it('is whole after the seven days were asked for once, with two reads a part', async () => {
    const { step, minutes, asked } = createBackfill();

    await step(40);

    expect(minutes()).toBe(7 * 24 * 60);
    expect(asked).toHaveLength(2 * 28 + 2);
  });

  it('asks for what was missed while the agent was not running, and for nothing else', async () => {
    const { step, minutes, asked } = createBackfill();
    await step(40);
    const before = asked.length;

    await step(3, now + 2 * hour);

    expect(minutes()).toBe(7 * 24 * 60 + 120);
    expect(asked.slice(before).map(({ name }) => name)).toEqual([
      'ProvisionedThroughput',
      'AutoscaleMaxThroughput',
      'TotalRequestUnits',
      'NormalizedRUConsumption',
    ]);
  });

  it('leaves out hours in which another throughput was provisioned, and the hour of the change', async () => {
    const change = Date.UTC(2026, 10, 23, 9, 30);
    const { step, minutes } = createBackfill(
      { provisioned: (atMs) => (atMs + hour > change ? 1_000 : 2_000) },
      day,
    );

    await step(10);

    // 10:00 to 11:48.
    expect(minutes()).toBe(108);
  });

  it.each(['throttled', 'timeout', 'unreachable'] as const)('is asked for again after %s', async (code) => {
    const { step, minutes } = createBackfill({ refuse: (question) => (question === 3 ? code : undefined) });

    await step(1);
    const refused = minutes();
    await step(1);

    expect(refused).toBe(0);
    expect(minutes()).toBe(360);
  });

  it.each(['denied', 'unsupported', 'malformed'] as const)('is given up after %s', async (code) => {
    const { step, minutes, asked } = createBackfill({ refuse: () => code });

    await step(5);

    expect(minutes()).toBe(0);
    expect(asked).toHaveLength(1);
  });
});
