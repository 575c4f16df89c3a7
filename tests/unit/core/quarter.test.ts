import { describe, expect, it } from 'vitest';
import { isOverdueForReview, startOfQuarter } from '../../../src/core/quarter.ts';

const day = 86_400_000;
const unusedAfterMs = 100 * day;

describe('startOfQuarter', () => {
  it.each([
    ['2026-01-01T00:00:00.000Z', '2026-01-01'],
    ['2026-03-31T23:59:59.999Z', '2026-01-01'],
    ['2026-04-01T00:00:00.000Z', '2026-04-01'],
    ['2026-11-23T12:00:00.000Z', '2026-10-01'],
    ['2028-02-29T00:00:00.000Z', '2028-01-01'],
    ['1969-12-31T23:00:00.000Z', '1969-10-01'],
  ])('is, at %s, %s in UTC', (now, start) => {
    expect(new Date(startOfQuarter(Date.parse(now))).toISOString()).toBe(`${start}T00:00:00.000Z`);
  });
});

describe('isOverdueForReview', () => {
  const now = Date.parse('2026-11-23');
  const quarter = Date.parse('2026-10-01');
  const overdue = (watchedSince: number | undefined, lastUsedAt?: number): boolean =>
    isOverdueForReview({ proof: { watchedSince, lastUsedAt }, unusedAfterMs, now });

  it('holds for a proof that was complete when the quarter began, to the millisecond', () => {
    expect(overdue(quarter - unusedAfterMs)).toBe(true);
    expect(overdue(quarter - unusedAfterMs + 1)).toBe(false);
  });

  it('counts from the last use where that is later than the beginning of the watch', () => {
    expect(overdue(quarter - 300 * day, quarter - unusedAfterMs)).toBe(true);
    expect(overdue(quarter - 300 * day, quarter - unusedAfterMs + 1)).toBe(false);
    expect(overdue(quarter - 99 * day, quarter - 300 * day)).toBe(false);
  });

  it('claims nothing of an index that some member does not know', () => {
    expect(overdue(undefined, 0)).toBe(false);
  });

  it('waits a whole quarter where the proof was completed on its first day', () => {
    const proof = { watchedSince: quarter - unusedAfterMs + day, lastUsedAt: undefined };
    const at = (time: string): boolean => isOverdueForReview({ proof, unusedAfterMs, now: Date.parse(time) });

    expect(at('2026-12-31T23:59:59.999Z')).toBe(false);
    expect(at('2027-01-01')).toBe(true);
  });
});
