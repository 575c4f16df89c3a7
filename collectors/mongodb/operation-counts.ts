import { ratio } from '../../src/sdk.ts';
import type { Document } from './document.ts';
import { parseHistograms } from './latency-histogram.ts';
import type { StatusReading } from './member.ts';
import { eachStatus } from './member-groups.ts';
import type { MongodbContext } from './metrics.ts';
import type { Reader } from './readers.ts';
import { recordFields, type StatusField, valueAt } from './status-fields.ts';
import { latencyKinds, type MemberWindows, type Windows } from './windows.ts';

const fields: readonly StatusField[] = [
  { path: 'metrics.operation.writeConflicts', metric: 'writeConflictsTotal' },
  { path: 'transactions.currentOpen', metric: 'transactionsOpen' },
];

const operations = ['insert', 'query', 'update', 'delete', 'getmore', 'command'] as const;
const documentOperations = ['returned', 'inserted', 'updated', 'deleted'] as const;
const outcomes = { committed: 'transactions.totalCommitted', aborted: 'transactions.totalAborted' } as const;

/** Operations of every member and how long they take. */
export function operationsReader(windows: Windows): Reader {
  return eachStatus((member, reading, context) => {
    const { status } = reading;
    recordFields(fields, status, member.name, context);
    recordCounts(status, member.name, context);
    const own = windows.of(member.name);
    recordMeans(reading, own, member.name, context);
    recordQuantiles(reading, own, member.name, context);
  });
}

function recordCounts(status: Document, member: string, context: MongodbContext): void {
  for (const operation of operations) {
    context.record('operationsTotal', valueAt(status, `opcounters.${operation}`), { member, operation });
    context.record('replicatedOperationsTotal', valueAt(status, `opcountersRepl.${operation}`), {
      member,
      operation,
    });
  }
  for (const operation of documentOperations) {
    context.record('documentsTotal', valueAt(status, `metrics.document.${operation}`), { member, operation });
  }
  for (const [outcome, path] of Object.entries(outcomes)) {
    context.record('transactionsTotal', valueAt(status, path), { member, outcome });
  }
}

function recordMeans(
  { status, atMs, epoch }: StatusReading,
  { means }: MemberWindows,
  member: string,
  context: MongodbContext,
): void {
  for (const operation of latencyKinds) {
    const micros = valueAt(status, `opLatencies.${operation}.latency`);
    const count = valueAt(status, `opLatencies.${operation}.ops`);
    if (micros === undefined || count === undefined) continue;
    context.record('latencySecondsTotal', micros / 1e6, { member, operation });
    context.record('latencyOperationsTotal', count, { member, operation });
    means[operation].add(atMs, { micros, operations: count }, epoch);
    const growth = means[operation].delta()?.growth;
    if (growth === undefined) continue;
    const mean = ratio(growth.micros / 1e6, growth.operations);
    context.record('latencyMeanSeconds', mean, { member, operation }, growth.operations);
  }
}

/** Absent where the server keeps no histograms: a mean is not a percentile, so nothing takes its place. */
function recordQuantiles(
  { status, atMs, epoch }: StatusReading,
  { latency }: MemberWindows,
  member: string,
  context: MongodbContext,
): void {
  const buckets = parseHistograms(status);
  if (buckets === undefined) return;
  latency.add(atMs, buckets, epoch);
  const quantiles = latency.quantiles();
  if (quantiles === undefined) return;
  const { p50Seconds, p95Seconds, p99Seconds, operations } = quantiles;
  context.record('latencyP50Seconds', p50Seconds, { member }, operations);
  context.record('latencyP95Seconds', p95Seconds, { member }, operations);
  context.record('latencyP99Seconds', p99Seconds, { member }, operations);
}
