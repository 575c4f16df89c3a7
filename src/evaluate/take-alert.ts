import type { AlertAnswer, AlertOutcome, DeliveredAlert } from '../core/delivered-alert.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import { openBreach, raiseTo, release } from './breach.ts';
import { createEvent, place } from './events.ts';
import type { Outcome } from './outcome.ts';
import type { AlertHold, SubjectState } from './subject-state.ts';

export interface AlertTaken extends Outcome {
  readonly answer: AlertAnswer;
}

/** More than this many alerts about one subject say nothing new. */
const mostHolds = 20;

/** Alerts that are generated from the objectives speak of what evaluation found, and carry this label. */
const ownLabel = { name: 'source', value: 'reeve' } as const;

/**
 * What an alert that is delivered for the first time means for its subject. One of somebody else opens a breach, or holds an open one, until
 * it is resolved. One of Reeve's own rules changes nothing: Prometheus still fires it for a while after evaluation has closed the breach.
 *
 * @param moment when it was delivered, and how long after the latest judgement.
 */
export function takeAlert(
  state: SubjectState,
  alert: DeliveredAlert,
  objective: ObjectiveInForce,
  { now, sinceMs }: { readonly now: number; readonly sinceMs: number },
): AlertTaken {
  if (alert.labels[ownLabel.name] === ownLabel.value) return takeOwn(state, alert, now);
  return alert.status === 'firing'
    ? takeFiring(state, alert, objective, now)
    : takeResolved(state, alert, now, sinceMs);
}

/** An alert that was delivered before still says that it fires. */
export function renewHold(state: SubjectState, { fingerprint }: DeliveredAlert): SubjectState {
  const { open } = state;
  if (open === undefined) return state;
  const alerts = open.alerts.map((hold) =>
    isOf(hold, fingerprint) ? { ...hold, fingerprint, ageMs: 0 } : hold,
  );
  return { ...state, open: { ...open, alerts } };
}

function takeOwn(state: SubjectState, alert: DeliveredAlert, now: number): AlertTaken {
  const told = `Reeve's own alert ${nameOf(alert)} is ${alert.status}`;
  if (state.open === undefined) {
    return answered(state, 'nothing_open', `${told}; ${place(state)} has no open breach`, now);
  }
  const outcome = alert.status === 'firing' ? 'known' : 'still_breached';
  return answered(state, outcome, `${told}; evaluation decides about ${place(state)}`, now);
}

function takeFiring(
  state: SubjectState,
  alert: DeliveredAlert,
  objective: ObjectiveInForce,
  now: number,
): AlertTaken {
  const severity = ['page', 'critical'].includes(alert.labels['severity'] ?? '')
    ? 'page'
    : objective.severity;
  const hold: AlertHold = { fingerprint: alert.fingerprint, startsAt: alert.startsAt, ageMs: 0 };
  const { open } = state;
  if (open === undefined) {
    const outcome = openBreach(state, {
      holder: 'alert',
      severity,
      now,
      ageMs: Math.max(0, now - alert.startsAt),
      side: undefined,
      bound: undefined,
      value: undefined,
      alerts: [hold],
    });
    return {
      ...outcome,
      answer: answer(outcome.state, 'opened', `${place(state)} is breached, says ${nameOf(alert)}`),
    };
  }
  const others = open.alerts.filter((hold) => !isOf(hold, alert.fingerprint));
  const alerts = [...others, hold].slice(-mostHolds);
  if (open.breach.holders.includes('alert')) {
    const known = { ...state, open: { ...open, alerts } };
    return raised(
      answered(known, 'known', `${nameOf(alert)} fires; ${place(state)} is breached already`, now),
      severity,
      now,
    );
  }
  const breach = { ...open.breach, holders: [...open.breach.holders, 'alert' as const] };
  const held = { ...state, open: { ...open, alerts, breach } };
  const text = `${place(held)} is found breached by ${nameOf(alert)} too`;
  const events = [createEvent('held', held, now, text)];
  return raised(
    { state: held, events, breaches: [breach], answer: answer(held, 'held', text) },
    severity,
    now,
  );
}

function takeResolved(state: SubjectState, alert: DeliveredAlert, now: number, sinceMs: number): AlertTaken {
  const { open } = state;
  if (open === undefined) {
    return answered(
      state,
      'nothing_open',
      `${nameOf(alert)} is resolved; ${place(state)} has no open breach`,
      now,
    );
  }
  // What is resolved is this firing or an earlier one, never a later one.
  const alerts = open.alerts.filter(
    (hold) => !isOf(hold, alert.fingerprint) || hold.startsAt > alert.startsAt,
  );
  const outcome = release(state, { now, sinceMs, reason: 'resolved', released: [], alerts });
  const [breach] = outcome.breaches;
  const isClosed = outcome.state.open === undefined;
  if (breach === undefined) {
    const holders = open.breach.holders.join(' and ');
    const text = `${nameOf(alert)} is resolved; ${place(state)} stays breached, held by ${holders}`;
    return answered(outcome.state, 'still_breached', text, now);
  }
  const text = `${nameOf(alert)} is resolved; ${place(state)} ${isClosed ? 'is no longer breached' : 'stays breached, held by evaluation'}`;
  return { ...outcome, answer: { outcome: isClosed ? 'closed' : 'still_breached', breach, text } };
}

function raised(taken: AlertTaken, severity: 'page' | 'ticket', now: number): AlertTaken {
  const { state, events, breaches } = raiseTo(taken.state, severity, now);
  return {
    state,
    events: [...taken.events, ...events],
    breaches: [...taken.breaches, ...breaches],
    answer: { ...taken.answer, breach: state.open?.breach },
  };
}

function answered(state: SubjectState, outcome: AlertOutcome, text: string, now: number): AlertTaken {
  const events = [createEvent('alert', state, now, text)];
  return { state, events, breaches: [], answer: answer(state, outcome, text) };
}

function answer(state: SubjectState, outcome: AlertOutcome, text: string): AlertAnswer {
  return { outcome, breach: state.open?.breach, text };
}

/** After a crash it may not be known which alert held a breach. */
function isOf(hold: AlertHold, fingerprint: string): boolean {
  return hold.fingerprint === fingerprint || hold.fingerprint === '';
}

function nameOf({ labels }: DeliveredAlert): string {
  return `alert ${labels['alertname'] ?? '(without a name)'}`;
}
