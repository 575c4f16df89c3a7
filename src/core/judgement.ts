/** What Reeve thinks of an objective on one subject of one target, and what becomes of it. */

import type { ObjectiveId, Severity } from './objective.ts';

export const objectiveStates = ['met', 'breached', 'unknown'] as const;
export type ObjectiveState = (typeof objectiveStates)[number];

/**
 * Why a value is not known.
 *
 * - `not_collected`: the target was not collected yet, since the agent started.
 * - `unreachable`: the latest collection reached nothing.
 * - `collection_failed`: the group that reads it failed, or is too old.
 * - `not_reported`: it was read, and the server gave no value (no lookups, a replica that went away).
 * - `too_few_samples`: fewer observations than the minimum stand behind it.
 * - `too_little_history`: a forecast needs more.
 * - `coarse_resolution`: the value cannot show what the bound asks for.
 * - `no_bound`: the operator gave no budget or projection.
 * - `agent_stopped`: the agent is not running; only where a store is read without it.
 */
export const unknownReasons = [
  'not_collected',
  'unreachable',
  'collection_failed',
  'not_reported',
  'too_few_samples',
  'too_little_history',
  'coarse_resolution',
  'no_bound',
  'agent_stopped',
] as const;
export type UnknownReason = (typeof unknownReasons)[number];

export const boundSides = ['min', 'max'] as const;
export type BoundSide = (typeof boundSides)[number];

/** Who says that a breach is open: the agent's own evaluation, or an alert that was delivered to it. */
export const breachHolders = ['evaluation', 'alert'] as const;
export type BreachHolder = (typeof breachHolders)[number];

export interface SubjectKey {
  readonly target: string;
  readonly objective: ObjectiveId;
  /** The database, replica, container …; empty for the target as a whole. */
  readonly subject: string;
}

/** One time in which an objective was breached on one subject. Times are Unix time in milliseconds. */
export interface Breach extends SubjectKey {
  /** Names this breach and no other, over restarts: 16 hexadecimal digits. */
  readonly fingerprint: string;
  readonly engine: string;
  /** The highest it reached. */
  readonly severity: Severity;
  /** Since when the bound was violated, `for` included. */
  readonly since: number;
  readonly openedAt: number;
  readonly side: BoundSide | undefined;
  /** The bound when it opened, in the objective's unit. */
  readonly bound: number | undefined;
  /** The value when it opened, and the worst one since; undefined where only an alert speaks of it. */
  readonly value: number | undefined;
  readonly worst: number | undefined;
  /** Empty when it is closed. */
  readonly holders: readonly BreachHolder[];
  readonly closedAt: number | undefined;
  /** From `since` to the end, in milliseconds, by a clock that does not jump. */
  readonly durationMs: number | undefined;
  /** `recovered`; `gone`: the subject is no longer there; `dropped`: the target or objective is no longer configured; `resolved`: the alert that opened it was. */
  readonly closeReason: 'recovered' | 'gone' | 'dropped' | 'resolved' | undefined;
}

/** The latest judgement of one subject: a line of the scorecard. */
export interface Judgement extends SubjectKey {
  readonly engine: string;
  readonly state: ObjectiveState;
  /** Set while the value is unknown, also when the breach is held open meanwhile. Undefined too while a first violation has not lasted for long enough to be a breach. */
  readonly reason: UnknownReason | undefined;
  /** In words, such as the error of the collection; empty when there is nothing to add. */
  readonly detail: string;
  /** In the objective's unit; undefined while it is unknown, unless only the bound is missing or the agent is not running (the last known one). */
  readonly value: number | undefined;
  /** Observations behind the value, where it is a statistic. */
  readonly basis: number | undefined;
  readonly bound: { readonly min?: number; readonly max?: number };
  /** Since when it is in this state, Unix time in milliseconds. */
  readonly since: number;
  /** When it was last judged. */
  readonly at: number;
  /** Violated, and not for long enough: how long so far, in milliseconds. */
  readonly pendingMs: number | undefined;
  /** The open breach. */
  readonly breach: Breach | undefined;
  /** Unknown for over an hour. */
  readonly blind: boolean;
  readonly budget: BudgetReport;
  /** Of a forecast: where the interval of eight in ten ends, and when it is for. */
  readonly forecast: ForecastReport | undefined;
}

/** Time in breach against what is allowed. */
export interface BudgetReport {
  /** Allowed share of the time. */
  readonly allowed: number;
  /** Part of the allowed time in 30 days that is left. 1: nothing used; 0: used up; negative: overdrawn; undefined while nothing is known. */
  readonly remaining: number | undefined;
  /** Share of the known time in breach divided by the allowed share, by window (`5m`, `1h` …); undefined where less than half of the window is known. */
  readonly burnRates: Readonly<Record<string, number | undefined>>;
}

export interface ForecastReport {
  readonly lower: number;
  readonly upper: number;
  /** Unix time in milliseconds. */
  readonly for: number;
  /** When the space is full by the median and by the upper end; undefined when it is not within ten years, or no capacity was given. */
  readonly fullAt: number | undefined;
  readonly fullAtEarliest: number | undefined;
}

/** A state change, for the log and the store. */
export interface ObjectiveEvent extends SubjectKey {
  /**
   * `state`: met, breached or unknown now. `opened`, `raised` (to a page), `held` (another holder joined) and `closed`: of the breach.
   * `blind`, `seeing`: unknown for over an hour, and the end of it. `alert`: a delivery that changed nothing else.
   */
  readonly kind: 'state' | 'opened' | 'raised' | 'held' | 'closed' | 'blind' | 'seeing' | 'alert';
  readonly at: number;
  readonly engine: string;
  readonly state: ObjectiveState;
  readonly reason: UnknownReason | undefined;
  readonly value: number | undefined;
  /** The breach, as it is after this. */
  readonly breach: Breach | undefined;
  /** In words; never a secret. */
  readonly text: string;
}
