import { type Above, type Attributes, decodeAttributes, decodeSignals, type Scope } from './decode-common.ts';
import type { ProtoMessage } from './proto-reader.ts';

export type MetricKind = 'gauge' | 'sum' | 'histogram' | 'exponential histogram' | 'summary';
export type Temporality = 'unspecified' | 'delta' | 'cumulative';

/** One data point with everything that stands above it in the export. */
export interface MetricPoint {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly kind: MetricKind;
  /** Of sums and histograms. */
  readonly temporality: Temporality | undefined;
  /** Of sums. */
  readonly isMonotonic: boolean | undefined;
  readonly attributes: Attributes;
  /** Of gauges and sums: the number; of the others: the sum, if sent. */
  readonly value: number | undefined;
  /** How a gauge or sum was sent. */
  readonly valueType: 'int' | 'double' | undefined;
  /** Of histograms and summaries. */
  readonly count: number | undefined;
  readonly bucketCounts: readonly number[];
  readonly bounds: readonly number[];
  readonly startTimeUnixNano: bigint;
  readonly timeUnixNano: bigint;
  readonly scope: Scope;
  readonly resource: Attributes;
}

/** One `ResourceMetrics`. */
export interface ResourceMetrics {
  readonly resource: Attributes;
  readonly points: readonly MetricPoint[];
}

/** `opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest`, OTLP 1.x. */
export function decodeMetrics(body: Buffer): readonly ResourceMetrics[] {
  return decodeSignals(body, decodeMetric).map(({ resource, items }) => ({ resource, points: items }));
}

/** Field numbers of `Metric.data`. */
const KINDS: readonly { readonly field: number; readonly kind: MetricKind }[] = [
  { field: 5, kind: 'gauge' },
  { field: 7, kind: 'sum' },
  { field: 9, kind: 'histogram' },
  { field: 10, kind: 'exponential histogram' },
  { field: 11, kind: 'summary' },
];

const TEMPORALITIES: readonly Temporality[] = ['unspecified', 'delta', 'cumulative'];

function decodeMetric(metric: ProtoMessage, above: Above): readonly MetricPoint[] {
  const found = KINDS.find(({ field }) => metric.has(field));
  const data = found && metric.message(found.field);
  if (found === undefined || data === undefined) return [];
  const { kind } = found;
  const hasTemporality = kind !== 'gauge' && kind !== 'summary';
  const shared = {
    name: metric.text(1),
    description: metric.text(2),
    unit: metric.text(3),
    kind,
    temporality: hasTemporality ? TEMPORALITIES[Number(data.unsigned(2))] : undefined,
    isMonotonic: kind === 'sum' ? data.bool(3) : undefined,
    ...above,
  };
  const decodePoint = kind === 'gauge' || kind === 'sum' ? decodeNumberPoint : decodeDistributionPoint;
  return data.messages(1).map((point) => ({ ...shared, ...decodeTimes(point), ...decodePoint(point, kind) }));
}

type PointValue = Pick<
  MetricPoint,
  'attributes' | 'value' | 'valueType' | 'count' | 'bucketCounts' | 'bounds'
>;

function decodeTimes(point: ProtoMessage): Pick<MetricPoint, 'startTimeUnixNano' | 'timeUnixNano'> {
  return { startTimeUnixNano: point.unsigned(2), timeUnixNano: point.unsigned(3) };
}

/** `NumberDataPoint`: as_double is field 4, as_int (sfixed64) field 6, attributes field 7. */
function decodeNumberPoint(point: ProtoMessage): PointValue {
  const valueType = point.has(6) ? 'int' : point.has(4) ? 'double' : undefined;
  const value =
    valueType === 'int' ? Number(point.signed(6)) : valueType === 'double' ? point.double(4) : undefined;
  return {
    attributes: decodeAttributes(point, 7),
    value,
    valueType,
    count: undefined,
    bucketCounts: [],
    bounds: [],
  };
}

/** The three distributions share count (4) and sum (5); explicit buckets and bounds are the histogram's own. */
function decodeDistributionPoint(point: ProtoMessage, kind: MetricKind): PointValue {
  const isHistogram = kind === 'histogram';
  return {
    attributes: decodeAttributes(point, ATTRIBUTE_FIELDS[kind]),
    value: point.has(5) ? point.double(5) : undefined,
    valueType: undefined,
    count: Number(point.unsigned(4)),
    bucketCounts: isHistogram ? point.fixed64s(6).map(Number) : [],
    bounds: isHistogram ? point.doubles(7) : [],
  };
}

const ATTRIBUTE_FIELDS = { gauge: 7, sum: 7, histogram: 9, 'exponential histogram': 1, summary: 7 } as const;
