import { join } from 'node:path';
import { LatestSnapshots } from '../collect/latest-snapshots.ts';
import { Scheduler } from '../collect/scheduler.ts';
import type { Config } from '../config/config.ts';
import { withoutOtelVariables } from '../config/environment.ts';
import { webConfigSource } from '../config/web-config.ts';
import type { Engine } from '../core/engine.ts';
import type { Clock } from '../core/ports/clock.ts';
import { startOtlp } from '../export/otlp.ts';
import { createPrometheusExporter } from '../export/prometheus.ts';
import type { ControlApi } from '../http/control-api.ts';
import { type ReloadOutcome, startControlServer } from '../http/control-server.ts';
import { startMetricsServer } from '../http/metrics-server.ts';
import { openStore } from '../store/sqlite/open-store.ts';
import { type AgentMetrics, createAgentMetrics } from '../telemetry/agent-metrics.ts';
import type { RootLog } from '../telemetry/log.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { createTracingSwitch } from '../telemetry/tracing.ts';
import { CollectLateness } from './collect-lateness.ts';
import { collectorFactory } from './collector-factory.ts';
import type { ConfigInForce } from './config-in-force.ts';
import type { CliContext } from './context.ts';
import { createReloader, publishConfig } from './reload.ts';
import { TargetFleet } from './target-fleet.ts';

export interface DaemonInput {
  readonly context: CliContext;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly inForce: ConfigInForce;
  readonly load: () => Config;
  readonly log: RootLog;
  readonly fixedLogLevel: Config['log']['level'] | undefined;
}

export interface Daemon {
  /** Where Prometheus scrapes. */
  readonly metricsUrl: string;
  readonly controlSocket: string;
  reload(): Promise<ReloadOutcome>;
  /** Ends everything in order; what cannot end is left behind after the deadline by whoever called. */
  close(deadlineMs: number): Promise<void>;
}

type Close = (deadlineMs: number) => Promise<void>;

/**
 * Opens the store and the listeners, and begins to collect. What was opened is closed again when something else fails.
 *
 * @throws {StoreError | ListenError | ConfigError} when a part cannot start; the message says what to do.
 */
export async function startDaemon(input: DaemonInput): Promise<Daemon> {
  const opened: Close[] = [];
  const close = (deadlineMs: number): Promise<void> =>
    closeInReverse(opened, deadlineMs, input.context.clock, input.log);
  try {
    return { ...(await openParts(input, opened)), close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** Last opened, first closed. Each part gets half of the time that is left, so that one that hangs costs the store nothing. */
async function closeInReverse(
  opened: readonly Close[],
  deadlineMs: number,
  clock: Clock,
  log: RootLog,
): Promise<void> {
  const endMs = clock.monotonicMs() + deadlineMs;
  for (const closePart of opened.toReversed()) {
    const partMs = Math.max(0, endMs - clock.monotonicMs()) / 2;
    const done = new AbortController();
    const late = clock.sleep(partMs, done.signal).then(
      () => log.warn('a part did not close in time, going on without it', { afterMs: Math.round(partMs) }),
      // Closed in time.
      () => undefined,
    );
    const closed = closePart(partMs).catch((error: unknown) => log.warn('a part did not close', { error }));
    await Promise.race([closed, late]);
    done.abort();
  }
}

async function openParts(input: DaemonInput, opened: Close[]): Promise<Omit<Daemon, 'close'>> {
  const { context, engines, inForce, log } = input;
  const { clock, random } = context;
  const { config } = inForce;
  const agent = createAgentMetrics({ clock });
  const snapshots = new LatestSnapshots();
  const tracing = createTracingSwitch();
  const store = await openStore({
    path: config.store.path,
    clock,
    log,
    onError: () => agent.add('storeErrorsTotal', {}),
  });
  opened.push(() => store.close());
  const lateness = new CollectLateness(agent);
  const scheduler = new Scheduler({
    clock,
    log,
    concurrency: config.collect.concurrency,
    onLateness: (latenessMs) => lateness.add(clock.monotonicMs(), latenessMs),
    onSkipped: () => agent.add('collectSkippedTotal', {}),
  });
  const engineOf = collectorFactory({
    context,
    engines,
    store,
    log,
    conceal: (secret) => inForce.conceal(secret),
  });
  const redact = (text: string) => inForce.redact(text);
  const fleet = new TargetFleet({ scheduler, snapshots, engineOf, clock, random, log, tracing, redact });
  const reload = inTurn(createReloader({ ...input, fleet, agent, clock }));
  const urls = await openListeners(input, { agent, snapshots, tracing, fleet, reload }, opened);
  opened.push(
    () => scheduler.close(),
    repeat(clock, latenessEveryMs, () => lateness.publish(clock.monotonicMs())),
  );
  agent.set('buildInfo', 1, { version: context.version, node: process.versions.node });
  publishConfig(agent, config, clock);
  fleet.apply(config.targets);
  scheduler.start();
  return { ...urls, reload };
}

const otelIgnored = 'environment variables OTEL_… are ignored: otlp is configured in reeve.yaml';

interface Parts {
  readonly agent: AgentMetrics;
  readonly snapshots: LatestSnapshots;
  readonly tracing: { connect(destination: Tracing | undefined): void };
  readonly fleet: TargetFleet;
  readonly reload: () => Promise<ReloadOutcome>;
}

/** Everything that others talk to; the order of closing is the reverse. */
async function openListeners(
  { context, engines, inForce, log }: DaemonInput,
  { agent, snapshots, tracing, fleet, reload }: Parts,
  opened: Close[],
): Promise<Pick<Daemon, 'metricsUrl' | 'controlSocket'>> {
  const { clock, version } = context;
  const { metrics, otlp, shard, store } = inForce.config;
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
  const api: ControlApi = {
    reload,
    // Handed over by the judge as soon as it is wired.
    scorecard: () => ({ objectives: [] }),
    breaches: () => [],
    events: () => [],
    takeAlert: () => ({ outcome: 'not_ours', breach: undefined, text: 'nothing is judged' }),
    advise: () => ({ command: 'reeve objectives', runbookUrl: undefined }),
  };
  const socketPath = join(store.path, 'control.sock');
  const control = await startControlServer({ socketPath, api, clock, log });
  opened.push((deadlineMs) => control.close(deadlineMs));
  return { metricsUrl: `${metricsServer.url}/metrics`, controlSocket: control.url };
}

const latenessEveryMs = 5_000;

/** Calls `work` again and again; what it returns ends it. */
function repeat(clock: Clock, everyMs: number, work: () => void): Close {
  const stop = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      work();
      // Rejects only when stopped.
      await clock.sleep(everyMs, stop.signal).catch(() => undefined);
    }
  };
  const running = loop();
  return () => {
    stop.abort();
    return running;
  };
}

/** A call waits for the one that runs; those that come meanwhile share the next. */
function inTurn<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let waiting: Promise<T> | undefined;
  return () => {
    waiting ??= running.then(() => {
      waiting = undefined;
      const now = work();
      running = now.catch(() => undefined);
      return now;
    });
    return waiting;
  };
}
