import { describe, expect, it } from 'vitest';
import { type ForecastGrowth, forecastGrowth } from '../../../src/core/forecast.ts';
import { projectionDate } from '../../../src/evaluate/growth-forecasts.ts';
import { createMemoryObjectiveRecords } from '../../../src/store/memory-objective-records.ts';
import {
  day,
  error,
  hour,
  inForce,
  metrics,
  minute,
  second,
  snapshot,
  start,
  target,
  Watched,
} from './judging.ts';

/** Grows by a GB a day from the last known day on; between 90 % and 110 % of that. */
function growing(asked: number[] = []): ForecastGrowth {
  return (days, at, { historyMs }) => {
    asked.push(at);
    const first = days[0];
    const last = days.at(-1);
    if (first === undefined || last === undefined || last.day - first.day < historyMs) return undefined;
    const median = last.value + (1e9 * (at - last.day)) / day;
    return {
      median,
      lower: median * 0.9,
      upper: median * 1.1,
      basis: days.length,
      crossing: (level, by) => last.day + ((level / (by === 'upper' ? 1.1 : 1) - last.value) / 1e9) * day,
    };
  };
}

const noForecast: ForecastGrowth = () => undefined;

function watching(override: Parameters<typeof inForce>[1], forecast = growing()): Watched {
  return new Watched([inForce('storage_bytes_forecast', override)], { forecast });
}

/** A reading a day. */
function fill(watched: Watched, days: number, first: number): void {
  for (let index = 0; index <= days; index += 1) {
    watched.see(index === 0 ? 0 : day, [['storage', first + index * 1e9, { database: 'app' }]]);
  }
}

