import { describe, expect, it } from 'vitest';
import { TargetWatch } from '../../../src/collect/target-watch.ts';
import { CollectError } from '../../../src/core/errors.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import type { Target } from '../../../src/core/target.ts';
import { noTracing } from '../../../src/telemetry/tracing.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createFakeEngine, type FakeBehaviour, fakeTarget } from '../../support/fake-engine.ts';
import { createRecordingLog } from '../../support/recording-log.ts';

const never = new AbortController().signal;

function watchOf(behaviour: FakeBehaviour, overrides: Partial<Target> = {}) {
  const clock = new FakeClock();
  const log = createRecordingLog();
  const fake = createFakeEngine(behaviour);
  const published: Snapshot[] = [];
  const target = fakeTarget(overrides);
  const watch = new TargetWatch({
    target,
    engine: fake.engine,
    createCollector: () =>
      fake.engine.createCollector({
        target,
        options: {},
        history: {
          observeIndexes: () => Promise.resolve(),
          indexUsage: () => Promise.resolve([]),
          firstSeen: (_scope, _keys, at) => Promise.resolve({ baseline: at, times: new Map() }),
        },
        clock,
        random: () => 1,
        log,
        applicationName: 'reeve/test',
      }),
    publish: (snapshot) => published.push(snapshot),
    clock,
    random: () => 1,
    log,
    tracing: noTracing,
    redact: (text) => text.replaceAll('canary', '[secret]'),
  });
  const latest = (): Snapshot => {
    const snapshot = published.at(-1);
    if (snapshot === undefined) throw new Error('nothing was published');
    return snapshot;
  };
  return { watch, clock, log, fake, published, latest };
}

function valueOf(snapshot: Snapshot, name: string, ...labels: string[]): number | undefined {
  return snapshot.samples.find(
    (sample) => sample.metric.name === name && sample.labels.join() === labels.join(),
  )?.value;
}

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

    await watch.collect(never, true);

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
    const { watch, latest } = watchOf({
      slow: (context) => {
        context.record('size', 1, { room: 'hall' });
        context.record('size', 2, { room: 'hall' });
      },
    });

    await watch.collect(never);

    expect(latest().samples.filter(({ metric }) => metric.name === 'reeve_fake_size_bytes')).toHaveLength(1);
  });
});
