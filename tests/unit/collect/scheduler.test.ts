import { describe, expect, it } from 'vitest';
import { Scheduler } from '../../../src/collect/scheduler.ts';
import { TargetWatch } from '../../../src/collect/target-watch.ts';
import { CollectError } from '../../../src/core/errors.ts';
import { noTracing } from '../../../src/telemetry/tracing.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  createFakeEngine,
  type FakeBehaviour,
  type FakeGroups,
  fakeTarget,
} from '../../support/fake-engine.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { testSurroundings } from '../../support/surroundings.ts';

function fleet(
  behaviourOf: (index: number) => FakeBehaviour,
  size: number,
  concurrency = 256,
  groups: FakeGroups = {},
) {
  const clock = new FakeClock();
  const log = createRecordingLog();
  const lateness: number[] = [];
  const scheduler = new Scheduler({ clock, log, concurrency, onLateness: (ms) => lateness.push(ms) });
  const fakes = Array.from({ length: size }, (_unused, index) =>
    createFakeEngine(behaviourOf(index), groups),
  );
  const watches = fakes.map(
    ({ engine }, index) =>
      new TargetWatch({
        target: fakeTarget({ id: `target-${index}` }),
        engine,
        createCollector: () => engine.createCollector(unusedInput(clock)),
        publish: () => undefined,
        clock,
        random: () => 0.5,
        log,
        tracing: noTracing,
        redact: (text) => text,
      }),
  );
  scheduler.add(watches);
  scheduler.start();
  return { clock, scheduler, lateness, fakes };
}

function unusedInput(clock: FakeClock) {
  return {
    target: fakeTarget(),
    options: {},
    history: {
      observeIndexes: () => Promise.resolve(),
      indexUsage: () => Promise.resolve([]),
      firstSeen: () => Promise.resolve({ baseline: 0, times: new Map<string, number>() }),
    },
    clock,
    random: () => 0.5,
    log: createRecordingLog(),
    ...testSurroundings(),
    applicationName: 'reeve/test',
  };
}

