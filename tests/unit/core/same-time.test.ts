import { describe, expect, it } from 'vitest';
import { assertSameTime } from '../../../src/core/same-time.ts';

const minute = 60_000;
const now = Date.UTC(2026, 10, 23);

describe('assertSameTime', () => {
  const assert =
    (...serversMs: readonly number[]) =>
    () =>
      assertSameTime(now, serversMs, 'all members');

  it.each([
    [[now]],
    [[now - 15 * minute]],
    [[now + 15 * minute]],
    [[now - 900 * minute, now + minute]],
    [[]],
  ])('lets a watch go on where a server agrees within fifteen minutes, or none says: %j', (serversMs) => {
    expect(assert(...serversMs)).not.toThrow();
  });

  it('says how far apart the nearest is, in which direction, and what to do', () => {
    expect(assert(now - 60 * minute, now - 16 * minute)).toThrow(
      'the clock of this machine is 16 min ahead of all members, so that nobody can say for how long indexes were not used; synchronize the clocks (NTP)',
    );
    expect(assert(now + 90 * minute)).toThrow('is 90 min behind all members');
  });
});
