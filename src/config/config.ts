import type { ControlToken } from '../core/control-role.ts';
import type { ObjectiveInForce, ObjectiveOverrides } from '../core/objective-in-force.ts';
import type { LogLevel } from '../core/ports/log.ts';
import type {
  MaintenanceWindow,
  RemediationPolicy,
  TargetRemediation,
} from '../core/remediation/settings.ts';
import type { Redact, Secret } from '../core/secret.ts';
import type { Target } from '../core/target.ts';
import type { ListenAddress } from './listen-address.ts';

/** Everything the operator decided, checked, with defaults filled in. Deeply frozen. */
export interface Config {
  /** The targets of this shard, in the order of the file. */
  readonly targets: readonly ConfiguredTarget[];
  /** Targets of other shards on which changes to those of this shard are rehearsed. */
  readonly rehearsals: readonly ConfiguredTarget[];
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
  readonly knowledge: Knowledge;
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

/** Where best practices are asked for, beside the notes that Reeve brings. */
export interface Knowledge {
  /** Nothing outside is asked without a key. */
  readonly context7:
    | { readonly url: string; readonly apiKey: Secret; readonly timeoutMs: number }
    | undefined;
}
