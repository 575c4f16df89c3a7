/** The one door through which an engine folder reaches src. Re-exports only. */

export type { AlertRule, TestSeries } from './core/alert-rule.ts';
export { findNoBackups, recordChain } from './core/backup-chain-reading.ts';
export type { CheckItem } from './core/check-item.ts';
export type { ConfigFields } from './core/config-fields.ts';
export { type EngineDashboard, overTime, type Panel } from './core/dashboard.ts';
export {
  type Assumption,
  type Collector,
  type CollectorInput,
  defineEngine,
  type Engine,
  type Grants,
  type GroupContext,
  type GroupDefinition,
  type ObjectiveMeasure,
  type ServerAnswer,
  type Starter,
} from './core/engine.ts';
export { CollectError, type CollectErrorCode, messageOf, toCollectError } from './core/errors.ts';
export type { MemberIndexUsage, MemberLinks } from './core/index-usage.ts';
export { defineMetrics } from './core/metric.ts';
export type { ObjectiveId } from './core/objective.ts';
export type { Background } from './core/ports/background.ts';
export type { Clock, Random } from './core/ports/clock.ts';
export type { History } from './core/ports/history.ts';
export type { Log } from './core/ports/log.ts';
export type { Memory } from './core/ports/memory.ts';
export { isOverdueForReview } from './core/quarter.ts';
export type {
  BackupFound,
  BackupOperations,
  BackupStrategy,
  DrillCheck,
  DrillContext,
  DrillReport,
  DrillRequest,
  DrillStep,
} from './core/remediation/backups.ts';
export type { EvidenceDraft } from './core/remediation/evidence.ts';
export type { Json, JsonObject } from './core/remediation/json.ts';
export {
  inMigrationOrder,
  judgeMigrationNames,
  type KeptMigration,
  migrationStatuses,
  migrationSubject,
  pendingMigrations,
  readMigrationRequest,
} from './core/remediation/migration-files.ts';
export {
  type MigrationFile,
  type MigrationOperations,
  type MigrationRequest,
  type MigrationStatus,
  type MigrationTool,
  migrationTools,
} from './core/remediation/migrations.ts';
export {
  type ActContext,
  type Action,
  type ActOutcome,
  type Candidate,
  type CheckedStatement,
  type FindRequest,
  type Inspection,
  isRefusal,
  type MigrationFigures,
  type OperationContext,
  type Operations,
  type OperationsInput,
  type QueryCheckReport,
  type QueryCheckRequest,
  type Refusal,
  type RehearsalContext,
  sessionName,
  testWhileChanged,
} from './core/remediation/operations.ts';
export type {
  Act,
  Plan,
  PlanDraft,
  Precondition,
  Rehearsal,
  TargetIdentity,
} from './core/remediation/plan.ts';
export type { PipelineId } from './core/remediation/settings.ts';
export type { CounterReading, GuardMeasure } from './core/remediation/verification.ts';
export { retryAfterMs } from './core/retry-after.ts';
export { assertSameTime } from './core/same-time.ts';
export { Secret } from './core/secret.ts';
export {
  backupAgeSeconds,
  backupBytes,
  backupRecoverableAgeSeconds,
  backupsDamaged,
  replicationLagBytes,
  replicationLagSeconds,
  storageBytes,
} from './core/shared-metrics.ts';
export type { DetailRow, Finding, GroupReading, Snapshot } from './core/snapshot.ts';
export type { ServerIdentity, Target } from './core/target.ts';
export { type ClusterWatch, type IndexProof, type UseReason, watchCluster } from './core/unused-proof.ts';
export { CounterWindow, ratio } from './core/window.ts';
export type { Workload } from './core/workload.ts';
