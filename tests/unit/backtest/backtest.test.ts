import { describe, expect, it } from 'vitest';
import { type BacktestInput, backtest } from '../../../src/backtest/backtest.ts';
import type { RangeRequest, RangeSeries } from '../../../src/backtest/prometheus-source.ts';
import type { ObjectiveMeasure } from '../../../src/core/engine.ts';
import { type ObjectiveOverrides, objectivesInForce } from '../../../src/core/objective-in-force.ts';

const minute = 60_000;
const start = Date.parse('2026-11-01T00:00:00Z');

describe('backtest', () => {
  it('counts a violation that lasts as one ticket, from when it began to when it cleared', async () => {
    const rows = await run({ values: { shop: [...many(30, 0.99), ...many(20, 0.9), ...many(30, 0.99)] } });

    expect(rows).toEqual([
      expect.objectContaining({
        target: 'orders',
        objective: 'index_hit_ratio',
        subjects: 1,
        pages: 0,
        tickets: 1,
        stillOpen: 0,
        unknownMs: 0,
      }),
    ]);
    // 20 minutes of violation and the 10 that it must be well before a breach closes, give or take the step.
    expect((rows[0]?.breachedMs ?? 0) / minute).toBeCloseTo(30, -0.5);
  });

  it('counts nothing for a violation shorter than its for', async () => {
    const rows = await run({ values: { shop: [...many(30, 0.99), ...many(8, 0.9), ...many(30, 0.99)] } });

    expect(rows[0]).toMatchObject({ pages: 0, tickets: 0, breachedMs: 0 });
  });

  it('counts what a tried bound would have called', async () => {
    const values = { shop: [...many(30, 0.99), ...many(20, 0.96), ...many(30, 0.995)] };

    const [before] = await run({ values });
    const [tried] = await run({ values, overrides: { index_hit_ratio: { min: 0.97, severity: 'page' } } });

    expect(before).toMatchObject({ pages: 0, tickets: 0 });
    expect(tried).toMatchObject({ pages: 1, tickets: 0, bound: { min: 0.97 } });
  });

  it('holds a breach open while nothing was published, and says how long nothing was', async () => {
    const gap = many(60, undefined);
    const rows = await run({ values: { shop: [...many(20, 0.5), ...gap, ...many(30, 0.99)] } });

    expect(rows[0]).toMatchObject({ tickets: 1, stillOpen: 0 });
    expect((rows[0]?.unknownMs ?? 0) / minute).toBe(60);
    expect((rows[0]?.breachedMs ?? 0) / minute).toBeGreaterThan(80);
  });

  it('says that a breach is still open at the end', async () => {
    const rows = await run({ values: { shop: [...many(10, 0.99), ...many(40, 0.5)] } });

    expect(rows[0]).toMatchObject({ tickets: 1, stillOpen: 1 });
  });

  it('gives the same counts however many requests it takes', async () => {
    const values = { shop: [...many(6_000, 0.99), ...many(30, 0.5), ...many(6_000, 0.99)] };
    const asked: RangeRequest[] = [];

    const rows = await run({ values, asked });

    expect(asked.length).toBe(3);
    expect(asked.every(({ fromMs, toMs }) => (toMs - fromMs) / minute < 11_000)).toBe(true);
    expect(rows[0]).toMatchObject({ tickets: 1, stillOpen: 0 });
  });

  it('judges no lower bound where none was published', async () => {
    const objective = { objective: 'request_unit_utilization_ratio', withoutMinimum: 'atMinimum' } as const;
    const values = { free: many(30, 0.1), bound: many(30, 0.1), later: many(30, 0.1) };
    const floors = { bound: many(30, 0.7), later: [...many(20, undefined), ...many(10, 0.7)] };

    const rows = await run({ values, floors, objective });

    expect(rows[0]).toMatchObject({ subjects: 3, tickets: 2, stillOpen: 2, breachedMs: (29 + 9) * minute });
  });

  it('judges the space of all databases together by the capacity', async () => {
    const objective = { objective: 'storage_bytes_forecast', statistic: 'forecast' } as const;
    const values = { shop: many(30, 50), 'all databases': many(30, 500) };
    const overrides = { storage_bytes_forecast: { max: 100, capacityBytes: 1_000 } };
    const full = { storage_bytes_forecast: { max: 100, capacityBytes: 400 } };
    const unlimited = { storage_bytes_forecast: { max: 100 } };

    const rows = await run({ values, overrides, objective });

    expect(rows[0]).toMatchObject({ subjects: 2, pages: 0, tickets: 0, bound: { max: 100 } });
    expect(await run({ values, overrides: full, objective })).toMatchObject([{ pages: 1, tickets: 0 }]);
    expect(await run({ values, overrides: unlimited, objective })).toMatchObject([{ subjects: 1 }]);
  });

  it('does not judge by a bound finer than the values can show', async () => {
    // A replica that acknowledges once a second shows 1 s while it may be less; 3 s is beyond any doubt.
    const objective = { objective: 'replication_lag_seconds', resolution: 1 } as const;
    const overrides = { replication_lag_seconds: { max: 0.5, severity: 'ticket' } } as const;

    const coarse = await run({ values: { replica: many(30, 1) }, objective, overrides });
    const certain = await run({ values: { replica: many(30, 3) }, objective, overrides });

    expect(coarse).toMatchObject([{ pages: 0, tickets: 0 }]);
    expect(certain).toMatchObject([{ pages: 0, tickets: 1 }]);
  });

  it('leaves out a target on which the objective is not judged', async () => {
    const rows = await run({
      values: { shop: many(10, 0.5) },
      overrides: { index_hit_ratio: { enabled: false } },
    });

    expect(rows).toEqual([]);
  });
});

type Values = Readonly<Record<string, readonly (number | undefined)[]>>;

interface Run {
  readonly values: Values;
  /** The lower bounds that were published. */
  readonly floors?: Values;
  readonly overrides?: ObjectiveOverrides;
  readonly objective?: Omit<ObjectiveMeasure, 'metric'>;
  readonly asked?: RangeRequest[];
}

function run({
  values,
  floors = {},
  overrides = {},
  objective = { objective: 'index_hit_ratio' },
  asked = [],
}: Run) {
  const steps = Math.max(...Object.values(values).map(({ length }) => length));
  const measures = [{ ...objective, metric: 'measured' }];
  const input: BacktestInput = {
    source: {
      range: (request) => {
        asked.push(request);
        const all = request.query.includes('reeve_objective_value{') ? values : floors;
        return Promise.resolve(
          Object.entries(all).map(([subject, each]) => seriesOf(subject, each, request)),
        );
      },
    },
    fromMs: start,
    toMs: start + (steps - 1) * minute,
    stepMs: minute,
    objectives: [objective.objective],
    targets: [],
    inForce: (_target, _engine, id) =>
      objectivesInForce({ objectives: measures }, 'oltp', [overrides]).find((one) => one.id === id),
    onProgress: () => undefined,
  };
  return backtest(input);
}

function seriesOf(
  subject: string,
  values: readonly (number | undefined)[],
  { fromMs, toMs, stepMs }: RangeRequest,
): RangeSeries {
  const points = values.flatMap((value, index) => {
    const at = start + index * stepMs;
    return value === undefined || at < fromMs || at > toMs ? [] : [[at, value] as const];
  });
  return { labels: { target: 'orders', engine: 'postgres', subject }, points };
}

function many(count: number, value: number | undefined): readonly (number | undefined)[] {
  return Array.from({ length: count }, () => value);
}
