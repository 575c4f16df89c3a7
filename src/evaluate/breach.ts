import { fnv1a } from '../core/hash.ts';
import type { BoundSide, Breach, BreachHolder, ObjectiveState, SubjectKey } from '../core/judgement.ts';
import type { Severity } from '../core/objective.ts';
import { createEvent, lasting, measured, place } from './events.ts';
import { type Outcome, unchanged } from './outcome.ts';
import type { AlertHold, OpenBreach, SubjectState } from './subject-state.ts';

export interface Opening {
  readonly holder: BreachHolder;
  readonly severity: Severity;
  readonly now: number;
  /** For how long the bound has been violated already. */
  readonly ageMs: number;
  readonly side: BoundSide | undefined;
  readonly bound: number | undefined;
  readonly value: number | undefined;
  readonly alerts: readonly AlertHold[];
}

/** Opens a breach and says so. */
export function openBreach(state: SubjectState, opening: Opening): Outcome {
  const { holder, severity, now, ageMs, side, bound, value, alerts } = opening;
  const breach: Breach = {
    target: state.target,
    objective: state.objective,
    subject: state.subject,
    fingerprint: breachFingerprint(state, now, state.breaches),
    engine: state.engine,
    severity,
    since: now - ageMs,
    openedAt: now,
    side,
    bound,
    value,
    worst: value,
    holders: [holder],
    closedAt: undefined,
    durationMs: undefined,
    closeReason: undefined,
  };
  const opened = {
    ...state,
    state: 'breached',
    stateMs: 0,
    announced: 'breached',
    breaches: state.breaches + 1,
    progress: undefined,
    open: { breach, ageMs, alerts },
  } as const;
  const text = `${place(opened)} is breached: ${measured(opened)}, violated ${lasting(breach.since, ageMs)}; ${severity}`;
  return { state: opened, events: [createEvent('opened', opened, now, text)], breaches: [breach] };
}

/** Who lets go of a breach. */
export interface Release {
  readonly now: number;
  /** Since the subject was last judged; 0 while it is being judged. */
  readonly sinceMs: number;
  /** Should nobody be left. */
  readonly reason: NonNullable<Breach['closeReason']>;
  readonly released: Breach['holders'];
  /** Those that still hold it. */
  readonly alerts: readonly AlertHold[];
}

/** Takes holders away from an open breach. Without any left it closes; without a change nothing is said. */
export function release(state: SubjectState, { now, sinceMs, reason, released, alerts }: Release): Outcome {
  const { open } = state;
  if (open === undefined) return unchanged(state);
  const holders = open.breach.holders.filter(
    (holder) => !released.includes(holder) && (holder !== 'alert' || alerts.length > 0),
  );
  if (holders.length === open.breach.holders.length)
    return unchanged({ ...state, open: { ...open, alerts } });
  if (holders.length > 0) {
    const breach = { ...open.breach, holders };
    const held = { ...state, open: { ...open, alerts, breach } };
    const text = `${place(held)} stays breached, held by ${holders.join(' and ')} alone: ${measured(held)}`;
    return { state: held, events: [createEvent('held', held, now, text)], breaches: [breach] };
  }
  const ageMs = open.ageMs + sinceMs;
  const breach = closeBreach({ ...open, ageMs }, now, reason);
  const ended = afterBreach(state);
  const closed = { ...state, open: undefined, state: ended, stateMs: 0, announced: ended };
  const text = `${place(closed)} is no longer breached (${reason}): ${measured(closed)}, violated ${lasting(breach.since, ageMs)}`;
  return { state: closed, events: [createEvent('closed', closed, now, text, breach)], breaches: [breach] };
}

/** Makes an open breach as urgent as this; it never becomes less urgent. */
export function raiseTo(state: SubjectState, severity: Severity, now: number): Outcome {
  const { open } = state;
  if (open === undefined || severity === 'ticket' || open.breach.severity === 'page') return unchanged(state);
  const breach: Breach = { ...open.breach, severity };
  const raised = { ...state, open: { ...open, breach } };
  const text = `${place(raised)} is urgent now: ${measured(raised)}, violated ${lasting(breach.since, open.ageMs)}; page`;
  return { state: raised, events: [createEvent('raised', raised, now, text)], breaches: [breach] };
}

/** The breach as it ends. */
function closeBreach(
  { breach, ageMs }: OpenBreach,
  now: number,
  closeReason: NonNullable<Breach['closeReason']>,
): Breach {
  return { ...breach, holders: [], closedAt: now, durationMs: ageMs, closeReason };
}

/** 16 hexadecimal digits: the same for one breach, another for every other. */
function breachFingerprint(key: SubjectKey, openedAt: number, ordinal: number): string {
  const text = JSON.stringify([key.target, key.objective, key.subject, openedAt, ordinal]);
  return ['breach', 'fingerprint']
    .map((prefix) =>
      fnv1a(prefix + text)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
}

function afterBreach(state: SubjectState): ObjectiveState {
  return state.latest.reason === undefined && state.verdict !== 'violated' ? 'met' : 'unknown';
}
