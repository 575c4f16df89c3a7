import type { Attributes, HrTime } from '@opentelemetry/api';
import { ValueType } from '@opentelemetry/api';
import type { DataPoint, GaugeMetricData, MetricProducer, SumMetricData } from '@opentelemetry/sdk-metrics';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { Clock } from '../core/ports/clock.ts';
import type { Snapshots } from '../core/ports/snapshots.ts';
import type { Sample } from '../core/sample.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { AgentMetrics } from '../telemetry/agent-metrics.ts';
import { agentMetrics } from '../telemetry/metrics.ts';
import type { CounterStarts } from './counter-starts.ts';
import { dotNamespace, otlpName, ucumUnits, unitOfName } from './otlp-names.ts';
import type { Pacer } from './pacer.ts';
import { createPacer } from './pacer.ts';

type Collection = Awaited<ReturnType<MetricProducer['collect']>>;

export interface OtlpProducerInput {
  readonly snapshots: Snapshots;
  readonly agent: AgentMetrics;
  readonly starts: CounterStarts;
  readonly clock: Clock;
  /** OpenTelemetry's `db.system.name` by engine id. */
  readonly systems: ReadonlyMap<string, string>;
  readonly resource: Collection['resourceMetrics']['resource'];
  readonly version: string;
  /** Called when a new collection begins. */
  readonly onCollect: () => void;
}

/** How many points are made between two looks at the time. */
const batchSize = 200;

/**
 * The same snapshots that the Prometheus page shows, as OpenTelemetry metric data: points carry the time of the poll, counters are
 * cumulative monotonic sums, and what vanished from a snapshot vanishes from the next push, which OpenTelemetry's own asynchronous
 * instruments do not do (open-telemetry/opentelemetry-js#4096).
 */
export function createOtlpProducer(input: OtlpProducerInput): MetricProducer {
  const startedAt = input.clock.now();
  return {
    async collect() {
      input.onCollect();
      const pacer = createPacer(input.clock);
      const builder = createBuilder(new Set(input.systems.keys()));
      for (const snapshot of input.snapshots.latest()) await addSnapshot(builder, snapshot, input, pacer);
      const errors = await addAgent(builder, input, startedAt);
      const scope = { name: 'reeve', version: input.version };
      const scopeMetrics = [{ scope, metrics: builder.metrics() }];
      return { resourceMetrics: { resource: input.resource, scopeMetrics }, errors };
    },
  };
}

interface Descriptor {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'counter';
}

interface Builder {
  readonly engines: ReadonlySet<string>;
  add(descriptor: Descriptor, point: DataPoint<number>): void;
  metrics(): (GaugeMetricData | SumMetricData)[];
}

function createBuilder(engines: ReadonlySet<string>): Builder {
  const points = new Map<string, { descriptor: Descriptor; dataPoints: DataPoint<number>[] }>();
  return {
    engines,
    add(descriptor, point) {
      const key = `${descriptor.name} ${descriptor.kind} ${descriptor.unit}`;
      const found = points.get(key);
      if (found === undefined) points.set(key, { descriptor, dataPoints: [point] });
      else found.dataPoints.push(point);
    },
    metrics: () =>
      [...points.values()].map(({ descriptor, dataPoints }) => toMetricData(descriptor, dataPoints)),
  };
}

function toMetricData(
  { name, description, unit, kind }: Descriptor,
  dataPoints: DataPoint<number>[],
): GaugeMetricData | SumMetricData {
  const common = {
    descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints,
  };
  return kind === 'gauge'
    ? { ...common, dataPointType: DataPointType.GAUGE }
    : { ...common, dataPointType: DataPointType.SUM, isMonotonic: true };
}

async function addSnapshot(
  builder: Builder,
  snapshot: Snapshot,
  { starts, systems, clock }: OtlpProducerInput,
  pacer: Pacer,
): Promise<void> {
  const shared = describeTarget(snapshot, systems);
  const endTime = toHrTime(snapshot.at);
  const descriptors = new Map<Sample['metric'], Descriptor>();
  for (const [index, sample] of snapshot.samples.entries()) {
    const { metric, value } = sample;
    let descriptor = descriptors.get(metric);
    if (descriptor === undefined) {
      descriptor = describe(sample, builder.engines);
      descriptors.set(metric, descriptor);
    }
    const startTime = metric.kind === 'counter' ? toHrTime(starts.startOf(snapshot, sample)) : endTime;
    builder.add(descriptor, { startTime, endTime, attributes: withLabels(shared, sample), value });
    if (index % batchSize === batchSize - 1 && pacer.isDue()) await pacer.yield();
  }
  const now = clock.now();
  const age = agentMetrics.snapshotAgeSeconds;
  const time = toHrTime(now);
  builder.add(
    { name: dotNamespace(age.name, builder.engines), description: age.help, unit: 's', kind: 'gauge' },
    { startTime: time, endTime: time, attributes: shared, value: Math.max(0, now - snapshot.at) / 1000 },
  );
}

function describe({ metric }: Sample, engines: ReadonlySet<string>): Descriptor {
  const { help: description, kind, unit } = metric;
  return { name: otlpName(metric, engines), description, unit: ucumUnits[unit], kind };
}

/** Attributes of every point of a target. */
function describeTarget({ target, server }: Snapshot, systems: ReadonlyMap<string, string>): Attributes {
  return {
    ...target.labels,
    'reeve.target': target.id,
    'db.system.name': systems.get(target.engine) ?? target.engine,
    ...(server.address === undefined ? {} : { 'server.address': server.address }),
    ...(server.port === undefined ? {} : { 'server.port': server.port }),
  };
}

/** Labels that the semantic conventions have a name for. */
const attributeNames: Readonly<Record<string, string>> = { database: 'db.namespace' };

function withLabels(shared: Attributes, { metric, labels }: Sample): Attributes {
  const attributes = { ...shared };
  let index = 0;
  for (const name in metric.labels) {
    const value = labels[index];
    index += 1;
    if (value !== undefined && value !== '')
      attributes[metric.otlpLabels?.[name] ?? attributeNames[name] ?? name] = value;
  }
  return attributes;
}

/** Gauges and counters of the agent and its process; the one histogram among them, of garbage collection, is left to the page. */
async function addAgent(
  builder: Builder,
  { agent, clock }: OtlpProducerInput,
  startedAt: number,
): Promise<unknown[]> {
  const startTime = toHrTime(startedAt);
  const endTime = toHrTime(clock.now());
  try {
    for (const { name, type, help, points } of await agent.families()) {
      if (type !== 'gauge' && type !== 'counter') continue;
      const unit = unitOfName(name);
      const descriptor = { name: dotNamespace(name, builder.engines), description: help, unit, kind: type };
      for (const { labels, value } of points) {
        builder.add(descriptor, { startTime, endTime, attributes: { ...labels }, value });
      }
    }
    return [];
  } catch (error) {
    // The SDK reports it; the databases' numbers still go out.
    return [error];
  }
}

function toHrTime(timeMs: number): HrTime {
  const seconds = Math.floor(timeMs / 1000);
  return [seconds, Math.round((timeMs - seconds * 1000) * 1e6)];
}
