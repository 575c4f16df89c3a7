import { createPostgresCollector } from '../../../collectors/postgres/collector.ts';
import type { PostgresOptions } from '../../../collectors/postgres/config.ts';
import type { PostgresGroup } from '../../../collectors/postgres/groups.ts';
import { postgresMetrics } from '../../../collectors/postgres/metrics.ts';
import { readGroup } from '../../../src/collect/group-context.ts';
import type { CheckItem } from '../../../src/core/check-item.ts';
import type { Clock } from '../../../src/core/ports/clock.ts';
import type { History } from '../../../src/core/ports/history.ts';
import type { Sample } from '../../../src/core/sample.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { GroupReading } from '../../../src/core/snapshot.ts';
import type { ServerIdentity, Target } from '../../../src/core/target.ts';
import { createMemoryHistory } from '../../../src/store/memory-history.ts';
import { createSystemClock } from '../../../src/telemetry/clock.ts';
import { createRecordingLog } from '../recording-log.ts';
import { testSurroundings } from '../surroundings.ts';

/** One target read by hand, as the scheduler would. */
export interface TestCollector extends AsyncDisposable {
  open(timeoutMs?: number): Promise<ServerIdentity>;
  /** One poll of these groups, in order. `now` is the time it claims to begin at, by both clocks; default what the clock says. */
  poll(groups: readonly PostgresGroup[], now?: number, timeoutMs?: number): Promise<readonly GroupReading[]>;
  /** As `poll` for one group. */
  read(group: PostgresGroup, now?: number): Promise<GroupReading>;
  check(): Promise<readonly CheckItem[]>;
  close(): Promise<void>;
}

/** What members of one cluster have in common or not. */
export interface TestCollectorInput {
  readonly target?: Partial<Target>;
  readonly history?: History;
}

export function openCollector(
  url: string,
  options: Partial<PostgresOptions> = {},
  clock: Clock = createSystemClock(),
  input: TestCollectorInput = {},
): TestCollector {
  const collector = createPostgresCollector({
    target: {
      id: 'orders',
      engine: 'postgres',
      intervalMs: 15_000,
      deadlineMs: 10_000,
      workload: 'oltp',
      labels: {},
      windowsMs: {},
      unusedAfterMs: 100 * 86_400_000,
      groups: {},
      membersComplete: true,
      maxSeries: 10_000,
      ...input.target,
    },
    options: testOptions(url, options),
    history: input.history ?? createMemoryHistory(),
    clock,
    random: () => 0.5,
    log: createRecordingLog(),
    ...testSurroundings(),
    applicationName: 'reeve/test',
  });
  const poll: TestCollector['poll'] = async (groups, at, timeoutMs = 10_000) => {
    const signal = AbortSignal.timeout(timeoutMs);
    await collector.open(signal);
    const { now, monotonicMs } =
      at === undefined
        ? { now: clock.now(), monotonicMs: clock.monotonicMs() }
        : { now: at, monotonicMs: at };
    const readings: GroupReading[] = [];
    for (const group of groups) {
      const read = (context: Parameters<typeof collector.read>[1]): Promise<void> =>
        collector.read(group, context);
      readings.push(
        await readGroup({ group, metrics: postgresMetrics, now, monotonicMs, clock, signal, read }),
      );
    }
    return readings;
  };
  const close = (): Promise<void> => collector.close();
  return {
    open: (timeoutMs = 10_000) => collector.open(AbortSignal.timeout(timeoutMs)),
    poll,
    read: async (group, now) => {
      const [reading] = await poll([group], now);
      if (reading === undefined) throw new Error('no reading');
      return reading;
    },
    check: () => collector.check(AbortSignal.timeout(10_000)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Options of a target as the configuration would parse them. */
export function testOptions(url: string, options: Partial<PostgresOptions> = {}): PostgresOptions {
  return {
    url: new Secret(url),
    databases: { include: ['*'], exclude: [], max: 20 },
    statementTimeout: 2_000,
    lockTimeout: 100,
    topStatements: 20,
    maxRows: 10_000,
    backups: {},
    drillDeadline: 60_000,
    ...options,
  };
}

/** Value of the one sample with this name and these label values; undefined when there is none. */
export function valueOf(
  reading: GroupReading,
  name: string,
  ...labels: readonly string[]
): number | undefined {
  return samplesOf(reading, name).find((sample) => labels.every((label, at) => sample.labels[at] === label))
    ?.value;
}

export function samplesOf(reading: GroupReading, name: string): readonly Sample[] {
  return reading.samples.filter(({ metric }) => metric.name === name);
}
