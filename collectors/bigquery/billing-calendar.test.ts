import { describe, expect, it } from 'vitest';
import { addDays, createBillingCalendar, daysOfMonth, firstOfPreviousMonth } from './billing-calendar.ts';
import { QuarterLedger } from './quarter-ledger.ts';

const pacific = createBillingCalendar('America/Los_Angeles');
const at = (text: string): number => Date.parse(text);

describe('billing calendar', () => {
  it('begins days at midnight of its time zone', () => {
    expect(pacific.dayOf(at('2026-11-01T06:59:59Z'))).toBe('2026-10-31');
    expect(pacific.dayOf(at('2026-11-01T07:00:00Z'))).toBe('2026-11-01');
    expect(pacific.startOfDay('2026-11-01')).toBe(at('2026-11-01T07:00:00Z'));
  });

  it('gives the days on which clocks change 23 and 25 hours', () => {
    const lengthHours = (day: string, next: string): number =>
      (pacific.startOfDay(next) - pacific.startOfDay(day)) / 3_600_000;

    expect(lengthHours('2026-03-08', '2026-03-09')).toBe(23);
    expect(lengthHours('2026-11-01', '2026-11-02')).toBe(25);
  });

  it('begins on a quarter of an hour in zones off by 45 minutes', () => {
    const nepal = createBillingCalendar('Asia/Kathmandu');

    expect(nepal.startOfDay('2026-05-01')).toBe(at('2026-04-30T18:15:00Z'));
    expect(nepal.startOfDay('2026-05-01') % 900_000).toBe(0);
  });

  it('knows months', () => {
    expect(daysOfMonth('2028-02-10')).toHaveLength(29);
    expect(firstOfPreviousMonth('2026-01-31')).toBe('2025-12-01');
  });

  it.each(['America/Santiago', 'America/Havana', 'Atlantic/Azores', 'America/Los_Angeles'])(
    'begins every day of a year in %s with its first instant',
    (timeZone) => {
      const calendar = createBillingCalendar(timeZone);

      for (let day = '2026-01-01'; day < '2027-01-01'; day = addDays(day, 1)) {
        const start = calendar.startOfDay(day);
        expect([calendar.dayOf(start - 1), calendar.dayOf(start)]).toEqual([addDays(day, -1), day]);
      }
    },
  );
});

describe('ledger of usage', () => {
  const quarter = 900_000;
  const start = at('2026-06-01T07:00:00Z');
  const cell = (offset: number, bytes: number, pool = '') => ({
    pool,
    start: start + offset * quarter,
    amounts: [bytes, 1] as const,
  });
  const sum = (ledger: QuarterLedger): number =>
    ledger.cells().reduce((total, { amounts }) => total + amounts[0], 0);
  const keptMs = 8 * 86_400_000;
  const make = (): QuarterLedger => new QuarterLedger('America/Los_Angeles', pacific, keptMs);

  it('replaces what it knows from an instant on, counting nothing twice', () => {
    const ledger = make();
    ledger.replace(start, start + 4 * quarter, [cell(0, 1), cell(1, 2), cell(2, 3)]);

    ledger.replace(start + 2 * quarter, start + 6 * quarter, [cell(2, 30), cell(5, 4)]);

    expect(sum(ledger)).toBe(1 + 2 + 30 + 4);
    expect([ledger.since, ledger.until]).toEqual([start, start + 6 * quarter]);
  });

  it('begins anew when time in between was not read', () => {
    const ledger = make();
    ledger.replace(start, start + quarter, [cell(0, 1)]);

    ledger.replace(start + 8 * quarter, start + 9 * quarter, [cell(8, 5)]);

    expect(sum(ledger)).toBe(5);
    expect(ledger.since).toBe(start + 8 * quarter);
  });

  it('folds what is long ago into days of the billing calendar, keeps sums, and drops what is too old', () => {
    const ledger = make();
    const cells = Array.from({ length: 30 * 96 }, (_, offset) => cell(offset, 1));
    ledger.replace(start, start + 30 * 96 * quarter, cells);

    ledger.compact(start + 96 * quarter);

    expect(sum(ledger)).toBe(29 * 96);
    expect(ledger.cells().length).toBeLessThan(21 + 9 * 96);
    expect(ledger.cells()[0]).toEqual({ pool: '', start: start + 96 * quarter, amounts: [96, 96] });
    expect(ledger.since).toBe(start + 96 * quarter);
  });

  it('is the same after it was remembered, and forgotten in another time zone', () => {
    const ledger = make();
    ledger.replace(start, start + 4 * quarter, [cell(0, 1), cell(1, 2, 'p:US.main|ENTERPRISE')]);
    const text = ledger.serialize();
    const [same, other] = [make(), new QuarterLedger('UTC', createBillingCalendar('UTC'), keptMs)];

    same.restore(text);
    other.restore(text);

    expect(same.cells()).toEqual(ledger.cells());
    expect(other.cells()).toEqual([]);
    expect(() => make().restore('{"broken')).not.toThrow();
  });
});
