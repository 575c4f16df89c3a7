import { describe, expect, it } from 'vitest';
import { createBillingCalendar } from './billing-calendar.ts';
import { capacityCosts } from './costs.ts';
import { listPricing } from './pricing.ts';

const hour = 3_600_000;
const quarter = hour / 4;
const until = Date.parse('2026-11-23T12:00:00Z');
const rules = { pricing: listPricing, calendar: createBillingCalendar('America/Los_Angeles') };
const commitment = { edition: 'ENTERPRISE', plan: 'ANNUAL', slots: 50, from: -Infinity, to: Infinity };

describe('capacityCosts', () => {
  it('costs the same for a reservation of half a day, however long ago', () => {
    const beyondOf = (start: number): number => {
      const capacity = Array.from({ length: 48 }, (_, index) => ({
        pool: 'double-shop:US.main|ENTERPRISE',
        start: start + index * quarter,
        amounts: [100 * 900, 0] as const,
      }));
      const usage = { region: 'us', jobs: [], capacity, commitments: [commitment], since: start, until };
      return capacityCosts(usage, rules)
        .filter(({ reservation }) => reservation === 'US.main')
        .reduce((sum, { usd }) => sum + usd, 0);
    };

    expect(beyondOf(until - 2 * 24 * hour)).toBeCloseTo(50 * 12 * 0.06, 9);
    expect(beyondOf(until - 20 * 24 * hour)).toBeCloseTo(50 * 12 * 0.06, 9);
  });

  it('ends where clocks change at midnight', () => {
    const calendar = createBillingCalendar('America/Santiago');
    const since = Date.parse('2026-06-01T04:00:00Z');
    const usage = { region: 'us', jobs: [], capacity: [], commitments: [commitment], since, until };

    const costs = capacityCosts(usage, { ...rules, calendar });

    const hours = (until - since) / hour;
    expect(costs.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(50 * hours * 0.048, 6);
  });
});
