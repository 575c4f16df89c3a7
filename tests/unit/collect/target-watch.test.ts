import { describe, expect, it } from 'vitest';
import { CollectError } from '../../../src/core/errors.ts';
import { never, valueOf, watchOf } from './fake-watch.ts';

describe('TargetWatch', () => {
  it('publishes what every group gave, and that the target is up', async () => {
    const { watch, latest } = watchOf({
      fast: (context) => context.record('temperature', 21, {}),
      slow: (context) => context.record('size', 5, { room: 'hall' }),
    });

    await watch.collect(never);

    expect(valueOf(latest(), 'reeve_target_up')).toBe(1);
    expect(valueOf(latest(), 'reeve_fake_temperature')).toBe(21);
    expect(valueOf(latest(), 'reeve_fake_size_bytes', 'hall')).toBe(5);
  });

  it('publishes fast groups before slow ones are read', async () => {
    const { watch, published } = watchOf({
      fast: (context) => context.record('temperature', 21, {}),
      slow: () => expect(published).toHaveLength(1),
    });

    await watch.collect(never);

    expect(published).toHaveLength(2);
  });

  it('drops the values of a group that failed and keeps those of the others', async () => {
    const { watch, fake, latest } = watchOf({
      fast: (context) => context.record('temperature', 21, {}),
      slow: (context) => context.record('size', 5, { room: 'hall' }),
    });
    await watch.collect(never);
    fake.behaviour.fast = (context) => {
      context.record('temperature', 22, {});
      throw new CollectError('denied', 'no privilege');
    };
    fake.behaviour.slow = (context) => context.record('size', 6, { room: 'hall' });

    await watch.collect(never, { every: true, paid: false });

    expect(valueOf(latest(), 'reeve_target_up')).toBe(1);
    expect(valueOf(latest(), 'reeve_fake_temperature')).toBeUndefined();
    expect(valueOf(latest(), 'reeve_fake_size_bytes', 'hall')).toBe(6);
    expect(valueOf(latest(), 'reeve_collect_errors_total', 'fast', 'denied')).toBe(1);
  });

  it('keeps the subjects that were read when one of them fails', async () => {
    const { watch, latest } = watchOf({
      slow: async (context) => {
        for (const room of ['hall', 'cellar']) {
          await context.attempt(room, async (inner) => {
            inner.record('size', 5, { room });
            if (room === 'cellar') throw new CollectError('locked', 'the door is locked');
          });
        }
      },
    });

    await watch.collect(never);

    expect(latest().readings.find(({ group }) => group === 'slow')).toMatchObject({
      state: 'partial',
      errors: [{ subject: 'cellar', code: 'locked' }],
    });
    expect(valueOf(latest(), 'reeve_fake_size_bytes', 'hall')).toBe(5);
    expect(valueOf(latest(), 'reeve_fake_size_bytes', 'cellar')).toBeUndefined();
  });

  it('reads a slow group again only when its cadence has passed', async () => {
    let reads = 0;
    const { watch, clock } = watchOf({ slow: () => void (reads += 1) });

    await watch.collect(never);
    await clock.advance(15_000);
    await watch.collect(never);
    expect(reads).toBe(1);
    await clock.advance(45_000);
    await watch.collect(never);

    expect(reads).toBe(2);
  });

  it('reads slow groups of a fleet for the first time spread over a while, fast ones at once', async () => {
    const firstReads = await Promise.all(
      Array.from({ length: 40 }, async (_unused, index) => {
        let readAtMs = Number.NaN;
        const { watch, clock, latest } = watchOf(
          {
            slow: () => {
              readAtMs = clock.monotonicMs();
            },
          },
          { id: `target-${index}`, groups: { slow: { enabled: true, everyMs: 300_000 } } },
          200_000,
        );
        await watch.collect(never);
        expect(latest().readings.map(({ group }) => group)).toContain('fast');
        while (Number.isNaN(readAtMs)) {
          await clock.advance(15_000);
          await watch.collect(never);
        }
        return readAtMs;
      }),
    );

    expect(new Set(firstReads).size).toBeGreaterThan(8);
    expect(Math.max(...firstReads)).toBeLessThanOrEqual(200_000);
  });

  it('reads a group as often as the operator says, and not at all when it is switched off', async () => {
    const reads = { fast: 0, slow: 0 };
    const { watch, clock, latest } = watchOf(
      { fast: () => void (reads.fast += 1), slow: () => void (reads.slow += 1) },
      { groups: { slow: { enabled: true, everyMs: 15_000 }, fast: { enabled: false, everyMs: undefined } } },
    );

    await watch.collect(never);
    await clock.advance(15_000);
    await watch.collect(never);

    expect(reads).toEqual({ fast: 0, slow: 2 });
    expect(latest().readings.map(({ group }) => group)).toEqual(['slow']);
  });

  it('forgets a slow reading that was not renewed for two of its cadences', async () => {
    const { watch, clock, fake, latest } = watchOf({
      slow: (context) => context.record('size', 5, { room: 'hall' }),
    });
    await watch.collect(never);
    fake.behaviour.open = () => Promise.reject(new CollectError('unreachable', 'refused'));
    await clock.advance(131_000);
    await watch.collect(never);
    delete fake.behaviour.open;
    fake.behaviour.slow = () => {
      throw new CollectError('timeout', 'slow');
    };

    await watch.collect(never);

    expect(valueOf(latest(), 'reeve_fake_size_bytes', 'hall')).toBeUndefined();
  });

  it('says of each reading when it ended', async () => {
    const { watch, clock, latest } = watchOf({
      fast: (context) => clock.sleep(4_000, context.signal),
      slow: (context) => clock.sleep(2_000, context.signal),
    });
    const began = clock.now();

    const collecting = watch.collect(never);
    await clock.advance(6_000);
    await collecting;

    expect(latest().readings.map(({ group, at }) => [group, at - began])).toEqual([
      ['fast', 4_000],
      ['slow', 6_000],
    ]);
  });

  it('keeps a target within its series budget and counts what it drops', async () => {
    const { watch, latest } = watchOf(
      {
        slow: (context) => {
          for (let room = 0; room < 12; room += 1) context.record('size', room, { room: String(room) });
        },
      },
      { maxSeries: 10 },
    );

    await watch.collect(never);

    expect(latest().samples.filter(({ metric }) => metric.name === 'reeve_fake_size_bytes')).toHaveLength(10);
    expect(valueOf(latest(), 'reeve_series_dropped_total')).toBe(2);
  });

  it('never publishes one series twice', async () => {
    const { watch, latest, log } = watchOf({
      slow: (context) => {
        context.record('size', 1, { room: 'hall' });
        context.record('size', 2, { room: 'hall' });
      },
    });

    await watch.collect(never);

    expect(latest().samples.filter(({ metric }) => metric.name === 'reeve_fake_size_bytes')).toHaveLength(1);
    expect(valueOf(latest(), 'reeve_series_dropped_total')).toBe(0);
    expect(log.events.map(({ level, fields }) => [level, fields['metric']])).toEqual([
      ['error', 'reeve_fake_size_bytes'],
    ]);
  });
});