describe('judging a forecast', () => {
  it('is unknown with too little history', () => {
    const watched = watching({ max: 200e9 });

    fill(watched, 20, 50e9);

    expect(watched.only()).toMatchObject({
      subject: 'app',
      state: 'unknown',
      reason: 'too_little_history',
      detail: '21 days of history are not enough for a forecast',
    });
  });

  it('asks for a projection first', () => {
    const watched = watching({}, noForecast);

    fill(watched, 3, 50e9);

    expect(watched.only()).toMatchObject({ state: 'unknown', reason: 'no_bound' });
  });

  it('shows the forecast although nothing is projected', () => {
    const watched = watching({});

    fill(watched, 30, 50e9);

    expect(watched.only()).toMatchObject({
      state: 'unknown',
      reason: 'no_bound',
      value: 170e9,
      forecast: { upper: 187e9 },
    });
  });

  it('is breached when the median in 90 days is above the projection, and a page when the lower end is', () => {
    const watched = watching({ max: 169e9 });
    fill(watched, 30, 50e9);
    const ticket = watched.only();

    watched.see(day, [['storage', 100e9, { database: 'app' }]]);

    expect(ticket).toMatchObject({
      state: 'breached',
      value: 170e9,
      forecast: { lower: 153e9, upper: 187e9, for: start + 120 * day, fullAt: undefined },
      breach: { severity: 'ticket', bound: 169e9 },
    });
    expect(watched.only().breach?.severity).toBe('page');
    expect(watched.published('reeve_storage_forecast_bytes')).toEqual(['app 190000000000']);
    expect(watched.published('reeve_storage_forecast_lower_bytes')).toEqual(['app 171000000000']);
    expect(watched.published('reeve_storage_forecast_upper_bytes')).toHaveLength(1);
    expect(watched.published('reeve_storage_full_timestamp_seconds')).toEqual([]);
  });

  it('comes from the history that the records hold', () => {
    const watched = watching({ max: 150e9 }, forecastGrowth);
    fill(watched, 29, 50e9);
    const before = watched.only();

    watched.see(day, [['storage', 80e9, { database: 'app' }]]);

    expect(before).toMatchObject({ state: 'unknown', reason: 'too_little_history' });
    expect(watched.only()).toMatchObject({ state: 'breached', breach: { side: 'max', bound: 150e9 } });
    expect(watched.only().value).toBeCloseTo(170e9, -10);
  });

  it('heeds no day that is still to come, of a clock that was ahead', () => {
    const watched = watching({ max: 1e15 });
    const series = { target: 'orders', metric: metrics.storage.name, subject: 'app' };
    watched.records.addDaily(series, start + 3_650 * day, 99e9);

    fill(watched, 30, 10e9);

    expect(watched.only()).toMatchObject({ state: 'met', value: 130e9 });
  });

  it('is for the end of the day that the operator named', () => {
    const asked: number[] = [];
    const watched = watching({ max: 1e15, by: '2026-06-30' }, growing(asked));

    watched.see(0, [['storage', 1e9, { database: 'app' }]]);

    expect(asked).toEqual([Date.UTC(2026, 6, 1)]);
  });

  it('is computed once an hour, and again when the question is another', () => {
    const asked: number[] = [];
    const watched = watching({ max: 1e15 }, growing(asked));
    const rows = [['storage', 1e9, { database: 'app' }]] as const;

    watched.see(0, rows);
    watched.keepSeeing(59 * minute, rows);
    const within = asked.length;
    watched.keepSeeing(minute, rows);
    const after = asked.length;
    watched.reload([inForce('storage_bytes_forecast', { max: 1e15, by: '2026-12-31' })]);
    watched.see(15 * second, rows);

    expect([within, after, asked.length]).toEqual([1, 2, 3]);
  });

  it('remembers a reading once, however often it is published', () => {
    const added: number[] = [];
    const records = {
      ...createMemoryObjectiveRecords(),
      addDaily: (_: unknown, __: number, value: number) => void added.push(value),
    };
    const watched = new Watched([inForce('storage_bytes_forecast')], { records });
    const once = snapshot(start, [
      ['storage', 1e9, { database: 'app' }],
      ['storage', 2e9, { database: 'app' }],
    ]);

    watched.judge.judge(once);
    watched.judge.judge({ ...once, at: start + minute });

    expect(added).toEqual([3e9]);
  });

  it('is unknown while the space cannot be read', () => {
    const watched = watching({ max: 1e9, capacityBytes: 1e9 });
    fill(watched, 31, 50e9);

    watched.see(day, [], { failed: ['storage'] });

    expect(watched.judge.judgements()).toMatchObject([
      { subject: 'app', state: 'breached', reason: 'collection_failed', value: undefined },
      { subject: 'all databases', state: 'breached', reason: 'collection_failed', value: undefined },
    ]);
    expect(watched.published('reeve_storage_forecast_bytes')).toEqual([]);
  });
});

