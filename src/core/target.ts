import type { ObjectiveId } from './objective.ts';
import type { Workload } from './workload.ts';

/** What the operator decided about one reading group of a target. */
export interface GroupSettings {
  /** A group that is switched off is not read; its metrics are absent. */
  readonly enabled: boolean;
  /** Cadence in milliseconds; undefined for the engine's own, 0 for every collection. */
  readonly everyMs: number | undefined;
}

/** One watched database endpoint, as far as every engine shares it. Engine options stand beside it. */
export interface Target {
  /** Unique; the label `target` of every series. */
  readonly id: string;
  readonly engine: string;
  readonly intervalMs: number;
  /** A collection that takes longer is given up; at most the interval. */
  readonly deadlineMs: number;
  readonly workload: Workload | undefined;
  /** Windows of windowed statistics that the operator changed, in milliseconds, by objective; engines have their own otherwise. */
  readonly windowsMs: Readonly<Partial<Record<ObjectiveId, number>>>;
  /** Labels the operator put on every series of this target. */
  readonly labels: Readonly<Record<string, string>>;
  /** How long an index must have been seen unused before it counts as proven unused. */
  readonly unusedAfterMs: number;
  /** The operator declares that every member of this cluster is a target. */
  readonly membersComplete: boolean;
  /** By group; what is not here is read as the engine proposes. */
  readonly groups: Readonly<Record<string, GroupSettings>>;
  /** Series beyond this are dropped and counted. */
  readonly maxSeries: number;
}

/** What a collector knows about the server after it connected; every part may be unknown. */
export interface ServerIdentity {
  readonly address?: string;
  readonly port?: number;
  /** As the server prints it, such as `18.4`. */
  readonly version?: string;
  readonly role?: 'primary' | 'replica' | 'standalone';
}
