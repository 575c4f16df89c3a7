import type { ContextManager, DiagLogger } from '@opentelemetry/api';
import { DiagLogLevel, diag, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { Log } from '../core/ports/log.ts';
import type { CountedMetricExporter } from './counted-exporter.ts';
import { countMetricExports, countSpanExports, createExportCounter } from './counted-exporter.ts';
import type { CounterStarts } from './counter-starts.ts';
import { createCounterStarts } from './counter-starts.ts';
import { createOtlpProducer } from './otlp-producer.ts';
import type { OtlpInput, OtlpOptions, OtlpPush } from './otlp-push.ts';
import { createOtlpTracing } from './otlp-tracing.ts';

/** More points in a request make the event loop wait longer while they are serialised. */
const defaultBatchPoints = 2_000;

/** Spans name their parents, so nothing has to follow asynchronous calls around; following costs every one of them. */
const rootContextOnly: ContextManager = {
  active: () => ROOT_CONTEXT,
  with: (_context, work, thisArg, ...args) => work.call(thisArg, ...args),
  bind: (_context, target) => target,
  enable: () => rootContextOnly,
  disable: () => rootContextOnly,
};

/** The one file that builds the SDK; reached by a dynamic import only. */
export function startOtlpSdk(input: OtlpInput): OtlpPush {
  const { options, agent, log, version } = input;
  const starts = createCounterStarts();
  const unsubscribe = followCounters(input, starts);
  const resource = resourceFromAttributes({
    'service.name': 'reeve',
    'service.version': version,
    'service.instance.id': input.instanceId,
  });
  const exporter = countMetricExports(
    new OTLPMetricExporter(exporterConfig(options, 'metrics')),
    createExportCounter('metrics', agent, log),
  );
  const traceExporter = countSpanExports(
    new OTLPTraceExporter(exporterConfig(options, 'traces')),
    createExportCounter('traces', agent, log),
  );
  const producer = createOtlpProducer({ ...input, starts, resource, onCollect: () => exporter.begin() });
  const sdk = new NodeSDK({
    autoDetectResources: false,
    resource,
    metricReaders: [createReader(options, exporter, producer)],
    traceExporter,
    logRecordProcessors: [],
    instrumentations: [],
    textMapPropagator: null,
    contextManager: rootContextOnly,
  });
  // After the constructor, which may set a logger that writes to standard output.
  diag.setLogger(createDiagLogger(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  sdk.start();
  return {
    tracing: createOtlpTracing(trace.getTracer('reeve', version)),
    close: async (deadlineMs) => {
      unsubscribe();
      await endWithin(sdk.shutdown(), deadlineMs, log);
      trace.disable();
      metrics.disable();
      diag.disable();
    },
  };
}

function followCounters({ snapshots }: OtlpInput, starts: CounterStarts): () => void {
  for (const snapshot of snapshots.latest()) starts.observe(snapshot);
  return snapshots.subscribe(({ target, snapshot }) => {
    if (snapshot === undefined) starts.forget(target);
    else starts.observe(snapshot);
  });
}

function createReader(
  { intervalMs, timeoutMs, maxBatchPoints }: OtlpOptions,
  exporter: CountedMetricExporter,
  producer: ReturnType<typeof createOtlpProducer>,
): PeriodicExportingMetricReader {
  return new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
    maxExportBatchSize: maxBatchPoints ?? defaultBatchPoints,
    metricProducers: [producer],
  });
}

/**
 * Requests under way at once; more are refused, dropped and counted. Metrics go batch by batch. Spans do too, but at the end the SDK sends the
 * whole queue at once (2,048 spans in batches of 512), perhaps beside a batch that hangs, and gives up all of it when one is refused.
 */
const concurrentRequests = { metrics: 1, traces: 5 } as const;

type ExporterConfig = NonNullable<ConstructorParameters<typeof OTLPMetricExporter>[0]>;

function exporterConfig(options: OtlpOptions, signal: 'metrics' | 'traces'): ExporterConfig {
  const headers: Record<string, string> = {};
  for (const [name, secret] of Object.entries(options.headers)) headers[name] = secret.reveal();
  return {
    url: `${options.endpoint.replace(/\/+$/, '')}/v1/${signal}`,
    headers,
    compression: CompressionAlgorithm.GZIP,
    timeoutMillis: Math.min(options.timeoutMs, options.intervalMs),
    concurrencyLimit: concurrentRequests[signal],
  };
}

/** Waits for the shutdown, but not longer; a dead endpoint must not hold up the exit. */
async function endWithin(shutdown: Promise<void>, deadlineMs: number, log: Log): Promise<void> {
  const { promise: expired, resolve: expire } = Promise.withResolvers<void>();
  const timer = setTimeout(expire, deadlineMs);
  const ended = shutdown.catch((error: unknown) => log.warn('last OTLP export failed', { error }));
  await Promise.race([ended, expired]);
  clearTimeout(timer);
}

/** The SDK's own complaints; failed exports are counted and logged by us, so these are for debugging. */
function createDiagLogger(log: Log): DiagLogger {
  const write = (message: string) => log.debug('OpenTelemetry SDK', { detail: message });
  return { error: write, warn: write, info: write, debug: write, verbose: write };
}
