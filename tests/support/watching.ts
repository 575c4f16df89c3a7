import { stringify } from 'yaml';
import { TargetWatch } from '../../src/collect/target-watch.ts';
import { parseConfig } from '../../src/config/load-config.ts';
import type { Engine } from '../../src/core/engine.ts';
import type { History } from '../../src/core/ports/history.ts';
import type { Memory } from '../../src/core/ports/memory.ts';
import type { Sample } from '../../src/core/sample.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { createMemoryHistory } from '../../src/store/memory-history.ts';
import { createSystemClock, systemRandom } from '../../src/telemetry/clock.ts';
import { noTracing } from '../../src/telemetry/tracing.ts';
import { createRecordingLog, type RecordingLog } from './recording-log.ts';
import { testSurroundings } from './surroundings.ts';

export interface WatchRequest {
  readonly engine: Engine;
  /** A target as in reeve.yaml, without its engine; `id` defaults to `watched`. */
  readonly target: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly history?: History;
  /** What outlives the watching. */
  readonly memory?: Memory;
}

/** One target, collected when the test says so; everything but the scheduler is the real thing. */
export interface Watching extends AsyncDisposable {
  readonly watch: TargetWatch;
  readonly log: RecordingLog;
  /** Takes a collection, of all groups, those that cost money too, unless told otherwise, and returns its snapshot. */
  collect(every?: boolean): Promise<Snapshot>;
  latest(): Snapshot;
}

export function watchTarget(request: WatchRequest): Watching {
  const { engine } = request;
  const text = stringify({ targets: [{ id: 'watched', engine: engine.id, ...request.target }] });
  const config = parseConfig(text, {
    path: 'reeve.yaml',
    env: request.env ?? {},
    engines: new Map([[engine.id, engine]]),
  });
  const configured = config.targets[0];
  if (configured === undefined) throw new Error('the target is not in this shard');
  const { target, options } = configured;
  const clock = createSystemClock();
  const log = createRecordingLog();
  const surroundings = testSurroundings(request.memory === undefined ? {} : { memory: request.memory });
  const history = request.history ?? createMemoryHistory();
  let latest: Snapshot | undefined;
  const watch = new TargetWatch({
    target,
    engine,
    createCollector: () =>
      engine.createCollector({
        target,
        options,
        history,
        clock,
        random: systemRandom,
        log,
        ...surroundings,
        applicationName: 'reeve/test',
      }),
    publish: (snapshot) => {
      latest = snapshot;
    },
    clock,
    random: systemRandom,
    log,
    tracing: noTracing,
    redact: config.redact,
  });
  const current = (): Snapshot => {
    if (latest === undefined) throw new Error('nothing was published yet');
    return latest;
  };
  return {
    watch,
    log,
    latest: current,
    collect: async (every = true) => {
      await watch.collect(new AbortController().signal, every ? { every, paid: true } : undefined);
      return current();
    },
    [Symbol.asyncDispose]: () => watch.close(),
  };
}

/** The samples of one metric. */
export function samplesOf(snapshot: Snapshot, name: string): readonly Sample[] {
  return snapshot.samples.filter(({ metric }) => metric.name === name);
}

/** The value of the series with exactly these labels (in any order, others absent); undefined when there is none. */
export function valueOf(
  snapshot: Snapshot,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  return samplesOf(snapshot, name).find((sample) =>
    Object.keys(sample.metric.labels).every((label, index) => sample.labels[index] === (labels[label] ?? '')),
  )?.value;
}
