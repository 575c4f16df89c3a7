import { describe, expect, it } from 'vitest';
import type { Memory } from '../../src/sdk.ts';
import { createBillingCalendar } from './billing-calendar.ts';
import { OwnSpend } from './own-spend.ts';

const calendar = createBillingCalendar('America/Los_Angeles');
const at = (text: string): number => Date.parse(text);

function memoryOf(values: Map<string, string>): Memory {
  return { read: (key) => values.get(key), write: (key, value) => void values.set(key, value) };
}

function own(values = new Map<string, string>()): OwnSpend {
  return new OwnSpend(memoryOf(values), calendar);
}

const usdOf = (spend: OwnSpend, now: string): unknown => {
  const totals = spend.totals(at(now));
  return totals.kind === 'known' ? [totals.today.usd, totals.month.usd] : totals.kind;
};

describe('own spend', () => {
  it('loses nothing of what it spent when the clock jumps to another month and back', () => {
    const spend = own();
    spend.add(0.5, at('2026-11-10T12:00:00Z'));
    spend.add(0.25, at('2031-01-10T12:00:00Z'));
    spend.add(0.125, at('2026-11-10T13:00:00Z'));

    expect(usdOf(spend, '2026-11-10T14:00:00Z')).toEqual([0.625, 0.625]);
  });

  it('remembers what it spent over restarts, and begins anew with the month', () => {
    const values = new Map<string, string>();
    const before = own(values);
    before.add(0.5, at('2026-11-10T12:00:00Z'));
    before.add(0.25, at('2026-11-11T12:00:00Z'));

    const after = own(values);

    expect(usdOf(after, '2026-11-11T13:00:00Z')).toEqual([0.25, 0.75]);
    expect(usdOf(after, '2026-12-01T06:00:00Z')).toEqual([0, 0.75]);
    expect(usdOf(after, '2026-12-01T09:00:00Z')).toEqual([0, 0]);
  });

  it('is absent, not 0, before the first query', () => {
    expect(own().totals(at('2026-11-10T12:00:00Z'))).toEqual({ kind: 'none' });
  });

  it('says since when it counts, and since the month began once it counted all of it', () => {
    const spend = own();
    const installed = at('2026-11-10T12:00:00Z');
    spend.begin({ usd: 0.5, sinceMs: installed }, installed);

    expect(spend.totals(at('2026-11-11T12:00:00Z'))).toEqual({
      kind: 'known',
      today: { usd: 0, sinceMs: at('2026-11-11T08:00:00Z') },
      month: { usd: 0.5, sinceMs: installed },
    });
    expect(spend.totals(at('2026-12-02T12:00:00Z'))).toMatchObject({
      month: { usd: 0, sinceMs: at('2026-12-01T08:00:00Z') },
    });
  });

  it('knows from when the accounts of older versions count', () => {
    const spend = own(new Map([['own-spend', '{"days":{"2026-11-09":0.5}}']]));

    expect(spend.totals(at('2026-11-10T12:00:00Z'))).toMatchObject({
      month: { usd: 0.5, sinceMs: at('2026-11-09T08:00:00Z') },
    });
  });

  it.each(['{"days":', '{"days":{"2026-11-10":"much"}}', '{"days":{"today":1}}', '[]'])(
    'is absent for the rest of the month when its memory is %s, and keeps to the limit of the day',
    (text) => {
      const spend = own(new Map([['own-spend', text]]));
      const now = at('2026-11-10T12:00:00Z');
      expect(spend.totals(now)).toEqual({ kind: 'lost' });

      spend.begin({ usd: 0.75, sinceMs: at('2026-11-10T08:00:00Z') }, now);

      expect(spend.reserve(0.5, 1, now)).toBeUndefined();
      expect(spend.reserve(0.125, 1, now)).toBeDefined();
      spend.add(0.125, now);
      expect(spend.totals(at('2026-11-30T12:00:00Z'))).toEqual({ kind: 'lost' });
      expect(usdOf(spend, '2026-12-01T12:00:00Z')).toEqual([0, 0]);
    },
  );
});
