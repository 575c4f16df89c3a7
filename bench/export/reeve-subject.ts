import { LatestSnapshots } from '../../src/collect/latest-snapshots.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { createPrometheusExporter } from '../../src/export/prometheus.ts';
import { startMetricsServer } from '../../src/http/metrics-server.ts';
import { createAgentMetrics } from '../../src/telemetry/agent-metrics.ts';
import { createSystemClock } from '../../src/telemetry/clock.ts';
import { createRecordingLog } from '../../tests/support/recording-log.ts';
import type { Subject } from './subject.ts';
import { createSnapshot, shape } from './synthetic-snapshots.ts';

/** Reeve's own exporter and HTTP server over a table of synthetic snapshots. */
export async function startReeveSubject(): Promise<Subject> {
  const clock = createSystemClock();
  const snapshots = new LatestSnapshots();
  const log = createRecordingLog();
  const exporter = createPrometheusExporter({ snapshots, agent: createAgentMetrics({ clock }), clock, log });
  // Two sets made beforehand: what a collector spends on making samples is not the exporter's.
  const sets = [0, 1].map((round) =>
    Array.from({ length: shape.targets }, (_, target) => createSnapshot(target, round, clock.now())),
  );
  const replace = (target: number, round: number): void => {
    const snapshot: Snapshot | undefined = sets[round % 2]?.[target];
    if (snapshot !== undefined) snapshots.publish({ ...snapshot, at: clock.now() });
  };
  for (let target = 0; target < shape.targets; target += 1) replace(target, 0);
  const server = await startMetricsServer({
    host: '127.0.0.1',
    port: 0,
    version: 'bench',
    scrape: (request) => exporter.scrape(request),
    awaited: () => [],
    clock,
    log,
  });
  return {
    port: server.port ?? 0,
    handle: async (encoding) => {
      const { chunks } = await exporter.scrape({
        accept: 'text/plain;version=0.0.4',
        acceptEncoding: encoding,
      });
      return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    },
    replace,
  };
}
