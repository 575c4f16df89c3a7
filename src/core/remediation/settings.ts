/** What the operator decided about remediation. */

import type { Secret } from '../secret.ts';

/**
 * Each may do what the ones before it may. `observe`: evidence only. `propose`: a plan too, not executable. `approve`: executes after a
 * person approved that plan's hash. `auto`: executes acts whose undo is immediate and complete; others wait for approval.
 */
export const remediationModes = ['observe', 'propose', 'approve', 'auto'] as const;
export type RemediationMode = (typeof remediationModes)[number];

export const pipelineIds = [
  'query_optimisation',
  'index_management',
  'cache',
  'migration',
  'backup',
  'warehouse',
  'throughput',
  'storage_growth',
] as const;
export type PipelineId = (typeof pipelineIds)[number];

/** What they change is simulated from history: no other target could say anything about it. */
export const simulatedPipelines: readonly PipelineId[] = ['cache', 'warehouse', 'throughput'];

export interface TargetRemediation {
  readonly mode: RemediationMode;
  /** Modes of single pipelines that differ from `mode`. */
  readonly pipelines: Readonly<Partial<Record<PipelineId, RemediationMode>>>;
  /** Modes of single actions that differ from those. */
  readonly actions: Readonly<Record<string, RemediationMode>>;
  /** Target on which changes are rehearsed. */
  readonly rehearsal?: string | undefined;
  /** The login that acts; the collecting login must be unable to. */
  readonly credentials?: Secret | undefined;
  /** Run after a rehearsal and after an act: program and arguments, no shell. */
  readonly testCommand?: readonly string[] | undefined;
}

/** Limits that hold for all targets together. */
export interface RemediationPolicy {
  /** While this file exists nothing new is done. */
  readonly pauseFile?: string | undefined;
  /** Whoever asked for a run may not approve it. */
  readonly secondPerson: boolean;
  /** Changes to one target in 24 hours, all pipelines together. */
  readonly changesPerDay: number;
  /** Runs that may change something at the same time. */
  readonly concurrentRuns: number;
  readonly largestObjectBytes?: number | undefined;
  /** How long the guards are watched before an act, to compare with. */
  readonly baselineMs: number;
  /** How long a change is watched before it is kept. */
  readonly soakMs: number;
  /** The same for a migration. */
  readonly migrationSoakMs: number;
  readonly planExpiryMs: number;
  /** How long an act waits for a lock before it gives way. */
  readonly lockTimeoutMs: number;
  /** What a new index must save of the time of the statements it is for, as a share, on the rehearsal target. */
  readonly minimumImprovement: number;
  /** When plans are prepared for all proven-unused indexes: a cron expression, UTC. */
  readonly indexReview: string;
  /** When a backup of each target is restored and verified: a cron expression, UTC. A drill that fails is tried again. */
  readonly drills: string;
  /** Folder in which drills restore: private, wiped after each. Absolute path. */
  readonly scratch: string;
  /** Absolute paths. */
  readonly changelog: { readonly schema: string; readonly optimisations: string };
}

export interface MaintenanceWindow {
  readonly name: string;
  /** Days on which the window begins. */
  readonly days: readonly Weekday[];
  /** `HH:MM`; a window whose `to` is not after `from` ends on the next day. */
  readonly from: string;
  readonly to: string;
  readonly timeZone: string;
  /** Labels a target must carry (`target` and `engine` count as labels); empty is every target. */
  readonly match: Readonly<Record<string, string>>;
}

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];
