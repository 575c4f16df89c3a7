import { describe, expect, it } from 'vitest';
import type { Refusal } from '../../../src/sdk.ts';
import { scaling } from '../testing/collector-input.ts';
import type { ThroughputSettings } from '../throughput-book.ts';
import type { ConsumptionWeek } from './consumption-week.ts';
import { modeAdvice } from './mode-advice.ts';
import type { PartitionHeat } from './partition-heat.ts';
import { type Direction, type Sizing, sizeThroughput } from './size-throughput.ts';

const settings: ThroughputSettings = {
  database: 'shop',
  container: 'orders',
  perSecond: 4_000,
  autoscaleMaximum: undefined,
  minimum: 400,
  instantMaximum: 20_000,
  softMaximum: 200_000,
  replacePending: false,
};
const even: PartitionHeat = {
  place: { database: 'shop', container: 'orders', region: 'West Europe' },
  partition: '0',
  partitions: 2,
  hottest: 0.5,
  median: 0.5,
  skew: 1,
};

/** A week of so much in every minute, in one region. */
function weekOf(perSecond: number, more: Partial<ConsumptionWeek> = {}): ConsumptionWeek {
  return {
    regions: [{ region: 'West Europe', perSecond: Array.from({ length: 10_080 }, () => perSecond) }],
    minutes: 10_080,
    sinceMs: 0,
    untilMs: 1,
    throttled: 0,
    heats: [even],
    ...more,
  };
}

function size(
  direction: Direction,
  week: ConsumptionWeek,
  more: Partial<ThroughputSettings> = {},
): Partial<Sizing & Refusal> {
  return sizeThroughput({ direction, settings: { ...settings, ...more }, week, policy: scaling });
}

describe('sizeThroughput', () => {
  it('puts the 95th percentile at 77.5 %, rounded up to what Azure sells', () => {
    expect(size('up', weekOf(3_800)).wanted).toBe(5_000);
    expect(size('down', weekOf(1_600)).wanted).toBe(2_100);
    const autoscale = { autoscaleMaximum: 4_000 };
    expect(size('down', weekOf(1_700), autoscale).wanted).toBe(3_000);
  });

  it('goes one step at a time', () => {
    expect(size('up', weekOf(9_000))).toMatchObject({ wanted: 8_000 });
    expect(size('up', weekOf(9_000)).limits).toEqual(['one step at most multiplies it by 2']);
    expect(size('down', weekOf(100)).wanted).toBe(2_000);
  });

  it('holds 99 of 100 minutes too where it lowers', () => {
    const perSecond = Array.from({ length: 10_080 }, (_, index) => (index % 33 === 0 ? 3_000 : 500));

    expect(size('down', weekOf(0, { regions: [{ region: 'a', perSecond }] })).wanted).toBe(3_000);
  });

  it('goes by the busiest region', () => {
    const regions = [1_000, 3_800, 50].map((each, index) => ({
      region: `r${index}`,
      perSecond: Array.from({ length: 10_080 }, () => each),
    }));

    expect(size('up', weekOf(0, { regions }))).toMatchObject({ wanted: 5_000, busiest: { region: 'r1' } });
    expect(size('down', weekOf(0, { regions })).id).toBe('change_needed');
  });

  it('says that partitions are split above what Azure gives at once, and refuses beyond its quota', () => {
    expect(size('up', weekOf(3_800), { instantMaximum: 4_500 })).toMatchObject({ splits: true });
    expect(size('up', weekOf(3_800)).splits).toBe(false);
    expect(size('up', weekOf(3_800), { softMaximum: 4_800 }).id).toBe('allowed_maximum');
  });

  it('stays at the least that Azure allows', () => {
    expect(size('down', weekOf(100), { minimum: 2_345 }).wanted).toBe(2_400);
    expect(size('down', weekOf(100), { minimum: 4_000 }).text).toContain('no less than 4000 RU/s now');
    expect(size('down', weekOf(100), { minimum: undefined }).id).toBe('minimum_known');
  });

  it.each([
    ['a change that is pending', 'no_replacement_pending', weekOf(100), { replacePending: true }],
    ['one refused request', 'no_throttling', weekOf(100, { throttled: 1 }), {}],
    ['refusals that nobody knows of', 'no_throttling', weekOf(100, { throttled: undefined }), {}],
    ['partitions that nobody knows of', 'even_partitions', weekOf(100, { heats: undefined }), {}],
    ['a week of which nothing is known', 'seven_days', weekOf(0, { regions: [] }), {}],
  ])('lowers nothing with %s', (_what, id, week, more) => {
    expect(size('down', week, more).id).toBe(id);
  });

  it('raises nothing by less than a day', () => {
    const regions = [{ region: 'a', perSecond: Array.from({ length: 1_439 }, () => 3_900) }];

    expect(size('up', weekOf(0, { regions })).id).toBe('seven_days');
  });

  it('finds the hot partition of one region although another region is uneven and idle', () => {
    const idle = { ...even, hottest: 0.01, median: 0, skew: Number.POSITIVE_INFINITY };
    const hot = { ...even, hottest: 0.9, median: 0.3, skew: 3 };

    expect(size('up', weekOf(3_800, { heats: [hot, idle] })).text).toContain('3.0 times the median one');
    expect(size('up', weekOf(3_800, { heats: [even, idle] })).wanted).toBe(5_000);
  });

  it('does not lower what one partition needs while the others idle', () => {
    const hot = { ...even, hottest: 0.4, median: 0, skew: Number.POSITIVE_INFINITY, partitions: 10 };

    expect(size('down', weekOf(100, { heats: [hot] })).text).toContain('while the median one is idle');
    expect(size('down', weekOf(100, { heats: [{ ...hot, hottest: 0.1 }] })).wanted).toBe(2_000);
  });
});

describe('modeAdvice', () => {
  it('tells by hours which of manual and autoscale would have been cheaper', () => {
    // Busy for two hours a day.
    const perSecond = Array.from({ length: 10_080 }, (_, index) => (index % 1_440 < 120 ? 3_900 : 50));
    const spiky = weekOf(0, { regions: [{ region: 'a', perSecond }] });

    expect(modeAdvice(settings, spiky, {})?.title).toBe(
      'shop/orders: autoscale would have cost 74.1 % less over the last 7 days',
    );
    expect(modeAdvice(settings, weekOf(3_900), {})).toBeUndefined();
    expect(modeAdvice({ ...settings, autoscaleMaximum: 4_000 }, weekOf(3_900), {})?.title).toContain(
      'manual throughput would have cost 31.6 % less',
    );
    expect(modeAdvice(settings, weekOf(10, { minutes: 20_000 }), {})).toBeUndefined();
  });
});