describe('judging the space of all databases', () => {
  const rows = (each: number) =>
    [
      ['storage', each, { database: 'app' }],
      ['storage', each, { database: 'web' }],
    ] as const;

  it('pages when it is full within two weeks', () => {
    const watched = watching({ capacityBytes: 115e9 });
    for (let index = 0; index <= 30; index += 1) watched.see(day, rows(50e9));
    const before = watched.only('all databases');

    watched.see(day, rows(51e9));

    expect(before).toMatchObject({ state: 'met', value: 114e9, bound: { max: 115e9 } });
    expect(before.forecast?.fullAt).toBe(start + 46 * day);
    expect(watched.only('all databases')).toMatchObject({
      state: 'breached',
      value: 116e9,
      breach: { severity: 'page' },
    });
    expect(watched.published('reeve_storage_full_timestamp_seconds')).toEqual([
      ` ${(start + 45 * day) / second}`,
    ]);
    expect(watched.published('reeve_storage_forecast_bytes')).toHaveLength(2);
    expect(watched.only('app')).toMatchObject({ state: 'unknown', reason: 'no_bound' });
  });

  it('pages at once when it is full already, however little history there is', () => {
    const watched = watching({ capacityBytes: 99e9 }, noForecast);

    watched.see(0, rows(50e9));

    expect(watched.only('all databases')).toMatchObject({ value: 100e9, breach: { severity: 'page' } });
  });

  it('says nothing of a date that is never reached', () => {
    const flat: ForecastGrowth = () => ({
      median: 1,
      lower: 1,
      upper: 1,
      basis: 30,
      crossing: () => undefined,
    });
    const watched = watching({ capacityBytes: 115e9 }, flat);

    watched.see(0, rows(1));

    expect(watched.published('reeve_storage_full_timestamp_seconds')).toEqual([]);
  });

  it('is not remembered where a part of it is missing', () => {
    const watched = watching({ capacityBytes: 1e15 }, noForecast);
    const series = { target: 'orders', metric: metrics.storage.name, subject: 'all databases' };
    watched.see(0, rows(50e9));

    watched.see(hour, [['storage', 60e9, { database: 'app' }]], {
      errors: { storage: [error('web', 'locked')] },
    });

    expect(watched.records.daily(series, 0)).toEqual([{ day: start, value: 100e9 }]);
    expect(watched.only('all databases')).toMatchObject({ state: 'unknown', reason: 'too_little_history' });
  });

  it('is remembered although something else of the reading failed', () => {
    const watched = watching({ capacityBytes: 1e15 }, noForecast);
    const series = { target: 'orders', metric: metrics.storage.name, subject: 'all databases' };

    watched.see(0, rows(50e9), { errors: { storage: [error('pg_wal', 'permission denied')] } });

    expect(watched.records.daily(series, 0)).toEqual([{ day: start, value: 100e9 }]);
  });

  it('is no longer judged when the capacity is taken away', () => {
    const watched = watching({ capacityBytes: 1e9 });
    fill(watched, 31, 50e9);

    watched.reload([inForce('storage_bytes_forecast')]);

    expect(watched.records.breaches({})).toMatchObject([
      { subject: 'all databases', closeReason: 'dropped' },
    ]);
    expect(watched.only().subject).toBe('app');
  });

  it('goes on when only the projection of each database is taken away', () => {
    const watched = watching({ capacityBytes: 1e9, max: 1e9 });
    fill(watched, 31, 50e9);

    watched.reload([inForce('storage_bytes_forecast', { capacityBytes: 1e9 })]);

    expect(watched.records.breaches({ open: true })).toMatchObject([{ subject: 'all databases' }]);
  });

  it('is unknown before a database was seen', () => {
    const watched = watching({ capacityBytes: 1e9 });

    watched.see(0, []);

    expect(watched.only()).toMatchObject({ subject: 'all databases', reason: 'not_reported' });
  });

  it('is forgotten with its subject', () => {
    const asked: number[] = [];
    const watched = watching({ max: 1e15 }, growing(asked));
    watched.see(0, rows(1e9));

    watched.reload([]);
    watched.reload([inForce('storage_bytes_forecast', { max: 1e15 })]);
    watched.see(second, rows(1e9));
    watched.see(second, rows(1e9));

    expect(asked).toHaveLength(4);
  });

  it('is forgotten with the target', () => {
    const asked: number[] = [];
    const watched = watching({ max: 1e15 }, growing(asked));
    watched.see(0, rows(1e9));

    watched.judge.apply([]);
    watched.judge.apply([
      { target: target(), metrics, objectives: [inForce('storage_bytes_forecast', { max: 1e15 })] },
    ]);
    watched.see(0, rows(1e9));

    expect(asked).toHaveLength(4);
  });
});

describe('projectionDate', () => {
  it.each([
    ['2026-03-31', Date.UTC(2026, 3, 1)],
    [undefined, start + 90 * day],
    ['2025-12-01', start],
    ['soon', start + 90 * day],
  ])('of %s is the end of that day, in 90 days, or now', (by, at) => {
    expect(projectionDate(by, start)).toBe(at);
  });
});
