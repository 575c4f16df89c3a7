import { describe, expect, it } from 'vitest';
import { SteadyClock } from '../../../src/evaluate/steady-clock.ts';
import { hour, ManualClock, minute, second, start } from './judging.ts';

describe('SteadyClock', () => {
  it('tells the time of the wall clock', () => {
    const clock = new ManualClock();
    const steady = new SteadyClock(clock);

    clock.pass(minute);

    expect(steady.now()).toBe(start + minute);
  });

  it('tells whole milliseconds although the clock that only grows has fractions', () => {
    const clock = new ManualClock();
    const steady = new SteadyClock(clock);

    clock.pass(0.4);
    const before = [steady.now(), steady.monotonicMs()];
    clock.pass(0.3);

    expect(before).toEqual([start, 5_000]);
    expect([steady.now(), steady.monotonicMs()]).toEqual([start + 1, 5_001]);
  });

  it.each([hour, -hour])('does not follow a jump of %d ms that is put right within the hour', (jumpMs) => {
    const clock = new ManualClock();
    const steady = new SteadyClock(clock);

    clock.jump(jumpMs);
    const during: number[] = [];
    for (let passed = 0; passed < 60; passed += 1) {
      clock.pass(minute);
      during.push(steady.now());
    }
    clock.jump(-jumpMs);

    expect(during).toEqual(during.map((_, index) => start + (index + 1) * minute));
    expect(steady.now()).toBe(start + hour);
  });

  it('follows a wall clock that stays different for an hour and a half', () => {
    const clock = new ManualClock();
    const steady = new SteadyClock(clock);
    clock.jump(hour);
    steady.now();

    clock.pass(89 * minute);
    const before = steady.now();
    clock.pass(minute);

    expect(before).toBe(start + 89 * minute);
    expect(steady.now()).toBe(start + hour + 90 * minute);
  });

  it('starts to wait anew when the wall clock came back in between', () => {
    const clock = new ManualClock();
    const steady = new SteadyClock(clock);
    clock.jump(hour);
    steady.now();
    clock.pass(hour);
    clock.jump(-hour);
    steady.now();
    clock.jump(hour);
    steady.now();

    clock.pass(hour);

    expect(steady.now()).toBe(start + 2 * hour);
  });

  it('leaves the drift of a minute alone', () => {
    const clock = new ManualClock();
    const steady = new SteadyClock(clock);
    clock.jump(59 * second);
    steady.now();

    clock.pass(3 * hour);

    expect(steady.now()).toBe(start + 3 * hour);
  });
});
