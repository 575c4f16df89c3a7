import { addDays, isWeekend } from '../../../collectors/bigquery/billing-calendar.ts';
import type { DayUse } from '../../../collectors/bigquery/forecast.ts';
import type { Random } from '../../../src/core/ports/clock.ts';

type Day = (index: number, day: string, random: Random, state: { level: number }) => number;

const tib = 1024 ** 4;
const usdPerTiB = 6.25;
const freeTiB = 1;

/** Made-up ways to spend, in TiB a day. */
const ways = {
  steady: (_index, _day, random) => 1 + 0.2 * (random() - 0.5),
  'on working days': (_index, day, random) => (isWeekend(day) ? 0.1 : 1) * (0.6 + 0.8 * random()),
  noisy: (_index, _day, random) =>
    Math.exp(0.8 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())),
  'with rare outliers': (_index, _day, random) => (random() < 0.05 ? 10 : 0.5 + random()),
  'growing by a third each month': (index, _day, random) => Math.exp(0.01 * index) * (0.7 + 0.6 * random()),
  wandering: (_index, _day, random, state) => {
    state.level += 0.14 * (random() * 2 - 1);
    return Math.exp(state.level) * (0.7 + 0.6 * random());
  },
} as const satisfies Readonly<Record<string, Day>>;

export type SpendWay = keyof typeof ways;
export const spendWays: readonly SpendWay[] = [
  'steady',
  'on working days',
  'noisy',
  'with rare outliers',
  'growing by a third each month',
  'wandering',
];
export const spendPricing = { onDemandUsdPerTiB: usdPerTiB, freeTiBPerMonth: freeTiB };

export interface GeneratedMonth {
  readonly history: readonly DayUse[];
  readonly soFar: { readonly bytes: number; readonly capacityUsd: number };
  readonly toCome: readonly { readonly day: string; readonly part: number }[];
  /** In US dollars, at the end of the month. */
  readonly actual: number;
}

/** June 2026, of which some days are gone, with the days before: spent on demand, or on capacity. */
export function generateMonth(
  way: SpendWay,
  { historyDays, gone, of }: { historyDays: number; gone: number; of: 'bytes' | 'capacity' },
  random: Random,
): GeneratedMonth {
  const state = { level: 0 };
  const first = addDays('2026-06-01', gone - historyDays);
  const days = Array.from({ length: historyDays + 30 - gone }, (_, index): DayUse => {
    const day = addDays(first, index);
    const amount = ways[way](index, day, random, state);
    return of === 'bytes'
      ? { day, bytes: tib * amount, capacityUsd: 2 }
      : { day, bytes: 0, capacityUsd: usdPerTiB * amount };
  });
  const june = days.filter(({ day }) => day >= '2026-06-01');
  const bytes = (some: readonly DayUse[]): number => some.reduce((sum, use) => sum + use.bytes, 0);
  const capacity = (some: readonly DayUse[]): number => some.reduce((sum, use) => sum + use.capacityUsd, 0);
  const past = june.slice(0, gone);
  return {
    history: days.slice(0, historyDays),
    soFar: { bytes: bytes(past), capacityUsd: capacity(past) },
    toCome: june.slice(gone).map(({ day }) => ({ day, part: 1 })),
    actual: Math.max(0, bytes(june) / tib - freeTiB) * usdPerTiB + capacity(june),
  };
}
