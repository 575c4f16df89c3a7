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

const types = ['insert', 'query', 'update', 'delete', 'getmore', 'command'] as const;
const changes = ['returned', 'inserted', 'updated', 'deleted'] as const;
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
  for (const type of types) {
    context.record('operationsTotal', valueAt(status, `opcounters.${type}`), { member, type });
    context.record('replicatedOperationsTotal', valueAt(status, `opcountersRepl.${type}`), { member, type });
  }
  for (const change of changes) {
    context.record('documentsTotal', valueAt(status, `metrics.document.${change}`), { member, change });
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
  for (const type of latencyKinds) {
    const micros = valueAt(status, `opLatencies.${type}.latency`);
    const operations = valueAt(status, `opLatencies.${type}.ops`);
    if (micros === undefined || operations === undefined) continue;
    context.record('latencySecondsTotal', micros / 1e6, { member, type });
    context.record('latencyOperationsTotal', operations, { member, type });
    means[type].add(atMs, { micros, operations }, epoch);
    const growth = means[type].delta()?.growth;
    if (growth === undefined) continue;
    const mean = ratio(growth.micros / 1e6, growth.operations);
    context.record('latencyMeanSeconds', mean, { member, type }, growth.operations);
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
