/** The one door through which an engine folder reaches src. Re-exports only. */

export type { ConfigFields } from './core/config-fields.ts';
export { formatDuration, parseDurationMs, parseSizeBytes } from './core/duration.ts';
export {
  type CheckItem,
  type Collector,
  type CollectorInput,
  defineEngine,
  type Engine,
  type Grants,
  type GroupContext,
  type GroupDefinition,
  type GroupReader,
  type ObjectiveMeasure,
} from './core/engine.ts';
export { CollectError, type CollectErrorCode, messageOf, toCollectError } from './core/errors.ts';
export {
  type IndexCount,
  type IndexUsageReading,
  type IndexUse,
  longestBlindMs,
  type MemberIndexUsage,
  type MemberLinks,
  unusedForMs,
} from './core/index-usage.ts';
export { defineMetrics, type LabelsOf, type MetricDefinition, type MetricTable } from './core/metric.ts';
export type { Clock, Random } from './core/ports/clock.ts';
export type { FirstSeen, History } from './core/ports/history.ts';
export type { Log } from './core/ports/log.ts';
export type { Recorder } from './core/sample.ts';
export { Secret } from './core/secret.ts';
export { replicationLagBytes, replicationLagSeconds, storageBytes } from './core/shared-metrics.ts';
export type { DetailRow, Finding, GroupReading } from './core/snapshot.ts';
export type { ServerIdentity, Target, Workload } from './core/target.ts';
export {
  type ClusterWatch,
  type IndexProof,
  type UseReason,
  useReasons,
  watchCluster,
} from './core/unused-proof.ts';
export { CounterWindow, ratio, type WindowDelta } from './core/window.ts';
