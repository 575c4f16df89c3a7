import { describe, expect, it } from 'vitest';
import { CollectError } from '../../../src/core/errors.ts';
import { never, valueOf, watchOf } from './fake-watch.ts';

describe('TargetWatch, when something goes wrong', () => {
  it('says that the target is down and tells no values when it cannot be reached', async () => {
    const { watch, fake, latest } = watchOf({ fast: (context) => context.record('temperature', 21, {}) });
    await watch.collect(never);
    fake.behaviour.open = () => Promise.reject(new CollectError('unreachable', 'refused: canary'));

    await watch.collect(never);

    expect(latest().up).toBe(false);
    expect(latest().failure).toEqual({ subject: '', code: 'unreachable', message: 'refused: [secret]' });
    expect(valueOf(latest(), 'reeve_target_up')).toBe(0);
    expect(valueOf(latest(), 'reeve_fake_temperature')).toBeUndefined();
    expect(valueOf(latest(), 'reeve_collect_errors_total', 'target', 'unreachable')).toBe(1);
  });

  it('counts a connection lost in the middle of a collection as down', async () => {
    const { watch, latest } = watchOf({
      fast: () => {
        throw new CollectError('unreachable', 'connection lost');
      },
    });

    await watch.collect(never);

    expect(latest().up).toBe(false);
    expect(valueOf(latest(), 'reeve_target_up')).toBe(0);
  });

  it('tries a slow group again early only when the reason may pass, and less and less often', async () => {
    const reads: number[] = [];
    const { watch, clock, fake } = watchOf({}, { groups: { slow: { enabled: true, everyMs: 3_600_000 } } });
    const collectFor = async (minutes: number): Promise<number> => {
      reads.length = 0;
      for (let second = 0; second < minutes * 60; second += 15) {
        await watch.collect(never);
        await clock.advance(15_000);
      }
      return reads.length;
    };

    fake.behaviour.slow = () => {
      reads.push(clock.monotonicMs());
      throw new CollectError('timeout', 'too big');
    };
    const passing = await collectFor(30);
    fake.behaviour.slow = () => {
      reads.push(clock.monotonicMs());
      throw new CollectError('denied', 'no privilege');
    };
    await collectFor(60);
    const lasting = await collectFor(59);

    // At once, then after 1.5, 3, 6 and 12 minutes: each step half again as long as its middle, by the fake dice.
    expect(passing).toBe(5);
    expect(lasting).toBeLessThanOrEqual(1);
  });

  it('counts a connection lost behind a group that needed none as down', async () => {
    const { watch, latest } = watchOf(
      {
        fast: (context) => context.record('temperature', 21, {}),
        slow: () => {
          throw new CollectError('unreachable', 'terminated by the administrator');
        },
      },
      { groups: { slow: { enabled: true, everyMs: 0 } } },
    );

    await watch.collect(never);

    expect(latest().failure).toMatchObject({ code: 'unreachable' });
    expect(valueOf(latest(), 'reeve_target_up')).toBe(0);
    expect(valueOf(latest(), 'reeve_fake_temperature')).toBeUndefined();
  });

  it('backs off from a target that opens and cannot be read, and says so once', async () => {
    const { watch, log } = watchOf({
      fast: () => {
        throw new CollectError('unreachable', 'connection lost');
      },
    });
    const delays: number[] = [];

    for (let failure = 0; failure < 4; failure += 1) {
      await watch.collect(never);
      delays.push(watch.nextDelayMs());
    }

    expect(delays).toEqual([30_000, 60_000, 60_000, 60_000]);
    expect(log.events.map(({ message, fields }) => [message, fields['group']])).toEqual([
      ['reading failed', 'fast'],
      ['reading failed', 'target'],
    ]);
  });

  it('hears nothing more of a collection that was left behind', async () => {
    const opened = Promise.withResolvers<void>();
    const { watch, clock, log, published } = watchOf({ open: () => opened.promise });

    const collecting = watch.collect(never);
    await clock.advance(12_000);
    await collecting;
    const delayMs = watch.nextDelayMs();
    opened.resolve();
    await clock.advance(1_000);

    expect(published).toHaveLength(1);
    expect(watch.nextDelayMs()).toBe(delayMs);
    expect(log.events.map(({ message }) => message)).toEqual(['reading failed']);
  });

  it('gives up a collection that hangs at its deadline', async () => {
    const { watch, clock, latest } = watchOf({
      fast: (context) =>
        new Promise((_resolve, reject) => {
          context.signal.addEventListener('abort', () => reject(context.signal.reason), { once: true });
        }),
    });

    const collecting = watch.collect(never);
    await clock.advance(10_000);
    await collecting;

    expect(latest().up).toBe(false);
    expect(valueOf(latest(), 'reeve_collect_errors_total', 'fast', 'timeout')).toBe(1);
  });

  it('abandons a collector that does not heed its deadline, and makes another', async () => {
    const { watch, clock, fake, latest } = watchOf({ fast: () => new Promise(() => undefined) });

    const collecting = watch.collect(never);
    await clock.advance(12_000);
    await collecting;
    fake.behaviour.fast = (context) => context.record('temperature', 21, {});
    expect(latest().up).toBe(false);
    await watch.collect(never);

    expect(fake.created()).toBe(2);
    expect(fake.closed()).toBe(1);
    expect(valueOf(latest(), 'reeve_fake_temperature')).toBe(21);
  });

  it('does not call a target down because the agent is stopping', async () => {
    const { watch, published } = watchOf({
      open: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new CollectError('timeout', 'aborted')), {
            once: true,
          });
        }),
    });
    const shutdown = new AbortController();

    const collecting = watch.collect(shutdown.signal);
    await new Promise((resolve) => void setImmediate(resolve));
    shutdown.abort();
    await collecting;

    expect(published).toHaveLength(0);
  });

  it('logs a failure when it begins and when it ends, without secrets, and not in between', async () => {
    const { watch, fake, log } = watchOf({
      open: () => Promise.reject(new CollectError('denied', 'password canary refused')),
    });

    await watch.collect(never);
    await watch.collect(never);
    delete fake.behaviour.open;
    await watch.collect(never);

    expect(log.events.map(({ message }) => message)).toEqual(['reading failed', 'reading recovered']);
    expect(JSON.stringify(log.events)).not.toContain('canary');
  });

  it('waits longer after each failure to reach the target, and longest after a denial', async () => {
    const { watch, fake } = watchOf({ open: () => Promise.reject(new CollectError('denied', 'no')) });
    const delays: number[] = [];

    for (let failure = 0; failure < 6; failure += 1) {
      await watch.collect(never);
      delays.push(watch.nextDelayMs());
    }
    delete fake.behaviour.open;
    await watch.collect(never);

    expect(delays).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    expect(watch.nextDelayMs()).toBe(15_000);
  });
});
