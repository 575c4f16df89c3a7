/** What pipelines may ask of an engine about backups: knowing what others made, and proving that one of them can be restored. */

import type { JsonObject } from './json.ts';
import type { OperationContext, Refusal } from './operation-context.ts';

/** A backup as it was found; times are Unix time in milliseconds. */
export interface BackupFound {
  /** Name of the entry in the target's `backups`: all backups of one chain are made in the same way and kept in the same place. */
  readonly chain: string;
  /** `pg_dump`, `base_backup`, `pgbackrest`, `rdb`, `mongodump` … */
  readonly kind: string;
  /** Unique in its chain: a file, a label. */
  readonly name: string;
  readonly takenAt: number;
  /** Data up to then can be recovered, where a log is archived beside it; otherwise `takenAt`. */
  readonly recoverableUntil: number;
  /** Null where it is not known. */
  readonly bytes: number | null;
  /** What restoring it takes on disk, as an estimate; as `bytes` where it is absent. Set it for what is compressed. */
  readonly restoredBytes?: number;
  /** Databases that are in it; undefined: the whole server, or not known. */
  readonly databases: readonly string[] | undefined;
  /** By its own marks (sizes, manifests, checksums), before anybody restored it. */
  readonly health: 'ok' | 'damaged' | 'unknown';
  /** For a person: what was looked at, what is wrong. */
  readonly detail: string;
  /** Whether restoring it counts as a restore test: a retained backup does; a fresh dump, a time-travel read or a policy check never. */
  readonly isRetained: boolean;
}

export interface DrillRequest {
  /** Only this chain; the one with the newest healthy backup otherwise. */
  readonly chain: string | undefined;
  /** Only this backup. */
  readonly backup: string | undefined;
  /** To a point in time, where the chain can. */
  readonly until: number | undefined;
}

export interface DrillContext extends OperationContext {
  /** Private folder of this drill: empty at the beginning, wiped by `discard` at the end, whatever happens. */
  readonly folder: string;
  /** Says which part runs: `restore`, `verify`; for people who watch. */
  readonly onStep: (step: string) => void;
}

export interface DrillCheck {
  /** `rows of orders.public.visits`. */
  readonly name: string;
  readonly verdict: 'passed' | 'failed' | 'not_done';
  /** What was compared with what, and what came out. */
  readonly detail: string;
}

/** One thing that was done, as a person would type it: the recovery procedure is written from these. */
export interface DrillStep {
  readonly name: string;
  /** Without secrets; what is particular to the drill (folder, port) in angle brackets. Empty where a person has nothing to type. */
  readonly command: string;
  readonly durationMs: number;
  readonly detail: string;
}

export interface DrillReport {
  readonly verdict: 'verified' | 'failed';
  /** What was proven or went wrong, and what next, for a person. */
  readonly text: string;
  /** Undefined when there was none to restore. */
  readonly backup: BackupFound | undefined;
  /** Subjects as the engine's objective `restore_test_age_seconds` names them: databases, or '' for the target. */
  readonly subjects: readonly string[];
  readonly steps: readonly DrillStep[];
  readonly checks: readonly DrillCheck[];
  /** From the begin of the restore until the data was there and verified; undefined when it did not come so far. */
  readonly recoveryMs: number | undefined;
  /** How old the newest recovered data is, seen from the begin of the drill; undefined where nothing tells. */
  readonly lossMs: number | undefined;
  /** Where it was restored to, and why that cannot be production. */
  readonly place: string;
  readonly figures: JsonObject;
}

/** Files for those who have no backup yet: written by `reeve backup init`, never run by Reeve itself. */
export interface BackupStrategy {
  /** In words: what, how often, how long it is kept, what it does not protect from. */
  readonly summary: string;
  readonly files: readonly {
    readonly name: string;
    readonly text: string;
    readonly isExecutable: boolean;
  }[];
  /** Lines of YAML for the target, so that drills find the backups. */
  readonly configLines: readonly string[];
  /** What to do with it, in order. */
  readonly next: readonly string[];
}

export interface BackupOperations {
  /** Names of the entries in the target's `backups`; empty where nobody configured any: then no drill begins by itself. */
  readonly chains: readonly string[];
  /** Absolute folders on this machine in which these chains are kept: a drill restores neither into one of them nor around it. */
  readonly places?: readonly string[];
  /** All backups of the configured chains, newest first, at most 100 a chain. Reads files, catalogues and policies only. */
  list(context: OperationContext): Promise<readonly BackupFound[]>;
  /** Makes one now and keeps it in its chain; absent where other tools have to. */
  take?(chain: string | undefined, context: OperationContext): Promise<BackupFound | Refusal>;
  /**
   * Restores a backup into the drill's folder, verifies and measures it. Never throws for what is wrong with a backup or a tool: that is a
   * failed drill. Absent where no restore is possible without approval (Cosmos DB) or none proves anything (BigQuery).
   */
  drill?(request: DrillRequest, context: DrillContext): Promise<DrillReport>;
  /** Ends what a drill started, by what stands in its folder: also after a crash, when nobody else remembers. The caller wipes the folder. */
  discard?(folder: string): Promise<void>;
  /** A strategy for this target: script, schedule, retention, restore command. */
  strategy(folder: string): BackupStrategy;
}
