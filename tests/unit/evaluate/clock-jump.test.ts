import { describe, expect, it } from 'vitest';
import { day, hour, inForce, minute, second, Watched } from './judging.ts';

const bad = [['hitRatio', 0.8, { database: 'app' }, 50_000]] as const;
const good = [['hitRatio', 0.99, { database: 'app' }, 50_000]] as const;
const hitRatio = inForce('index_hit_ratio');

function breached(): Watched {
  const watched = new Watched([hitRatio]);
  watched.see(0, bad);
  watched.keepSeeing(10 * minute, bad);
  return watched;
}

describe('a jump of the clock', () => {
  it.each([hour, -hour])('of %d ms opens and closes nothing, and changes no duration', (jumpMs) => {
    const jumping = breached();
    const steady = breached();
    for (const watched of [jumping, steady]) {
      watched.keepSeeing(10 * minute, bad);
      if (watched === jumping) watched.clock.jump(jumpMs);
      watched.keepSeeing(10 * minute, good);
      watched.keepSeeing(10 * minute, bad);
      if (watched === jumping) watched.clock.jump(-jumpMs);
      watched.keepSeeing(11 * minute, good);
    }

    expect(jumping.events).toEqual(steady.events);
    expect(jumping.records.breaches({})).toEqual(steady.records.breaches({}));
  });

  it.each([hour, -hour])('of %d ms that stays opens and closes nothing either', (jumpMs) => {
    const watched = breached();
    watched.clock.jump(jumpMs);

    watched.keepSeeing(5 * hour, bad);
    watched.keepSeeing(11 * minute, good);

    expect(watched.kinds()).toEqual(['opened', 'closed']);
    expect(watched.records.breaches({})).toMatchObject([
      { durationMs: 5 * hour + 20 * minute + 15 * second },
    ]);
  });

  it('makes no age overdue', () => {
    const watched = new Watched([inForce('restore_test_age_seconds')]);
    const rows = [['storage', 1, { database: 'app' }]] as const;
    watched.see(0, rows);
    watched.see(31 * day - 30 * minute, rows);

    watched.clock.jump(hour);
    watched.keepSeeing(20 * minute, rows);
    const during = watched.only().state;
    watched.clock.jump(-hour);
    watched.keepSeeing(11 * minute, rows);

    expect(during).toBe('met');
    expect(watched.only().state).toBe('breached');
  });
});
