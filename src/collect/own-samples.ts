import type { CollectErrorCode } from '../core/errors.ts';
import { createSampleBuffer, type Sample } from '../core/sample.ts';
import type { GroupReading } from '../core/snapshot.ts';
import type { ServerIdentity } from '../core/target.ts';
import { collectionMetrics } from '../telemetry/metrics.ts';

/** What the collection of one target has seen of itself so far. */
export interface CollectionRecord {
  readonly intervalMs: number;
  readonly up: boolean;
  readonly server: ServerIdentity;
  readonly readings: readonly GroupReading[];
  /** Failures since the agent watches the target. */
  readonly errors: ReadonlyMap<string, ReadonlyMap<CollectErrorCode, number>>;
  /** Unix time in milliseconds, by group. */
  readonly lastSuccess: ReadonlyMap<string, number>;
  readonly seriesDropped: number;
}

/** The samples about the collection itself. */
export function ownSamples(record: CollectionRecord): readonly Sample[] {
  const buffer = createSampleBuffer(collectionMetrics);
  const { up, server } = record;
  buffer.record('targetUp', up ? 1 : 0, {});
  buffer.record('targetInterval', record.intervalMs / 1000, {});
  if (up) buffer.record('targetInfo', 1, { version: server.version ?? '', role: server.role ?? '' });
  buffer.record('seriesDroppedTotal', record.seriesDropped, {});
  for (const reading of record.readings) {
    const { group } = reading;
    buffer.record('collectDurationSeconds', reading.durationMs / 1000, { group });
    if (reading.truncatedRows > 0) buffer.record('collectTruncatedRows', reading.truncatedRows, { group });
  }
  for (const [group, at] of record.lastSuccess) buffer.record('collectLastSuccess', at / 1000, { group });
  for (const [group, codes] of record.errors) {
    for (const [code, count] of codes) buffer.record('collectErrorsTotal', count, { group, code });
  }
  for (const [key, count] of countFindings(record.readings)) {
    const [code = '', severity = ''] = key.split('\n');
    buffer.record('findings', count, { code, severity });
  }
  return buffer.samples;
}

function countFindings(readings: readonly GroupReading[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { findings } of readings) {
    for (const { code, severity } of findings) {
      const key = `${code}\n${severity}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}
