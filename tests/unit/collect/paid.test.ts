import { describe, expect, it } from 'vitest';
import { CollectError, type CollectErrorCode } from '../../../src/core/errors.ts';
import type { Memory } from '../../../src/core/ports/memory.ts';
import { createForgetfulMemory } from '../../../src/store/forgetful-store.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import type { FakeGroups } from '../../support/fake-engine.ts';
import { type MoreOfAWatch, never, valueOf, watchOf } from './fake-watch.ts';

const hourMs = 3_600_000;
const paid: FakeGroups = { slow: { everyMs: hourMs, paidEveryMs: hourMs } };
const size = 'reeve_fake_size_bytes';

interface Answer {
  value: number;
  error: CollectErrorCode | undefined;
  takesMs: number;
}

/** A process that watches a target with a group that costs money, from the given time on. */
function processWith(more: MoreOfAWatch) {
  let reads = 0;
  const { watch, fake, ...rest } = watchOf({}, {}, 0, { groups: paid, ...more });
  const answer: Answer = { value: 5, error: undefined, takesMs: 0 };
  fake.behaviour.slow = async (context) => {
    reads += 1;
    if (answer.takesMs > 0) await rest.clock.sleep(answer.takesMs, context.signal);
    if (answer.error !== undefined) throw new CollectError(answer.error, 'no');
    context.record('size', answer.value, { room: 'hall' }, 7);
    context.find({ code: 'big', severity: 'info', subject: 'hall', message: 'big', remedy: 'less' });
    context.detail('rooms', [{ room: 'hall', doors: ['north'], size: answer.value, empty: null }]);
  };
  const collectFor = async (minutes: number): Promise<number> => {
    const before = reads;
    for (let second = 0; second < minutes * 60; second += 15) {
      await watch.collect(never);
      await rest.clock.advance(15_000);
    }
    return reads - before;
  };
  return { ...rest, watch, fake, answer, collectFor, reads: () => reads };
}

/** The same machine later, after a restart: monotonic time begins anew. */
function laterClock(clock: FakeClock, byMs = 0): FakeClock {
  return new FakeClock(clock.now() + byMs);
}

