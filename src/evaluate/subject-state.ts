import type {
  Breach,
  BreachHolder,
  ForecastReport,
  ObjectiveState,
  SubjectKey,
  UnknownReason,
} from '../core/judgement.ts';
import type { Bound } from './bound.ts';
import type { Verdict } from './observation.ts';
import { emptyTimeline, type Timeline } from './timeline.ts';

/** Everything that is remembered of one subject of one objective. Replaced, never changed. Durations are in milliseconds. */
export interface SubjectState extends SubjectKey {
  readonly engine: string;
  /** As it is published. */
  readonly state: ObjectiveState;
  readonly stateMs: number;
  /** The state that the last event spoke of. */
  readonly announced: ObjectiveState;
  /** No value was known since the agent started: what is unknown now is not news yet. */
  readonly isSettling: boolean;
  /** It was in a reading at least once; what only an alert spoke of was not. */
  readonly isSeen: boolean;
  /** When it was first known of, Unix time. */
  readonly firstSeenAt: number;
  /** How long it has been missing in readings without an error. */
  readonly absentMs: number;
  readonly verdict: Verdict;
  /** On the way to open or to close: undefined when it is not. */
  readonly progress: Progress | undefined;
  /** How long the value has been unknown; undefined while it is known. */
  readonly unknownMs: number | undefined;
  readonly isBlind: boolean;
  /** How many breaches it has had. */
  readonly breaches: number;
  readonly open: OpenBreach | undefined;
  readonly timeline: Timeline;
  readonly latest: LatestValue;
}

/** The part of the latest observation that people see. */
export interface LatestValue {
  readonly at: number;
  readonly value: number | undefined;
  readonly basis: number | undefined;
  readonly reason: UnknownReason | undefined;
  readonly detail: string;
  readonly bound: Bound;
  readonly forecast: ForecastReport | undefined;
}

/** A violation that has not lasted for long enough, or a recovery. */
export interface Progress {
  /** How long it has been seen to last. */
  readonly ms: number;
  /** The same with what was unknown in between. */
  readonly ageMs: number;
  /** How long nothing has been known. */
  readonly pauseMs: number;
}

export interface OpenBreach {
  readonly breach: Breach;
  /** Since `breach.since`. */
  readonly ageMs: number;
  /** Alerts of others that hold it. */
  readonly alerts: readonly AlertHold[];
}

export interface AlertHold {
  readonly fingerprint: string;
  /** As the alert says, Unix time. */
  readonly startsAt: number;
  /** Since it was last delivered. */
  readonly ageMs: number;
}

/** What has been missing for so long from readings without an error is gone. */
const goneAfterMs = 24 * 3_600_000;

/** The subject is not there any more. That of a whole target stays. */
export function isGone({ isSeen, absentMs, subject }: SubjectState): boolean {
  return isSeen && subject !== '' && absentMs >= goneAfterMs;
}

/** A subject that nothing is known of yet. */
export function newSubject(key: SubjectKey, engine: string, bound: Bound, now: number): SubjectState {
  return {
    target: key.target,
    objective: key.objective,
    subject: key.subject,
    engine,
    state: 'unknown',
    stateMs: 0,
    announced: 'unknown',
    isSettling: true,
    isSeen: false,
    firstSeenAt: now,
    absentMs: 0,
    verdict: 'unknown',
    progress: undefined,
    unknownMs: 0,
    isBlind: false,
    breaches: 0,
    open: undefined,
    timeline: emptyTimeline,
    latest: {
      at: now,
      value: undefined,
      basis: undefined,
      reason: 'not_collected',
      detail: '',
      bound,
      forecast: undefined,
    },
  };
}

export function isHeldBy({ open }: SubjectState, holder: BreachHolder): boolean {
  return open?.breach.holders.includes(holder) ?? false;
}
