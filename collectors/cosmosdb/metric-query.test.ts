import { describe, expect, it } from 'vitest';
import { metricQueries, parametersOf, parseAnswer, spanOf, topSeries } from './metric-query.ts';

const nowMs = Date.parse('2026-11-23T12:07:30Z');

interface Line {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly data: readonly unknown[];
}

function answer(
  metric: { readonly name: string; readonly localized?: string; readonly id?: string },
  lines: readonly Line[],
): unknown {
  return {
    value: [
      {
        id: metric.id ?? `/subscriptions/s/providers/Microsoft.Insights/metrics/${metric.name}`,
        name: { value: metric.name, localizedValue: metric.localized ?? metric.name },
        timeseries: lines.map(({ dimensions, data }) => ({
          metadatavalues: Object.entries(dimensions).map(([name, value]) => ({
            name: { value: name },
            value,
          })),
          data,
        })),
      },
    ],
  };
}

const place = { databasename: 'shop', collectionname: 'orders', region: 'West Europe' };

describe('spanOf', () => {
  it('ends at the newest minute that is settled, 5 minutes ago', () => {
    const { fromMs, toMs } = spanOf(metricQueries.requestUnits, nowMs);

    expect(new Date(toMs).toISOString()).toBe('2026-11-23T12:02:00.000Z');
    expect(new Date(fromMs).toISOString()).toBe('2026-11-23T11:52:00.000Z');
  });

  it('covers whole hours for what is counted by the hour', () => {
    const { toMs } = spanOf(metricQueries.availability, nowMs);

    expect(new Date(toMs).toISOString()).toBe('2026-11-23T12:00:00.000Z');
  });
});

describe('parametersOf', () => {
  it('asks for more series than the ten that Azure gives unasked', () => {
    const parameters = parametersOf(metricQueries.throttled, nowMs);

    expect(parameters).toMatchObject({
      metricnames: 'TotalRequests',
      aggregation: 'count',
      interval: 'PT1M',
      $filter: "DatabaseName eq '*' and CollectionName eq '*' and Region eq '*' and StatusCode eq '429'",
      top: '1000',
    });
  });

  it('asks for no split, and so for no top, without dimensions', () => {
    const parameters = parametersOf(metricQueries.availability, nowMs);

    expect(Object.keys(parameters)).not.toContain('top');
    expect(Object.keys(parameters)).not.toContain('$filter');
  });

  it('never asks for more than 20 metrics at once', () => {
    for (const { names } of Object.values(metricQueries)) expect(names.length).toBeLessThanOrEqual(20);
  });
});

describe('parseAnswer', () => {
  const query = metricQueries.requestUnits;

  it('finds a metric by its name in a portal of another language', () => {
    const german = answer({ name: 'TotalRequestUnits', localized: 'Anforderungseinheiten gesamt' }, [
      { dimensions: place, data: [{ timeStamp: '2026-11-23T12:01:00Z', total: 60 }] },
    ]);

    expect([...parseAnswer(german, query, nowMs).series.keys()]).toEqual(['TotalRequestUnits']);
  });

  it('does not take a metric that failed for one without series', () => {
    const failed = {
      value: [{ name: { value: 'TotalRequestUnits' }, errorCode: 'InternalError', timeseries: [] }],
    };

    expect(parseAnswer(failed, query, nowMs).series.has('TotalRequestUnits')).toBe(false);
  });

  it('refuses values of another grain than it asked for', () => {
    expect(() => parseAnswer({ interval: 'PT5M', value: [] }, query, nowMs)).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });

  it('finds a metric by its id where the name was translated too', () => {
    const translated = answer(
      {
        name: 'Anforderungseinheiten gesamt',
        id: '/x/providers/Microsoft.Insights/metrics/TotalRequestUnits',
      },
      [],
    );

    expect([...parseAnswer(translated, query, nowMs).series.keys()]).toEqual(['TotalRequestUnits']);
  });

  it('knows no value where there is none: not zero', () => {
    const gaps = answer({ name: 'TotalRequestUnits' }, [
      {
        dimensions: place,
        data: [
          { timeStamp: '2026-11-23T11:59:00Z', total: null },
          { timeStamp: '2026-11-23T12:00:00Z', total: 0 },
          { timeStamp: '2026-11-23T12:01:00Z' },
        ],
      },
    ]);

    const [series] = parseAnswer(gaps, query, nowMs).series.get('TotalRequestUnits') ?? [];

    expect(series?.points).toEqual([{ atMs: Date.parse('2026-11-23T12:00:00Z'), value: 0 }]);
  });

  it('leaves out minutes that Azure is still counting', () => {
    const young = answer({ name: 'TotalRequestUnits' }, [
      { dimensions: place, data: [{ timeStamp: '2026-11-23T12:02:00Z', total: 5 }] },
    ]);

    const [series] = parseAnswer(young, query, nowMs).series.get('TotalRequestUnits') ?? [];

    expect(series?.points).toEqual([]);
  });

  it('leaves out series that were not split, and says so', () => {
    const whole = answer({ name: 'TotalRequestUnits' }, [
      { dimensions: { databasename: 'shop', collectionname: 'orders' }, data: [] },
      { dimensions: place, data: [] },
    ]);

    const parsed = parseAnswer(whole, query, nowMs);

    expect(parsed.series.get('TotalRequestUnits')).toHaveLength(1);
    expect([...parsed.unsplit]).toEqual(['TotalRequestUnits']);
  });

  it('suspects that series were cut off when there are as many as were asked for', () => {
    const lines = Array.from({ length: topSeries }, () => ({ dimensions: place, data: [] }));

    expect([...parseAnswer(answer({ name: 'TotalRequestUnits' }, lines), query, nowMs).cut]).toEqual([
      'TotalRequestUnits',
    ]);
    expect(parseAnswer(answer({ name: 'TotalRequestUnits' }, lines.slice(1)), query, nowMs).cut.size).toBe(0);
  });

  it('calls malformed what is no answer of Azure Monitor', () => {
    expect(() => parseAnswer({ value: 'no' }, query, nowMs)).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });
});
