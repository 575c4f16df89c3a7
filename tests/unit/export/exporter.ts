import { gunzipSync } from 'node:zlib';
import type { PrometheusExporter, ScrapeRequest } from '../../../src/export/prometheus.ts';
import { createPrometheusExporter } from '../../../src/export/prometheus.ts';
import type { AgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { metric, SnapshotTable } from './snapshots.ts';

export const openMetrics: ScrapeRequest = { accept: 'application/openmetrics-text;version=1.0.0' };
export const up = metric({ name: 'reeve_target_up', help: 'Whether it is up.' });
export const reads = metric({
  name: 'reeve_reads_total',
  kind: 'counter',
  labels: { database: 'x', index: 'x' },
});
export const lag = metric({
  name: 'reeve_replication_lag_seconds',
  unit: 'seconds',
  labels: { replica: 'x' },
});

export const silentAgent: AgentMetrics = {
  set: () => {},
  clear: () => {},
  add: () => {},
  families: async () => [],
};

export function setUp(agent: AgentMetrics = silentAgent) {
  const clock = new FakeClock();
  const table = new SnapshotTable();
  const log = createRecordingLog();
  const exporter = createPrometheusExporter({ snapshots: table, agent, clock, log });
  return { clock, table, log, exporter };
}

export async function scrapeText(exporter: PrometheusExporter, request: ScrapeRequest = {}): Promise<string> {
  const { chunks } = await exporter.scrape(request);
  const body = Buffer.concat([...chunks]);
  return (request.acceptEncoding === 'gzip' ? gunzipSync(body) : body).toString('utf8');
}

export function linesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}
