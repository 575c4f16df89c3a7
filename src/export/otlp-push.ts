import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { Snapshots } from '../core/ports/snapshots.ts';
import type { Secret } from '../core/secret.ts';
import type { AgentMetrics } from '../telemetry/agent-metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';

export interface OtlpOptions {
  /** Base URL of the collector, `http://collector:4318`; the signals' paths are appended. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, Secret>>;
  /** Metrics are pushed this often, in milliseconds. */
  readonly intervalMs: number;
  /** A batch that takes longer is given up, in milliseconds; at most the interval is used. */
  readonly timeoutMs: number;
  /** Points in one request; 2,000 unless said otherwise. */
  readonly maxBatchPoints?: number;
}

export interface OtlpInput {
  readonly options: OtlpOptions;
  readonly snapshots: Snapshots;
  readonly agent: AgentMetrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Tells this agent from others that push to the same place; becomes `service.instance.id`. */
  readonly instanceId: string;
  /** OpenTelemetry's `db.system.name` by engine id. */
  readonly systems: ReadonlyMap<string, string>;
}

/** Pushes snapshots and spans until closed. */
export interface OtlpPush {
  readonly tracing: Tracing;
  /** Pushes what there is and ends; gives up after the deadline, in milliseconds. */
  close(deadlineMs: number): Promise<void>;
}
