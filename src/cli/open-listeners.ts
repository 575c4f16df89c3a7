import { join } from 'node:path';
import type { LatestSnapshots } from '../collect/latest-snapshots.ts';
import type { ControlListener } from '../config/config.ts';
import { withoutOtelVariables } from '../config/environment.ts';
import { webConfigSource } from '../config/web-config.ts';
import { startOtlp } from '../export/otlp.ts';
import { createPrometheusExporter } from '../export/prometheus.ts';
import type { ControlApi } from '../http/control-api.ts';
import { startControlListener } from '../http/control-listener.ts';
import { startControlServer } from '../http/control-server.ts';
import { startMetricsServer } from '../http/metrics-server.ts';
import type { AgentMetrics } from '../telemetry/agent-metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { Close, DaemonInput } from './daemon-input.ts';
import type { TargetFleet } from './target-fleet.ts';

/** What others reach the daemon by. */
export interface ListenerUrls {
  /** Where Prometheus scrapes. */
  readonly metricsUrl: string;
  readonly controlSocket: string;
  /** Where people and Alertmanager reach it; undefined when no control listener is configured. */
  readonly controlUrl: string | undefined;
}

export interface ListenerParts {
  readonly agent: AgentMetrics;
  readonly snapshots: LatestSnapshots;
  readonly tracing: { connect(destination: Tracing | undefined): void };
  readonly fleet: TargetFleet;
  readonly api: ControlApi;
}

const otelIgnored = 'environment variables OTEL_… are ignored: otlp is configured in reeve.yaml';

/** Everything that others talk to; the order of closing is the reverse. */
export async function openListeners(
  { context, engines, inForce, log }: DaemonInput,
  { agent, snapshots, tracing, fleet, api }: ListenerParts,
  opened: Close[],
): Promise<ListenerUrls> {
  const { clock, version } = context;
  const { metrics, control: tcp, otlp, shard, store } = inForce.config;
  if (otlp !== undefined) {
    const options = { ...otlp, endpoint: otlp.endpoint.reveal() };
    const systems = new Map([...engines.values()].map(({ id, otelSystem }) => [id, otelSystem]));
    // Shards push the same metrics to the same place; without this they would overwrite each other.
    const instanceId = shard === undefined ? context.host : `${context.host}/${shard.index}`;
    const variables = withoutOtelVariables();
    if (variables.length > 0) log.warn(otelIgnored, { variables });
    const push = await startOtlp({ options, snapshots, agent, clock, log, version, instanceId, systems });
    tracing.connect(push.tracing);
    opened.push((deadlineMs) => push.close(deadlineMs));
  }
  const exporter = createPrometheusExporter({ snapshots, agent, clock, log });
  opened.push(() => exporter.close());
  const metricsServer = await startMetricsServer({
    ...metrics.listen,
    webConfig: metrics.webConfigFile === undefined ? undefined : webConfigSource(metrics.webConfigFile),
    version,
    scrape: (request) => exporter.scrape(request),
    awaited: () => fleet.awaited().map((id) => `first collection of target ${id}`),
    clock,
    log,
  });
  opened.push((deadlineMs) => metricsServer.close(deadlineMs));
  const socketPath = join(store.path, 'control.sock');
  const control = await startControlServer({ socketPath, api, clock, log });
  opened.push((deadlineMs) => control.close(deadlineMs));
  let controlUrl: string | undefined;
  if (tcp !== undefined) {
    const listener = await startControlListener({
      ...tcp,
      ...tcp.listen,
      webConfig: tcp.webConfigFile === undefined ? undefined : webConfigSource(tcp.webConfigFile),
      api,
      clock,
      log,
    });
    opened.push((deadlineMs) => listener.close(deadlineMs));
    controlUrl = addressForPeople(tcp, listener.url, context.host);
    agent.set('controlInfo', 1, { url: controlUrl });
  }
  return { metricsUrl: `${metricsServer.url}/metrics`, controlSocket: control.url, controlUrl };
}

/** An address that listens everywhere is reached by the name of the machine. */
function addressForPeople({ externalUrl, listen }: ControlListener, url: string, host: string): string {
  if (externalUrl !== undefined) return externalUrl;
  const isEverywhere = listen.host === '0.0.0.0' || listen.host === '::';
  return isEverywhere ? url.replace(/^(https?:\/\/)(?:0\.0\.0\.0|\[::\])/, `$1${host}`) : url;
}