describe('Scheduler', () => {
  it('polls each target once an interval', async () => {
    const polls = [0, 0, 0];
    const { clock, scheduler } = fleet(
      (index) => ({ fast: () => void (polls[index] = (polls[index] ?? 0) + 1) }),
      3,
    );

    await clock.advance(150_000);
    await scheduler.close();

    for (const count of polls) expect(count).toBeGreaterThanOrEqual(10);
    for (const count of polls) expect(count).toBeLessThanOrEqual(12);
  });

  it('never has two polls of one target in flight', async () => {
    let inFlight = 0;
    let most = 0;
    const { clock, scheduler } = fleet(
      () => ({
        fast: async (context) => {
          inFlight += 1;
          most = Math.max(most, inFlight);
          await new Promise<void>((resolve) =>
            context.signal.addEventListener('abort', () => resolve(), { once: true }),
          );
          inFlight -= 1;
        },
      }),
      1,
    );

    await clock.advance(120_000);
    await scheduler.close();

    expect(most).toBe(1);
  });

  it('is not made late by one target that hangs', async () => {
    const { clock, scheduler, lateness } = fleet(
      (index) => (index === 0 ? { fast: () => new Promise(() => undefined) } : {}),
      50,
    );

    await clock.advance(120_000);
    const closing = scheduler.close();
    await clock.advance(2_000);
    await closing;

    expect(lateness.length).toBeGreaterThan(350);
    expect(Math.max(...lateness)).toBe(0);
  });

  it('keeps to its number of slots and hands them on in order', async () => {
    let inFlight = 0;
    let most = 0;
    const { clock, scheduler } = fleet(
      () => ({
        fast: async (context) => {
          inFlight += 1;
          most = Math.max(most, inFlight);
          await clock.sleep(500, context.signal);
          inFlight -= 1;
        },
      }),
      20,
      4,
    );

    await clock.advance(30_000);
    await scheduler.close();

    expect(most).toBe(4);
  });

  it('spreads the polls of a fleet over the interval', async () => {
    const seconds = new Set<number>();
    const { clock, scheduler } = fleet(
      () => ({ fast: () => void seconds.add(Math.floor(clock.monotonicMs() / 1_000) % 15) }),
      200,
    );

    await clock.advance(60_000);
    await scheduler.close();

    expect(seconds.size).toBe(15);
  });

  it('closes every collector and polls no more when it is closed', async () => {
    let polls = 0;
    const { clock, scheduler, fakes } = fleet(() => ({ fast: () => void (polls += 1) }), 3);
    await clock.advance(1_000);

    await scheduler.close();
    await clock.advance(60_000);

    expect(polls).toBe(3);
    expect(fakes.map(({ closed }) => closed())).toEqual([1, 1, 1]);
  });

  it('stops polling a target that was removed', async () => {
    const polls = [0, 0];
    const { clock, scheduler } = fleet(
      (index) => ({ fast: () => void (polls[index] = (polls[index] ?? 0) + 1) }),
      2,
    );
    await clock.advance(1_000);

    await scheduler.remove('target-0');
    await clock.advance(60_000);
    await scheduler.close();

    expect(polls[0]).toBe(1);
    expect(polls[1]).toBeGreaterThan(3);
  });

  it('collects again when the pause is over that a service asked for', async () => {
    const tries: number[] = [];
    const { clock, scheduler } = fleet(
      () => ({
        open: () => {
          tries.push(clock.monotonicMs());
          return Promise.reject(new CollectError('throttled', 'wait', { retryAfterMs: 200_000 }));
        },
      }),
      1,
    );

    await clock.advance(410_000);
    await scheduler.close();

    expect(tries).toEqual([0, 200_000, 400_000]);
  });

  const apart = { slow: { apartDeadlineMs: 60_000 } };

  it('holds no slot for what is read apart', async () => {
    let polls = 0;
    const { clock, scheduler, lateness } = fleet(
      () => ({
        fast: () => void (polls += 1),
        slow: (context) => clock.sleep(30_000, context.signal),
      }),
      3,
      1,
      apart,
    );

    await clock.advance(1_000);
    await scheduler.close();

    expect(polls).toBe(3);
    expect(Math.max(...lateness)).toBe(0);
  });

  it('gives up what is read apart of a target that was removed, before its last collection ends', async () => {
    const aborted: number[] = [];
    const polls: number[] = [];
    const { clock, scheduler, fakes } = fleet(
      () => ({
        fast: (context) => {
          polls.push(clock.monotonicMs());
          return polls.length === 1 ? undefined : clock.sleep(5_000, context.signal);
        },
        slow: async (context) => {
          await clock.sleep(50_000, context.signal).catch(() => aborted.push(clock.monotonicMs()));
        },
      }),
      1,
      1,
      apart,
    );
    while (polls.length < 2) await clock.advance(1_000);
    const removedAtMs = clock.monotonicMs();

    const removing = scheduler.remove('target-0');
    await clock.advance(5_000);
    await removing;
    await scheduler.close();

    expect(aborted).toEqual([removedAtMs]);
    expect(fakes.map(({ closed }) => closed())).toEqual([1]);
  });

  it.each(['heeds', 'ignores'] as const)('closes while something is read apart that %s it', async (how) => {
    const { clock, scheduler, fakes } = fleet(
      () => ({
        slow: (context) =>
          how === 'heeds' ? clock.sleep(50_000, context.signal) : new Promise(() => undefined),
      }),
      2,
      2,
      apart,
    );
    await clock.advance(1_000);

    const closing = scheduler.close();
    await clock.advance(how === 'heeds' ? 0 : 2_000);
    await closing;

    expect(fakes.map(({ closed }) => closed())).toEqual([1, 1]);
  });
});
