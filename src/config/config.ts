import type { ControlToken } from '../core/control-role.ts';
import type { ObjectiveInForce, ObjectiveOverrides } from '../core/objective-in-force.ts';
import type { LogLevel } from '../core/ports/log.ts';
import type { Redact, Secret } from '../core/secret.ts';
import type { Target } from '../core/target.ts';
import type { ListenAddress } from './listen-address.ts';

/** Everything the operator decided, checked, with defaults filled in. Deeply frozen. */
export interface Config {
  /** The targets of this shard, in the order of the file. */
  readonly targets: readonly ConfiguredTarget[];
  /** Targets in the file, those of other shards included. */
  readonly targetsInFile: number;
  readonly metrics: MetricsListener;
  readonly control: ControlListener | undefined;
  readonly otlp: Otlp | undefined;
  readonly store: StoreLocation;
  readonly shard: Shard | undefined;
  readonly log: LogOptions;
  readonly collect: CollectOptions;
  readonly objectives: readonly ObjectiveRule[];
  readonly remediation: RemediationPolicy;
  readonly maintenanceWindows: readonly MaintenanceWindow[];
  /** One line for every part that is checked and has no effect: not active in this version, or nothing that it applies to. */
  readonly inactive: readonly string[];
  /** Removes every secret of this configuration from a text. */
  readonly redact: Redact;
  /** Absolute path of the file. */
  readonly sourcePath: string;
}

/** A target with what belongs to it. Only `target` may reach snapshots and exporters: `options` hold secrets. */
export interface ConfiguredTarget {
  readonly target: Target;
  /** Parsed by the engine's own schema. */
  readonly options: unknown;
  /** What holds for it: the defaults, changed by every rule that matches its labels and then by its own overrides. */
  readonly objectives: readonly ObjectiveInForce[];
  /** What the file says at the target itself. */
  readonly overrides: ObjectiveOverrides;
  readonly remediation: TargetRemediation;
  /**
   * Changes when the target, its options or one of its secrets change: a reload keeps collectors whose fingerprint is the same. Bounds
   * are judged and not collected by, so they are not part of it; windows are.
   */
  readonly fingerprint: string;
}

/** Overrides for all targets that carry these labels (`target` and `engine` count as labels). */
export interface ObjectiveRule {
  readonly match: Readonly<Record<string, string>>;
  readonly set: ObjectiveOverrides;
}

export interface MetricsListener {
  readonly listen: ListenAddress;
  /** Prometheus exporter-toolkit web configuration: TLS and basic auth. */
  readonly webConfigFile?: string | undefined;
}

export interface ControlListener {
  readonly listen: ListenAddress;
  readonly webConfigFile?: string | undefined;
  readonly tokens: readonly ControlToken[];
  /** Shared secret of webhook deliveries (bearer or HMAC). */
  readonly webhookSecret?: Secret | undefined;
  /** Under which address people reach the listener, without a slash at the end; the links in alerts begin with it. */
  readonly externalUrl?: string | undefined;
}

export interface Otlp {
  readonly endpoint: Secret;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface StoreLocation {
  /** Absolute folder of the embedded store; the control socket lies in it too. */
  readonly path: string;
  /** PostgreSQL store shared by several agents. */
  readonly url?: Secret | undefined;
}

export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

export const logFormats = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof logFormats)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** `auto`: pretty at a terminal, JSON otherwise. */
  readonly format: LogFormat;
}

export interface CollectOptions {
  /** Collections that may run at the same time. */
  readonly concurrency: number;
}

/** Each may do what the ones before it may. */
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

export interface TargetRemediation {
  readonly mode: RemediationMode;
  /** Modes of single pipelines that differ from `mode`. */
  readonly pipelines: Readonly<Partial<Record<PipelineId, RemediationMode>>>;
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
  readonly changesPerDay: number;
  readonly concurrentRuns: number;
  readonly largestObjectBytes?: number | undefined;
  readonly soakMs: number;
  readonly planExpiryMs: number;
  readonly changelog: { readonly schema: string; readonly optimisations: string };
}

export interface MaintenanceWindow {
  readonly name: string;
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
