import { describe, expect, it } from 'vitest';
import { CollectError } from '../../../src/core/errors.ts';
import { never, valueOf, watchOf } from './fake-watch.ts';

const throttled = (retryAfterMs: number): CollectError =>
  new CollectError('throttled', 'too many requests', { retryAfterMs });

describe('TargetWatch, when the service asks for a pause', () => {
  it('does not try the target again before it is over', async () => {
    const { watch, clock, latest } = watchOf({ open: () => Promise.reject(throttled(200_000)) });

    await watch.collect(never);

    expect(latest().failure).toMatchObject({ code: 'throttled', retryAfterMs: 200_000 });
    expect(watch.notBeforeMs).toBe(clock.monotonicMs() + 200_000);
  });

  it('asks again after an hour, whatever the service says', async () => {
    const { watch, clock, fake } = watchOf({ open: () => Promise.reject(throttled(1e12)) });

    await watch.collect(never);
    expect(watch.notBeforeMs).toBe(clock.monotonicMs() + 3_600_000);
    delete fake.behaviour.open;
    await watch.collect(never);

    expect(watch.notBeforeMs).toBe(0);
  });

  it('leaves a fast group alone until it is over, and says of it what it knows: that it failed', async () => {
    let reads = 0;
    const { watch, clock, fake, latest } = watchOf({
      fast: () => {
        reads += 1;
        throw throttled(100_000);
      },
    });
    await watch.collect(never);
    const at = latest().readings[0]?.at;

    for (let second = 15; second < 100; second += 15) {
      await clock.advance(15_000);
      await watch.collect(never);
    }
    expect(reads).toBe(1);
    expect(latest().up).toBe(true);
    expect(latest().readings[0]).toMatchObject({ group: 'fast', state: 'failed', at });
    fake.behaviour.fast = (context) => context.record('temperature', 21, {});
    await clock.advance(15_000);
    await watch.collect(never);

    expect(valueOf(latest(), 'reeve_fake_temperature')).toBe(21);
  });

  it('lets the values of a fast group grow old, when only part of it is throttled', async () => {
    const { watch, clock, latest } = watchOf({
      fast: async (context) => {
        await context.attempt('north', async (inner) => inner.record('temperature', 21, {}));
        await context.attempt('south', () => Promise.reject(throttled(300_000)));
      },
    });
    await watch.collect(never);
    expect(valueOf(latest(), 'reeve_fake_temperature')).toBe(21);

    await clock.advance(60_000);
    await watch.collect(never);

    expect(valueOf(latest(), 'reeve_fake_temperature')).toBeUndefined();
  });

  it.each(['within', 'apart'] as const)('lets a slow group rest for as long, read %s', async (how) => {
    let reads = 0;
    const groups = { slow: how === 'apart' ? { apartDeadlineMs: 10_000 } : {} };
    const read = (): never => {
      reads += 1;
      throw throttled(300_000);
    };
    const { watch, clock } = watchOf({ slow: read }, {}, 0, { groups });

    for (let second = 0; second < 285; second += 15) {
      await watch.collect(never);
      await clock.advance(15_000);
    }
    await watch.collect(never, { every: true, paid: true });
    expect(reads).toBe(1);
    await clock.advance(15_000);
    await watch.collect(never, { every: true, paid: true });

    expect(reads).toBe(2);
  });
});
