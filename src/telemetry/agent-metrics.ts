import { readdir } from 'node:fs/promises';
import type { MetricValueWithName } from 'prom-client';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { LabelsOf, MetricDefinition } from '../core/metric.ts';
import type { Clock } from '../core/ports/clock.ts';
import { agentMetrics } from './metrics.ts';
import { remediationMetrics } from './remediation-metrics.ts';

type Table = typeof agentMetrics & typeof remediationMetrics;
type KeyOfKind<K extends MetricDefinition['kind']> = {
  [Key in keyof Table]: Table[Key]['kind'] extends K ? Key : never;
}[keyof Table];

/** Rendered by the exporters for every target, so it is not kept here. */
type ElsewhereKey = 'snapshotAgeSeconds';

export type AgentGauge = Exclude<KeyOfKind<'gauge'>, ElsewhereKey>;
export type AgentCounter = Exclude<KeyOfKind<'counter'>, ElsewhereKey>;

/** One metric of the agent or its process with its current values. */
export interface AgentFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram' | 'summary';
  readonly help: string;
  readonly points: readonly AgentPoint[];
}

export interface AgentPoint {
  /** Name of the sample: the family's, or with `_bucket`, `_sum`, `_count` in a histogram. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Always finite. */
  readonly value: number;
}

/** What the agent says about itself, beside what it says about targets. */
export interface AgentMetrics {
  set<K extends AgentGauge>(metric: K, value: number, labels: LabelsOf<Table[K]>): void;
  /** Forgets every value of a gauge: from now on it is not known. */
  clear(metric: AgentGauge): void;
  /** Adds to a counter, 1 unless said otherwise. */
  add<K extends AgentCounter>(metric: K, labels: LabelsOf<Table[K]>, amount?: number): void;
  /** All families, the process's own included, ordered by name. */
  families(): Promise<readonly AgentFamily[]>;
}

export interface AgentMetricsOptions {
  /** Given: the metrics of the process and the runtime are there too, read anew at most every five seconds of this clock. */
  readonly clock?: Pick<Clock, 'monotonicMs'>;
}

/** Default metrics whose reading costs more the more connections there are; `nodejs_active_resources` says the same. */
const droppedDefaults = ['nodejs_active_handles', 'nodejs_active_requests', 'process_open_fds'] as const;

/** How often the event loop's delay is looked at, in milliseconds; finer costs wake-ups. */
const eventLoopPrecisionMs = 100;

/** Reading the process's metrics costs most of a scrape, and nobody scrapes so often that it would show. */
const processFreshMs = 5_000;

export function createAgentMetrics(options: AgentMetricsOptions = {}): AgentMetrics {
  const registry = new Registry();
  const readProcess =
    options.clock === undefined ? () => Promise.resolve([]) : createProcessReader(options.clock);
  const gauges = new Map<string, Gauge>();
  const counters = new Map<string, Counter>();
  for (const [key, metric] of Object.entries<MetricDefinition>({ ...agentMetrics, ...remediationMetrics })) {
    if (metric === agentMetrics.snapshotAgeSeconds) continue;
    const settings = {
      name: metric.name,
      help: metric.help,
      labelNames: Object.keys(metric.labels),
      registers: [registry],
    };
    if (metric.kind === 'counter') counters.set(key, new Counter(settings));
    else gauges.set(key, createGaugeWithoutZero(settings));
  }
  return {
    set: (metric, value, labels) => gauges.get(metric)?.set({ ...labels }, value),
    clear: (metric) => clearGauge(gauges.get(metric)),
    add: (metric, labels, amount = 1) => counters.get(metric)?.inc({ ...labels }, amount),
    families: async () => byName([...(await readFamilies(registry)), ...(await readProcess())]),
  };
}

/** prom-client begins a gauge without labels at 0; ours is absent until it is known. */
function createGaugeWithoutZero(settings: ConstructorParameters<typeof Gauge>[0]): Gauge {
  const gauge = new Gauge(settings);
  clearGauge(gauge);
  return gauge;
}

function clearGauge(gauge: Gauge | undefined): void {
  gauge?.reset();
  // What resetting left of a gauge without labels is a 0.
  gauge?.remove({});
}

/** Reads the process's metrics, and gives the same again while they are fresh. */
function createProcessReader(clock: Pick<Clock, 'monotonicMs'>): () => Promise<readonly AgentFamily[]> {
  const registry = new Registry();
  collectProcessMetrics(registry);
  let latest: Promise<readonly AgentFamily[]> | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = clock.monotonicMs();
    if (latest === undefined || nowMs - readAtMs >= processFreshMs) {
      readAtMs = nowMs;
      latest = readFamilies(registry);
    }
    return latest;
  };
}

function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: eventLoopPrecisionMs });
  for (const name of droppedDefaults) registry.removeSingleMetric(name);
  if (process.platform !== 'linux') return;
  const openFiles = new Gauge({
    name: 'process_open_fds',
    help: 'Number of open file descriptors.',
    registers: [registry],
    async collect() {
      // One descriptor is the one that reads the folder.
      openFiles.set((await readdir('/proc/self/fd')).length - 1);
    },
  });
}

/** Endings that say another type than gauge; promtool refuses them, and some of prom-client's default gauges have them. */
const misleadingGauge = /_(?:total|count|sum|bucket)$/;

async function readFamilies(registry: Registry): Promise<AgentFamily[]> {
  const metrics = await registry.getMetricsAsJSON();
  const families: AgentFamily[] = [];
  for (const metric of metrics) {
    const type = typeNames[metric.type.toString()];
    if (type === undefined || (type === 'gauge' && misleadingGauge.test(metric.name))) continue;
    const points = metric.values
      .filter(({ value }) => Number.isFinite(value))
      .map(
        (point): AgentPoint => ({
          name: sampleName(point, metric.name),
          labels: definedLabels(point.labels),
          value: point.value,
        }),
      );
    if (points.length > 0) families.push({ name: metric.name, type, help: metric.help, points });
  }
  return families;
}

function byName(families: AgentFamily[]): readonly AgentFamily[] {
  return families.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const typeNames: Readonly<Record<string, AgentFamily['type']>> = {
  gauge: 'gauge',
  counter: 'counter',
  histogram: 'histogram',
  summary: 'summary',
};

function sampleName(point: Partial<MetricValueWithName<string>>, fallback: string): string {
  return point.metricName ?? fallback;
}

function definedLabels(
  labels: Readonly<Partial<Record<string, string | number>>>,
): Record<string, string | number> {
  const defined: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(labels)) if (value !== undefined) defined[name] = value;
  return defined;
}
