import { describe, expect, it } from 'vitest';
import { createSystemClock, systemRandom } from '../../../src/telemetry/clock.ts';

describe('createSystemClock', () => {
  it('rejects a sleep with the reason of the signal', async () => {
    const controller = new AbortController();
    const sleeping = createSystemClock().sleep(60_000, controller.signal);
    const reason = new Error('shutting down');

    controller.abort(reason);

    await expect(sleeping).rejects.toBe(reason);
  });

  it('does not begin a sleep under an aborted signal', async () => {
    const reason = new Error('too late');

    await expect(createSystemClock().sleep(0, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('wakes up', async () => {
    const clock = createSystemClock();
    const before = clock.monotonicMs();

    await clock.sleep(2, new AbortController().signal);

    expect(clock.monotonicMs()).toBeGreaterThan(before);
  });
});

describe('systemRandom', () => {
  it('gives numbers from 0 up to 1', () => {
    const value = systemRandom();

    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(1);
  });
});
