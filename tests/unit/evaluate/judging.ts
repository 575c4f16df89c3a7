import type { DeliveredAlert } from '../../../src/core/delivered-alert.ts';
import type { ObjectiveMeasure } from '../../../src/core/engine.ts';
import type { ForecastGrowth } from '../../../src/core/forecast.ts';
import type { Judgement, ObjectiveEvent } from '../../../src/core/judgement.ts';
import { type MetricDefinition, type MetricTable } from '../../../src/core/metric.ts';
import type { ObjectiveId } from '../../../src/core/objective.ts';
import {
  type ObjectiveInForce,
  type ObjectiveOverride,
  objectivesInForce,
} from '../../../src/core/objective-in-force.ts';
import type { Clock } from '../../../src/core/ports/clock.ts';
import type { ObjectiveRecords } from '../../../src/core/ports/objective-records.ts';
import { createSample, type Sample } from '../../../src/core/sample.ts';
import type { GroupReading, ReadingError, Snapshot } from '../../../src/core/snapshot.ts';
import type { Target } from '../../../src/core/target.ts';
import { Judge } from '../../../src/evaluate/judge.ts';
import type { LastEventAt } from '../../../src/evaluate/observe.ts';
import { createMemoryObjectiveRecords } from '../../../src/store/memory-objective-records.ts';
import { metric } from '../export/snapshots.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
export const start = Date.UTC(2026, 0, 1);

/** Time that passes at once when the test says so, without waking anybody. */
export class ManualClock implements Clock {
  #now = start;
  #monotonicMs = 5_000;

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(): Promise<void> {
    throw new Error('evaluation does not sleep');
  }

  pass(ms: number): void {
    this.#now += ms;
    this.#monotonicMs += ms;
  }

  jump(ms: number): void {
    this.#now += ms;
  }
}

const database = { database: 'The database.' };

/** Of an engine that measures everything. */
export const metrics = {
  hitRatio: metric({ name: 'reeve_test_hit_ratio', unit: 'ratio', group: 'cache', labels: database }),
  lag: metric({
    name: 'reeve_test_lag_seconds',
    unit: 'seconds',
    group: 'replication',
    labels: { replica: 'The replica.' },
  }),
  latency: metric({ name: 'reeve_test_latency_seconds', unit: 'seconds', group: 'cache' }),
  utilization: metric({
    name: 'reeve_test_utilization_ratio',
    group: 'throughput',
    labels: { database: 'The database.', container: 'The container.', region: 'The region.' },
  }),
  throttled: metric({
    name: 'reeve_test_throttled_ratio',
    group: 'throughput',
    labels: { database: 'The database.', container: 'The container.', code: 'The code.' },
  }),
  freeBelow: metric({
    name: 'reeve_test_minimum_throughput',
    group: 'throughput',
    labels: { database: 'The database.', container: 'The container.' },
  }),
  serverless: metric({ name: 'reeve_test_serverless', group: 'throughput' }),
  spend: metric({
    name: 'reeve_test_spend_usd',
    unit: 'usd',
    group: 'spend',
    labels: { project: 'The project.', window: 'The window.' },
  }),
  spendLower: metric({
    name: 'reeve_test_spend_lower_usd',
    unit: 'usd',
    group: 'spend',
    labels: { project: 'The project.' },
  }),
  storage: metric({ name: 'reeve_storage_bytes', unit: 'bytes', group: 'storage', labels: database }),
  rowsLost: metric({
    name: 'reeve_test_rows_lost',
    group: 'migrations',
    labels: { migration: 'The migration.' },
  }),
} as const satisfies MetricTable;

type Key = keyof typeof metrics;

const measures: readonly ObjectiveMeasure<Key>[] = [
  { objective: 'oltp_query_seconds', metric: 'latency' },
  { objective: 'index_hit_ratio', metric: 'hitRatio' },
  { objective: 'replication_lag_seconds', metric: 'lag' },
  { objective: 'migration_rows_lost', metric: 'rowsLost' },
  { objective: 'restore_test_age_seconds', metric: 'storage', statistic: 'age' },
  { objective: 'storage_bytes_forecast', metric: 'storage', statistic: 'forecast' },
  {
    objective: 'bigquery_spend_usd',
    metric: 'spend',
    where: { window: 'month' },
    page: [{ metric: 'spendLower' }],
  },
  {
    objective: 'request_unit_utilization_ratio',
    metric: 'utilization',
    subject: ['database', 'container', 'region'],
    page: [{ metric: 'throttled', above: 0, where: { code: '429' }, side: 'max' }],
    withoutMinimum: 'freeBelow',
    exempt: 'serverless',
  },
];

/** An objective with overrides; `measure` changes how it is measured. */
export function inForce(
  id: ObjectiveId,
  override: ObjectiveOverride = {},
  measure: Partial<ObjectiveMeasure> = {},
): ObjectiveInForce {
  const objectives = measures.map((one) => (one.objective === id ? { ...one, ...measure } : one));
  const all = objectivesInForce({ objectives }, 'oltp', [{ [id]: override }]);
  const found = all.find((one) => one.id === id);
  if (found === undefined) throw new Error(`${id} is not in force`);
  return found;
}

/** A row of a reading: a metric's key, its value, its labels and what stands behind it. */
export type Row = readonly [key: Key, value: number, labels?: Record<string, string>, basis?: number];