describe('TargetWatch, with a group that costs money', () => {
  it('reads it no more often than the engine allows, whatever the operator wants', async () => {
    let reads = 0;
    const { watch, clock } = watchOf(
      { slow: () => void (reads += 1) },
      { groups: { slow: { enabled: true, everyMs: 60_000 } } },
      0,
      { groups: paid },
    );

    for (let second = 0; second < 3_600; second += 15) {
      await watch.collect(never);
      await clock.advance(second === 3_585 ? 14_000 : 15_000);
    }
    await watch.collect(never);
    expect(reads).toBe(1);
    await clock.advance(1_000);
    await watch.collect(never);

    expect(reads).toBe(2);
  });

  it('leaves it out of a reading of every group unless asked to pay', async () => {
    const { watch, reads, latest } = processWith({});

    await watch.collect(never, { every: true, paid: false });
    expect(reads()).toBe(0);
    expect(latest().readings.map(({ group }) => group)).toEqual(['fast']);
    await watch.collect(never, { every: true, paid: true });

    expect(reads()).toBe(1);
  });

  it('tells the reading of the process before, of its own time, and reads again when it is due', async () => {
    const memory = createForgetfulMemory();
    const before = processWith({ memory });
    await before.watch.collect(never);
    const first = before.latest().readings.at(-1);
    await before.watch.close();

    const after = processWith({ memory, clock: laterClock(before.clock, 20 * 60_000) });
    await after.watch.collect(never);

    expect(after.reads()).toBe(0);
    expect(after.latest().readings.at(-1)).toEqual(first);
    expect(after.latest().samples.find(({ metric }) => metric.name === size)).toMatchObject({
      labels: ['hall'],
      value: 5,
      basis: 7,
    });
    expect(valueOf(after.latest(), 'reeve_collect_last_success_timestamp_seconds', 'slow')).toBe(
      (first?.at ?? 0) / 1_000,
    );
    expect(await after.collectFor(40)).toBe(0);
    expect(await after.collectFor(1)).toBe(1);
  });

  it('does not tell a remembered reading that is too old, and reads at once', async () => {
    const memory = createForgetfulMemory();
    const before = processWith({ memory });
    await before.watch.collect(never);

    const after = processWith({ memory, clock: laterClock(before.clock, 3 * hourMs) });
    await after.watch.collect(never);

    expect(after.reads()).toBe(1);
    expect(after.published.map(({ readings }) => readings.map(({ group }) => group))).toEqual([
      ['fast'],
      ['fast', 'slow'],
    ]);
  });

  it('is due within its cadence although the clock was set back', async () => {
    const memory = createForgetfulMemory();
    const before = processWith({ memory });
    await before.watch.collect(never);

    const after = processWith({ memory, clock: laterClock(before.clock, -48 * hourMs) });

    expect(await after.collectFor(60)).toBe(0);
    expect(await after.collectFor(1)).toBe(1);
  });

  it('drops values of another configuration and holds the cadence all the same', async () => {
    const memory = createForgetfulMemory();
    const before = processWith({ memory, fingerprint: 'project a' });
    await before.watch.collect(never);

    const after = processWith({ memory, fingerprint: 'project b', clock: before.clock });
    await after.watch.collect(never);

    expect(valueOf(after.latest(), size, 'hall')).toBeUndefined();
    expect(await after.collectFor(60)).toBe(0);
    expect(await after.collectFor(1)).toBe(1);
  });

  it.each([
    ['is not JSON', () => '{'],
    ['has another shape', () => '{"fingerprint":"","triedAt":"yesterday"}'],
  ])('reads anew when what is remembered %s', async (_what, text) => {
    const memory = createForgetfulMemory();
    memory.write('reading:slow', text());

    const { watch, reads } = processWith({ memory });
    await watch.collect(never);

    expect(reads()).toBe(1);
  });

  it.each([
    ['is gone', (text: string) => text.replace('"metric":"size"', '"metric":"weight"')],
    ['has other labels', (text: string) => text.replace('"labels":["hall"]', '"labels":["hall","north"]')],
  ])('drops a remembered reading when a metric of it %s, and holds the cadence', async (_what, change) => {
    const memory = createForgetfulMemory();
    const before = processWith({ memory });
    await before.watch.collect(never);
    memory.write('reading:slow', change(memory.read('reading:slow') ?? ''));

    const after = processWith({ memory, clock: before.clock });
    await after.watch.collect(never);

    expect(after.reads()).toBe(0);
    expect(after.latest().readings).toMatchObject([
      { group: 'fast' },
      { group: 'slow', state: 'failed', samples: [], errors: [{ code: 'throttled' }] },
    ]);
  });

  it('says why nothing is known of a first reading that the end of the agent cut off, and when the next is', async () => {
    const memory = createForgetfulMemory();
    const before = processWith({ memory });
    before.answer.takesMs = 5_000;
    const shutdown = new AbortController();
    const collecting = before.watch.collect(shutdown.signal);
    await before.clock.advance(1_000);
    shutdown.abort();
    await collecting;

    const after = processWith({ memory, clock: before.clock });
    await after.watch.collect(never);

    expect(after.latest().readings.find(({ group }) => group === 'slow')?.errors).toEqual([
      {
        subject: '',
        code: 'throttled',
        message:
          'nothing is remembered of the reading begun at 2026-01-01T00:00:00.000Z: cut off, too long, or of another configuration; each costs money, so the next is at 2026-01-01T01:00:00.000Z',
      },
    ]);
    expect(await after.collectFor(59)).toBe(0);
    expect(after.latest().readings.map(({ group }) => group)).toEqual(['fast', 'slow']);
    expect(await after.collectFor(2)).toBe(1);
  });

  it.each([
    ['of a day that no calendar has', '"at":1e300'],
    ['before time began', '"at":-5'],
  ])('reads anew when a remembered time is %s', async (_what, at) => {
    const memory = createForgetfulMemory();
    await processWith({ memory }).watch.collect(never);
    memory.write('reading:slow', (memory.read('reading:slow') ?? '').replace(/"at":\d+/, at));

    const { watch, reads } = processWith({ memory });
    await watch.collect(never);

    expect(reads()).toBe(1);
  });

  it.each(['shutdown', 'reload'] as const)(
    'does not pay again for a reading that a %s cut off, and still tells the one before',
    async (how) => {
      const memory = createForgetfulMemory();
      const groups = { slow: { ...paid.slow, apartDeadlineMs: 60_000 } };
      const before = processWith({ memory, groups });
      await before.watch.collect(never);
      await before.clock.advance(hourMs);
      before.answer.value = 6;
      before.answer.takesMs = 30_000;
      const shutdown = new AbortController();
      await before.watch.collect(shutdown.signal);
      await before.clock.advance(10_000);
      if (how === 'shutdown') shutdown.abort();
      else before.watch.retire();

      const after = processWith({ memory, groups, clock: before.clock });
      await before.watch.close();
      await after.watch.collect(never);

      expect([before.reads(), after.reads()]).toEqual([2, 0]);
      expect(valueOf(after.latest(), size, 'hall')).toBe(5);
      expect(await after.collectFor(59)).toBe(0);
      expect(await after.collectFor(2)).toBe(1);
    },
  );

  it.each([
    ['timeout', 1],
    ['denied', 1],
    ['internal', 1],
    ['unreachable', 6],
    ['throttled', 6],
  ] as const)(
    'tries again after %s only where nothing was spent: %d times in an hour',
    async (code, times) => {
      const { answer, collectFor } = processWith({});
      answer.error = code;

      expect(await collectFor(59)).toBe(times);
    },
  );

  it('has on disk that it pays before it does', async () => {
    const memory = createForgetfulMemory();
    const written: unknown[] = [];
    const { watch, fake, answer } = processWith({
      memory: {
        read: (key) => memory.read(key),
        write: (key, value, when) => {
          written.push(when);
          memory.write(key, value);
        },
      },
    });
    const read = fake.behaviour.slow;
    fake.behaviour.slow = (context) => {
      written.push('paid');
      return read?.(context);
    };
    answer.error = 'timeout';

    await watch.collect(never);

    expect(written).toEqual(['now', 'paid', undefined]);
  });

  it('never tries again within a minute, nor after a restart', async () => {
    const memory = createForgetfulMemory();
    const before = processWith({ memory });
    before.answer.error = 'unreachable';
    await before.watch.collect(never);

    const after = processWith({ memory, clock: laterClock(before.clock, 20_000) });
    await after.watch.collect(never);
    expect(after.reads()).toBe(0);
    expect(after.latest().readings.at(-1)).toMatchObject({ group: 'slow', state: 'failed' });
    expect(await after.collectFor(2)).toBe(1);
  });

  it('remembers when it paid although the reading is too long to remember', async () => {
    const small = createForgetfulMemory();
    const memory: Memory = {
      read: (key) => small.read(key),
      write: (key, value) => {
        if (value.includes('samples')) throw new RangeError('longer than 1 MiB');
        small.write(key, value);
      },
    };
    const before = processWith({ memory });
    await before.watch.collect(never);
    expect(before.log.events.map(({ message }) => message)).toEqual([
      'reading is not remembered over restarts',
    ]);

    expect(await before.collectFor(61)).toBe(1);

    const after = processWith({ memory, clock: before.clock });

    expect(await after.collectFor(58)).toBe(0);
    expect(await after.collectFor(2)).toBe(1);
    expect(before.log.events).toHaveLength(1);
  });

  it('does not pay again for a reading that was discarded with its collector', async () => {
    const groups = { slow: { ...paid.slow, apartDeadlineMs: 60_000 } };
    const { watch, clock, answer, fake, collectFor, reads, latest } = processWith({ groups });
    answer.takesMs = 30_000;
    await watch.collect(never);
    fake.behaviour.fast = () => new Promise(() => undefined);
    const collecting = watch.collect(never);
    await clock.advance(12_000);
    await collecting;
    delete fake.behaviour.fast;

    expect(await collectFor(59)).toBe(0);
    expect(latest().up).toBe(true);
    expect(await collectFor(2)).toBe(1);
    expect(reads()).toBe(2);
  });
});
