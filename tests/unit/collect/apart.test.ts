import { describe, expect, it } from 'vitest';
import { ApartTurns } from '../../../src/collect/apart-turns.ts';
import { CollectError } from '../../../src/core/errors.ts';
import { type FakeContext } from '../../support/fake-engine.ts';
import { type MoreOfAWatch, never, valueOf, watchOf } from './fake-watch.ts';

const apart: MoreOfAWatch = { groups: { slow: { apartDeadlineMs: 40_000 } } };

/** Takes the given time, or until the signal says otherwise. */
const sizeAfter =
  (clock: () => { sleep(ms: number, signal: AbortSignal): Promise<void> }, durationMs: number) =>
  async (context: FakeContext): Promise<void> => {
    await clock().sleep(durationMs, context.signal);
    context.record('size', 5, { room: 'hall' });
  };

function slowly(durationMs: number, more: MoreOfAWatch = apart) {
  let reads = 0;
  const watching = watchOf({}, {}, 0, more);
  const read = sizeAfter(() => watching.clock, durationMs);
  watching.fake.behaviour.fast = (context) => context.record('temperature', 21, {});
  watching.fake.behaviour.slow = (context) => {
    reads += 1;
    return read(context);
  };
  return { ...watching, reads: () => reads };
}

const size = 'reeve_fake_size_bytes';

