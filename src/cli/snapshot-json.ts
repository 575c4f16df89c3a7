import type { Sample } from '../core/sample.ts';
import type { GroupReading, Snapshot } from '../core/snapshot.ts';

/** A snapshot as plain data. Samples by name and labels; nothing of the target's options, so no secret. */
export function snapshotJson({
  target,
  server,
  up,
  failure,
  at,
  readings,
  samples,
}: Snapshot): Readonly<Record<string, unknown>> {
  return {
    target: target.id,
    engine: target.engine,
    labels: target.labels,
    workload: target.workload,
    server,
    up,
    ...(failure === undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
    at: new Date(at).toISOString(),
    groups: readings.map(readingJson),
    findings: readings.flatMap(({ findings }) => findings),
    details: Object.assign({}, ...readings.map(({ details }) => details)),
    samples: samples.map(sampleJson),
  };
}

function readingJson({
  group,
  state,
  at,
  durationMs,
  errors,
  truncatedRows,
}: GroupReading): Readonly<Record<string, unknown>> {
  return { group, state, at: new Date(at).toISOString(), durationMs, errors, truncatedRows };
}

function sampleJson({ metric, labels, value, basis }: Sample): Readonly<Record<string, unknown>> {
  const names = Object.keys(metric.labels);
  const named = names.map((name, index) => [name, labels[index] ?? '']).filter(([, text]) => text !== '');
  return {
    name: metric.name,
    labels: Object.fromEntries(named),
    value,
    ...(basis === undefined ? {} : { basis }),
  };
}
