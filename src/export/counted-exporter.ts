import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node';
import type { Log } from '../core/ports/log.ts';
import type { AgentMetrics } from '../telemetry/agent-metrics.ts';

type ExportResult = Parameters<Parameters<PushMetricExporter['export']>[1]>[0];
export type SpanExporter = NodeSDKConfiguration['traceExporter'];

/** Counts what became of each batch, and says in the log when it begins to fail and when it works again. */
export interface ExportCounter {
  count(result: ExportResult): void;
}

export function createExportCounter(
  signal: 'metrics' | 'traces',
  agent: AgentMetrics,
  log: Log,
): ExportCounter {
  let isFailing = false;
  return {
    count({ error }) {
      // A failed result always carries its error; the codes are an enum of a package that is not ours to load here.
      const failed = error !== undefined;
      agent.add('otlpExportsTotal', { signal, outcome: failed ? 'failure' : 'success' });
      if (failed && !isFailing) log.warn('OTLP export fails', { signal, error });
      if (!failed && isFailing) log.info('OTLP export works again', { signal });
      isFailing = failed;
    },
  };
}

/** The metrics exporter of one reader. */
export interface CountedMetricExporter extends PushMetricExporter {
  /** Lets batches through again after a failure gave up the rest of a collection. */
  begin(): void;
}

/**
 * Counts, and gives up the rest of a collection when the endpoint cannot be reached: otherwise each of its batches would wait for its
 * own timeout, and the next collections would not begin.
 */
export function countMetricExports(inner: PushMetricExporter, counter: ExportCounter): CountedMetricExporter {
  let isUnreachable = false;
  return {
    begin() {
      isUnreachable = false;
    },
    export(metrics, done) {
      const finish = (result: ExportResult) => {
        counter.count(result);
        if (result.error !== undefined && !hasStatus(result.error)) isUnreachable = true;
        done(result);
      };
      if (isUnreachable) finish({ code: 1, error: new Error('given up after an earlier batch failed') });
      else inner.export(metrics, finish);
    },
    forceFlush: () => inner.forceFlush(),
    shutdown: () => inner.shutdown(),
  };
}

export function countSpanExports(inner: SpanExporter, counter: ExportCounter): SpanExporter {
  return {
    export(spans, done) {
      inner.export(spans, (result) => {
        counter.count(result);
        done(result);
      });
    },
    shutdown: () => inner.shutdown(),
  };
}

/** The endpoint answered, so it refuses this batch and not all of them. */
function hasStatus(error: Error): boolean {
  return 'code' in error && typeof error.code === 'number';
}