describe('TargetWatch, with a group that is read apart', () => {
  it('ends the collection without it and publishes it when it has been read', async () => {
    const { watch, clock, published, latest } = slowly(30_000);

    await watch.collect(never);
    expect(latest().up).toBe(true);
    expect(valueOf(latest(), size, 'hall')).toBeUndefined();
    await clock.advance(30_000);

    expect(valueOf(latest(), size, 'hall')).toBe(5);
    expect(valueOf(latest(), 'reeve_fake_temperature')).toBe(21);
    expect(valueOf(latest(), 'reeve_collect_duration_seconds', 'slow')).toBe(30);
    expect(published).toHaveLength(2);
  });

  it('goes on reading fast groups meanwhile, and never reads it twice at once', async () => {
    const { watch, clock, latest, reads } = slowly(30_000);

    await watch.collect(never);
    await clock.advance(15_000);
    await watch.collect(never);
    const all = watch.collect(never, { every: true, paid: false });
    await clock.advance(15_000);
    await all;

    expect(reads()).toBe(1);
    expect(latest().readings.map(({ group }) => group)).toEqual(['fast', 'slow']);
  });

  it('gives it up at its own deadline, not at that of the collection', async () => {
    const { watch, clock, latest } = slowly(50_000);

    await watch.collect(never);
    await clock.advance(39_000);
    expect(valueOf(latest(), 'reeve_collect_errors_total', 'slow', 'timeout')).toBeUndefined();
    await clock.advance(1_000);

    expect(latest().up).toBe(true);
    expect(latest().readings.map(({ group, state }) => [group, state])).toEqual([
      ['fast', 'ok'],
      ['slow', 'failed'],
    ]);
    expect(valueOf(latest(), 'reeve_collect_errors_total', 'slow', 'timeout')).toBe(1);
  });

  it('leaves one that does not heed its deadline behind, and begins it again only when it has ended', async () => {
    const hung = Promise.withResolvers<void>();
    const { watch, clock, fake, latest, log } = slowly(1);
    let reads = 0;
    fake.behaviour.slow = (context) => {
      reads += 1;
      if (reads > 1) context.record('size', 6, { room: 'hall' });
      return reads > 1 ? undefined : hung.promise;
    };

    await watch.collect(never);
    await clock.advance(42_000);
    expect(latest()).toMatchObject({ up: true });
    expect(latest().readings.at(-1)?.errors).toMatchObject([
      { code: 'timeout', message: expect.stringContaining('left behind') },
    ]);
    expect(log.events.map(({ message }) => message)).toEqual(['reading failed']);
    await clock.advance(600_000);
    await watch.collect(never);
    expect(reads).toBe(1);
    expect(latest().up).toBe(true);
    hung.resolve();
    await clock.advance(0);
    await watch.collect(never);
    await clock.advance(0);

    expect(reads).toBe(2);
    expect(valueOf(latest(), size, 'hall')).toBe(6);
    expect(fake.created()).toBe(1);
  });

  it('reads several of one target one after the other', async () => {
    let inFlight = 0;
    let most = 0;
    const { watch, clock, fake, latest } = watchOf({}, {}, 0, {
      groups: {
        fast: { everyMs: 60_000, apartDeadlineMs: 40_000 },
        slow: { apartDeadlineMs: 40_000 },
      },
    });
    const read = async (context: FakeContext): Promise<void> => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await clock.sleep(30_000, context.signal);
      inFlight -= 1;
    };
    fake.behaviour.fast = read;
    fake.behaviour.slow = read;

    await watch.collect(never);
    await clock.advance(60_000);

    expect(most).toBe(1);
    expect(latest().readings.map(({ group, state }) => [group, state])).toEqual([
      ['fast', 'ok'],
      ['slow', 'ok'],
    ]);
  });

  it('reads other slow groups within the collection, as ever', async () => {
    const reads: string[] = [];
    const { watch, clock } = watchOf(
      {
        fast: async (context) => {
          reads.push('apart');
          await clock.sleep(30_000, context.signal);
        },
        slow: () => void reads.push('within'),
      },
      {},
      0,
      { groups: { fast: { everyMs: 60_000, apartDeadlineMs: 40_000 } } },
    );

    await watch.collect(never);
    await clock.advance(30_000);

    expect(reads.toSorted()).toEqual(['apart', 'within']);
  });

  it('discards what a collector reads that was abandoned meanwhile, and reads it again', async () => {
    const { watch, clock, fake, latest, reads } = slowly(30_000);
    await watch.collect(never);
    fake.behaviour.fast = () => new Promise(() => undefined);

    const collecting = watch.collect(never);
    await clock.advance(12_000);
    await collecting;
    expect(latest().up).toBe(false);
    await clock.advance(60_000);
    delete fake.behaviour.fast;
    await watch.collect(never);

    expect(valueOf(latest(), size, 'hall')).toBeUndefined();
    expect(reads()).toBe(2);
    await clock.advance(30_000);
    expect(valueOf(latest(), size, 'hall')).toBe(5);
  });

  it('keeps what was read of a target that went down meanwhile, and tells it when the target is up again', async () => {
    const { watch, clock, fake, latest } = slowly(30_000);
    await watch.collect(never);
    fake.behaviour.open = () => Promise.reject(new CollectError('unreachable', 'refused'));
    await watch.collect(never);

    await clock.advance(30_000);
    expect(latest().up).toBe(false);
    expect(valueOf(latest(), size, 'hall')).toBeUndefined();
    delete fake.behaviour.open;
    await watch.collect(never);

    expect(valueOf(latest(), size, 'hall')).toBe(5);
  });

  it('aborts it and publishes nothing more when it is closed', async () => {
    const { watch, clock, fake, published } = slowly(30_000);
    await watch.collect(never);

    await watch.close();
    await clock.advance(60_000);

    expect(published).toHaveLength(1);
    expect(fake.closed()).toBe(1);
  });

  it('closes in bounded time although it hangs', async () => {
    const { watch, clock, fake, published } = slowly(1);
    fake.behaviour.slow = () => new Promise(() => undefined);
    await watch.collect(never);

    const closing = watch.close();
    await clock.advance(1_000);
    expect(fake.closed()).toBe(0);
    await clock.advance(1_000);
    await closing;

    expect(fake.closed()).toBe(1);
    expect(published).toHaveLength(1);
  });

  it('ends with the agent and says nothing of it', async () => {
    const { watch, clock, published, log } = slowly(30_000);
    const shutdown = new AbortController();
    await watch.collect(shutdown.signal);

    shutdown.abort();
    await clock.advance(60_000);

    expect(published).toHaveLength(1);
    expect(log.events).toEqual([]);
  });

  it('waits for it when every group is asked for', async () => {
    const { watch, clock, latest } = slowly(30_000);

    let hasEnded = false;
    const collectAll = async (): Promise<void> => {
      await watch.collect(never, { every: true, paid: false });
      hasEnded = true;
    };
    const collecting = collectAll();
    await clock.advance(29_000);
    expect(hasEnded).toBe(false);
    await clock.advance(1_000);
    await collecting;

    expect(valueOf(latest(), size, 'hall')).toBe(5);
  });

  it('is read beside collections even where the operator wants it at every one', async () => {
    const { watch, clock, fake, published } = watchOf(
      {},
      { groups: { slow: { enabled: true, everyMs: 0 } } },
      0,
      apart,
    );
    fake.behaviour.slow = sizeAfter(() => clock, 12_000);

    await watch.collect(never);
    await clock.advance(12_000);

    expect(published).toHaveLength(2);
  });

  it('takes its turn among all targets', async () => {
    const apartTurns = new ApartTurns(1);
    const one = slowly(30_000, { ...apart, apartTurns });
    const other = slowly(30_000, { ...apart, apartTurns, clock: one.clock });
    const third = slowly(30_000, { ...apart, apartTurns, clock: one.clock });
    for (const { watch } of [one, other, third]) await watch.collect(never);

    await one.clock.advance(1_000);
    expect([one, other, third].map(({ reads }) => reads())).toEqual([1, 0, 0]);
    await other.watch.close();
    await one.clock.advance(30_000);

    expect([one, other, third].map(({ reads }) => reads())).toEqual([1, 0, 1]);
  });
});
