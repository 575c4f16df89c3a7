import type { Breach, Judgement, ObjectiveEvent } from '../core/judgement.ts';
import type { MetricTable } from '../core/metric.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import type { DurableEngine } from '../core/ports/durable-engine.ts';
import type { Log } from '../core/ports/log.ts';
import type { BreachFilter } from '../core/ports/objective-records.ts';
import type { Practices } from '../core/ports/practices.ts';
import type { ProofRecords } from '../core/ports/proof-records.ts';
import type { RemediationRecords, RunCount } from '../core/ports/remediation-records.ts';
import type { Snapshots } from '../core/ports/snapshots.ts';
import type { RemediationControl } from '../core/remediation/control.ts';
import type { Operations } from '../core/remediation/operations.ts';
import type {
  MaintenanceWindow,
  RemediationPolicy,
  TargetRemediation,
} from '../core/remediation/settings.ts';
import type { GuardMeasure } from '../core/remediation/verification.ts';
import type { Redact } from '../core/secret.ts';
import type { Target } from '../core/target.ts';
import type { Scratch } from './drill/scratch.ts';
import type { Pipeline } from './pipeline.ts';

/** A target as far as remediation needs it. */
export interface RemediationTarget {
  readonly target: Target;
  readonly remediation: TargetRemediation;
  /** Of its engine; empty where the engine names none: then every verification is inconclusive about them. */
  readonly guards: readonly GuardMeasure[];
  /** Of its engine. */
  readonly metrics: MetricTable;
  /** Of another shard, only rehearsed on here: no drill of it begins here by itself. */
  readonly isGuest?: boolean;
}

export interface RemediationInput {
  readonly records: RemediationRecords;
  readonly proofs: ProofRecords;
  /** Not begun: `createRemediation` defines its processes on it, and `begin` begins it. Closed by `close`. */
  readonly engine: DurableEngine;
  readonly pipelines: readonly Pipeline[];
  /** Asked anew each time, so that a reload takes effect. */
  readonly policy: () => RemediationPolicy;
  readonly windows: () => readonly MaintenanceWindow[];
  /** All that are configured, also those that are only rehearsed on. */
  readonly targets: () => readonly RemediationTarget[];
  /** Undefined where the engine offers none, or there is no such target. Kept by the caller, who also closes them. */
  readonly operationsOf: (target: string) => Promise<Operations | undefined>;
  readonly snapshots: Snapshots;
  /** The scorecard of now. */
  readonly judgements: () => readonly Judgement[];
  readonly breaches: (filter: BreachFilter) => readonly Breach[];
  readonly practices: Practices;
  /** Runs a program without a shell; `output` is both streams, the last 16 KiB. Rejects when it cannot be started. */
  readonly runCommand: (argv: readonly string[], signal: AbortSignal) => Promise<CommandResult>;
  /** Where drills restore to. */
  readonly scratch: Scratch;
  /** When a drill is given up, in milliseconds; a day unless set. */
  readonly longestDrillMs?: number;
  /** Absolute folders that hold data, such as the store: nothing is restored in or around them. */
  readonly dataPlaces: () => readonly string[];
  /** Whether the file that `policy().pauseFile` names is there. */
  readonly pauseFileExists: () => boolean;
  /** Appends to a file that is made when missing; does nothing when the file holds this text already (a step may run twice). */
  readonly writeChangelog: (file: string, text: string) => Promise<void>;
  readonly redact: Redact;
  /** Unique among the agents that share the records: host and process. */
  readonly holder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** `reeve/<version>`: how sessions that act are called. */
  readonly applicationName: string;
  /** Called before and after every durable step and around every act, so that a test can end the agent there. */
  readonly onStep?: (point: string) => void;
}

export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/** A schedule to be started by the daemon; `tick` is the time of the tick as ISO 8601, the same for every agent. */
export interface RemediationSchedule {
  readonly name: string;
  /** UTC; of the policy at this moment. */
  readonly cron: string;
  readonly run: (tick: string) => Promise<void>;
}

export interface Remediation {
  readonly control: RemediationControl;
  /** Every event of evaluation and of the webhook. Returns at once; what it starts is claimed once by its breach. */
  onEvent(event: ObjectiveEvent): void;
  /**
   * Begins the durable engine, takes up what was left (runs without a process, acts without an outcome, breaches without a run), and looks
   * after things that were left half done. Never rejects because a target or the records cannot be used: that is logged and tried again.
   */
  begin(): Promise<void>;
  /** What `begin` does, again: after a reload. Also runs by itself once a minute. */
  tend(): Promise<void>;
  schedules(): readonly RemediationSchedule[];
  /** For metrics. The last known while the records cannot be read. */
  counts(): Promise<readonly RunCount[]>;
  /** Stops tending, ends the durable engine (acts that run are told to stop and are reconciled by the next agent), and waits for both. */
  close(): Promise<void>;
}