export function target(id = 'orders', more: Partial<Target> = {}): Target {
  return {
    id,
    engine: 'test',
    intervalMs: 15 * second,
    deadlineMs: 10 * second,
    workload: 'oltp',
    windowsMs: {},
    labels: {},
    unusedAfterMs: 0,
    membersComplete: false,
    groups: {},
    maxSeries: 1_000,
    ...more,
  };
}

export interface Round {
  readonly up?: boolean;
  readonly failure?: string;
  readonly errors?: Readonly<Record<string, readonly ReadingError[]>>;
  /** Groups without a reading. */
  readonly without?: readonly string[];
  readonly failed?: readonly string[];
  readonly target?: Target;
}

/** A snapshot of a target whose groups were all read, with these rows. */
export function snapshot(at: number, rows: readonly Row[], round: Round = {}): Snapshot {
  const { up = true, without = [], failed = [], errors = {} } = round;
  const groups = [...new Set(Object.values(metrics).map(({ group }: MetricDefinition) => group))];
  const readings = groups
    .filter((group) => up && !without.includes(group))
    .map((group): GroupReading => {
      const mine = failed.includes(group) ? [] : rows.filter(([key]) => metrics[key].group === group);
      const state = failed.includes(group) ? 'failed' : errors[group] === undefined ? 'ok' : 'partial';
      return {
        group,
        state,
        at,
        durationMs: 5,
        errors: errors[group] ?? (state === 'failed' ? [error('', 'permission denied')] : []),
        samples: mine.map(([key, value, labels = {}, basis]) =>
          createSample(metrics[key], value, labels, basis),
        ),
        findings: [],
        details: {},
        truncatedRows: 0,
      };
    });
  return {
    target: round.target ?? target(),
    server: {},
    up,
    failure: up ? undefined : error('', round.failure ?? 'connection refused'),
    at,
    readings,
    samples: [],
  };
}

export function error(subject: string, message: string): ReadingError {
  return { subject, code: 'denied', message };
}

export interface WatchOptions {
  readonly forecast?: ForecastGrowth;
  readonly lastEventAt?: LastEventAt;
  readonly clock?: ManualClock;
  readonly records?: ObjectiveRecords;
}

/** One target that is judged in a test, and what became of it. */
export class Watched {
  readonly clock: ManualClock;
  readonly records: ObjectiveRecords;
  readonly events: ObjectiveEvent[] = [];
  judge: Judge;
  samples: readonly Sample[] = [];
  readonly #options: WatchOptions;
  #objectives: readonly ObjectiveInForce[];

  constructor(objectives: readonly ObjectiveInForce[], options: WatchOptions = {}) {
    this.#options = options;
    this.#objectives = objectives;
    this.clock = options.clock ?? new ManualClock();
    this.records = options.records ?? createMemoryObjectiveRecords();
    this.judge = this.#start();
  }

  /** One collection after `ms`. */
  see(ms: number, rows: readonly Row[], round: Round = {}): void {
    this.clock.pass(ms);
    this.samples = this.judge.judge(snapshot(this.clock.now(), rows, round));
  }

  /** Collections every 15 seconds for some time. */
  keepSeeing(ms: number, rows: readonly Row[], round: Round = {}): void {
    for (let passed = 0; passed < ms; passed += 15 * second) this.see(15 * second, rows, round);
  }

  /** Another process goes on with what the records hold. */
  restart(awayMs = 0, save = true): void {
    if (save) this.judge.save();
    this.clock.pass(awayMs);
    this.judge = this.#start();
  }

  reload(objectives: readonly ObjectiveInForce[]): void {
    this.#objectives = objectives;
    this.judge.apply([{ target: target(), metrics, objectives }]);
  }

  only(subject?: string): Judgement {
    const found = this.judge.judgements().filter((one) => subject === undefined || one.subject === subject);
    const [first] = found;
    if (first === undefined || found.length > 1) throw new Error(`${found.length} judgements`);
    return first;
  }

  kinds(): readonly string[] {
    return this.events.map(({ kind, state }) => (kind === 'state' ? state : kind));
  }

  /** `name{label values} value` of the published samples, without those that every subject has. */
  published(name: string): readonly string[] {
    return this.samples
      .filter((sample) => sample.metric.name === name)
      .map(({ labels, value }) => `${labels.join(' ')} ${value}`);
  }

  #start(): Judge {
    const { forecast, lastEventAt } = this.#options;
    const judge = new Judge({
      records: this.records,
      clock: this.clock,
      onEvent: (event) => this.events.push(event),
      ...(forecast === undefined ? {} : { forecast }),
      ...(lastEventAt === undefined ? {} : { lastEventAt }),
    });
    judge.apply([{ target: target(), metrics, objectives: this.#objectives }]);
    return judge;
  }
}

export function alert(
  more: Partial<DeliveredAlert> & { readonly labels?: Record<string, string> } = {},
): DeliveredAlert {
  const { labels = {}, ...rest } = more;
  return {
    status: 'firing',
    labels: {
      alertname: 'HitRatioLow',
      target: 'orders',
      objective: 'index_hit_ratio',
      subject: 'app',
      ...labels,
    },
    annotations: {},
    startsAt: start,
    endsAt: undefined,
    fingerprint: 'a1',
    ...rest,
  };
}
