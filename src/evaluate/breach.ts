import { fnv1a } from '../core/hash.ts';
import type { BoundSide, Breach, BreachHolder, SubjectKey } from '../core/judgement.ts';
import type { Severity } from '../core/objective.ts';
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

/** The state with a breach that has just opened. */
export function openBreach(state: SubjectState, opening: Opening): SubjectState {
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
  return {
    ...state,
    state: 'breached',
    stateMs: 0,
    announced: 'breached',
    breaches: state.breaches + 1,
    progress: undefined,
    open: { breach, ageMs, alerts },
  };
}

/** The breach as it ends. */
export function closeBreach(
  { breach, ageMs }: OpenBreach,
  now: number,
  closeReason: NonNullable<Breach['closeReason']>,
): Breach {
  return { ...breach, holders: [], closedAt: now, durationMs: ageMs, closeReason };
}

/** 16 hexadecimal digits: the same for one breach, another for every other. */
export function breachFingerprint(key: SubjectKey, openedAt: number, ordinal: number): string {
  const text = JSON.stringify([key.target, key.objective, key.subject, openedAt, ordinal]);
  return ['breach', 'fingerprint']
    .map((prefix) =>
      fnv1a(prefix + text)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
}
