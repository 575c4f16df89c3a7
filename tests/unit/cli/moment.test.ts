import { describe, expect, it } from 'vitest';
import { parseMoment } from '../../../src/cli/moment.ts';

const now = Date.UTC(2026, 10, 23, 18);

describe('parseMoment', () => {
  it.each([
    ['7d', Date.UTC(2026, 10, 16, 18)],
    ['2026-11-01', Date.UTC(2026, 10, 1)],
    ['2026-11-01T12:00', Date.UTC(2026, 10, 1, 12)],
    ['2026-11-01T12:00:00+02:00', Date.UTC(2026, 10, 1, 10)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
  ])('reads %s', (text, at) => {
    expect(parseMoment(text, now)).toBe(at);
  });

  it.each([
    '',
    'yesterday',
    '2026-11',
    '2026-13-01',
    '2026-02-30',
    '2026-02-30T12:00:00Z',
    '2026-11-01 12:00',
  ])('does not take %j', (text) => {
    expect(parseMoment(text, now)).toBeUndefined();
  });
});
