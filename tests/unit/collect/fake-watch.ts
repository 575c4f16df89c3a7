import { TargetWatch, type WatchInput } from '../../../src/collect/target-watch.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import type { Target } from '../../../src/core/target.ts';
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

export const never = new AbortController().signal;

export interface MoreOfAWatch extends Pick<WatchInput, 'memory' | 'fingerprint' | 'apartTurns'> {
  readonly groups?: FakeGroups;
  /** Time goes on from another watch. */
  readonly clock?: FakeClock;
}

export function watchOf(
  behaviour: FakeBehaviour,
  overrides: Partial<Target> = {},
  slowSpreadMs = 0,
  { groups, clock = new FakeClock(), ...more }: MoreOfAWatch = {},
) {
  const log = createRecordingLog();
  const fake = createFakeEngine(behaviour, groups);
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
        ...testSurroundings(),
        applicationName: 'reeve/test',
      }),
    publish: (snapshot) => published.push(snapshot),
    clock,
    random: () => 1,
    log,
    tracing: noTracing,
    slowSpreadMs,
    redact: (text) => text.replaceAll('canary', '[secret]'),
    ...more,
  });
  const latest = (): Snapshot => {
    const snapshot = published.at(-1);
    if (snapshot === undefined) throw new Error('nothing was published');
    return snapshot;
  };
  return { watch, clock, log, fake, published, latest };
}

export function valueOf(snapshot: Snapshot, name: string, ...labels: string[]): number | undefined {
  return snapshot.samples.find(
    (sample) => sample.metric.name === name && sample.labels.join() === labels.join(),
  )?.value;
}
