import type { Breach, ObjectiveState } from '../core/judgement.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import { worse } from './bound.ts';
import { openBreach, type Release, raiseTo, release } from './breach.ts';
import { createEvent, measured, place } from './events.ts';
import { type Observation, type Verdict, verdictOf } from './observation.ts';
import { type Outcome, unchanged } from './outcome.ts';
import { isHeldBy, type Progress, type SubjectState } from './subject-state.ts';
import { lengthen, type Mark } from './timeline.ts';

/** When something is judged. */
export interface Moment {
  /** Unix time in milliseconds that does not jump. */
  readonly now: number;
  /** Since the subject was last judged or restored, by a clock that only grows. */
  readonly elapsedMs: number;
  /** Of a pause that is longer than this nothing is known; 0 for the first judgement of this process. */
  readonly longestPauseMs: number;
}

const hour = 3_600_000;
/** A value that is unknown for longer is said to be so: somebody may have to act to see again. */
const blindAfterMs = hour;
/** An alert that is not delivered again within this has been forgotten by whoever sent it. */
const alertForgottenMs = 24 * hour;
/** A rate needs two readings: what is unknown for less after a start is not news. */
const settlingMs = 300_000;

/** Judges one subject by what was observed of it now. Pure: the same input gives the same outcome. */
export function judgeSubject(
  before: SubjectState,
  observation: Observation,
  objective: ObjectiveInForce,
  moment: Moment,
): Outcome {
  const aged = age(before, observation, moment);
  const steps = [hold, letGo, raise, publish, tellSight];
  return steps.reduce<Outcome>(
    (outcome, step) => {
      const { state, events, breaches } = step(outcome.state, { before, observation, objective, moment });
      return {
        state,
        events: [...outcome.events, ...events],
        breaches: [...outcome.breaches, ...breaches],
      };
    },
    { state: aged, events: [], breaches: [] },
  );
}

interface Input {
  readonly before: SubjectState;
  readonly observation: Observation;
  readonly objective: ObjectiveInForce;
  readonly moment: Moment;
}

/** Takes the observation in, and lets the time since the last one pass. */
function age(before: SubjectState, observation: Observation, { now, ...moment }: Moment): SubjectState {
  const isLapse = moment.elapsedMs > moment.longestPauseMs;
  const elapsedMs = moment.elapsedMs;
  const { value, basis, reason, detail, bound, forecast, presence } = observation;
  const isKnown = reason === undefined;
  return {
    ...before,
    stateMs: before.stateMs + elapsedMs,
    isSettling: before.isSettling && !isKnown && (before.unknownMs ?? 0) + elapsedMs < settlingMs,
    isSeen: before.isSeen || presence === 'present',
    absentMs: absentMs(before.absentMs, presence, elapsedMs),
    unknownMs: isKnown ? undefined : before.unknownMs === undefined ? 0 : before.unknownMs + elapsedMs,
    open: before.open && {
      ...before.open,
      ageMs: before.open.ageMs + elapsedMs,
      alerts: before.open.alerts.map((hold) => ({ ...hold, ageMs: hold.ageMs + elapsedMs })),
    },
    timeline: lengthen(before.timeline, isLapse ? 'u' : markOf(before), elapsedMs),
    latest: { at: now, value, basis, reason, detail, bound, forecast },
  };
}

function absentMs(beforeMs: number, presence: Observation['presence'], elapsedMs: number): number {
  if (presence === 'present') return 0;
  return presence === 'absent' ? beforeMs + elapsedMs : beforeMs;
}

/** The state that the time since the last judgement counts as in the budget. */
function markOf(state: SubjectState): Mark {
  const isKnown = state.verdict !== 'unknown' || isHeldBy(state, 'alert');
  if (!isKnown || state.state === 'unknown') return 'u';
  return state.state === 'breached' ? 'b' : 'm';
}

/** Opens a breach after `for` of violation, or joins one that an alert opened. */
function hold(state: SubjectState, { before, observation, objective, moment }: Input): Outcome {
  const verdict = verdictOf(observation);
  if (isHeldBy(state, 'evaluation')) return unchanged({ ...state, open: withWorst(state.open, observation) });
  const progress = advance(before, verdict, 'violated', objective.forMs, moment);
  const waiting = { ...state, verdict, progress };
  const { side, value, bound, isPage } = observation;
  const isLongEnough = progress !== undefined && progress.ms >= objective.forMs;
  if (side === undefined || !isLongEnough) return unchanged(waiting);
  const { now } = moment;
  const severity = isPage ? 'page' : objective.severity;
  if (waiting.open !== undefined) {
    const { breach } = waiting.open;
    const joined: Breach = { ...breach, holders: ['evaluation', ...breach.holders] };
    const held = { ...waiting, progress: undefined, open: { ...waiting.open, breach: joined } };
    const text = `${place(held)} is found breached by evaluation too: ${measured(held)}`;
    return { state: held, events: [createEvent('held', held, now, text)], breaches: [joined] };
  }
  return openBreach(waiting, {
    holder: 'evaluation',
    severity,
    now,
    ageMs: progress.ageMs,
    side,
    bound: bound[side],
    value,
    alerts: [],
  });
}

/** Lets go of a breach that is over, and of alerts that nobody delivers any more. */
function letGo(state: SubjectState, { before, observation, objective, moment }: Input): Outcome {
  if (state.open === undefined) return unchanged(state);
  const { now } = moment;
  const alerts = state.open.alerts.filter(({ ageMs }) => ageMs <= alertForgottenMs);
  const forgotten: Release = { now, sinceMs: 0, reason: 'resolved', released: [], alerts };
  if (!isHeldBy(before, 'evaluation')) return release(state, forgotten);
  const verdict = observation.isClear ? 'clear' : verdictOf(observation);
  const progress = advance(before, verdict, 'clear', objective.clearForMs, moment);
  const recovering = { ...state, verdict, progress };
  const isOver = verdict === 'clear' && progress !== undefined && progress.ms >= objective.clearForMs;
  if (!isOver) return release(recovering, forgotten);
  const recovered: Release = { ...forgotten, reason: 'recovered', released: ['evaluation'] };
  return release({ ...recovering, progress: undefined }, recovered);
}

/** A breach becomes a page when its ground does, and stays one. */
function raise(state: SubjectState, { observation, objective, moment }: Input): Outcome {
  return observation.isPage || objective.severity === 'page'
    ? raiseTo(state, 'page', moment.now)
    : unchanged(state);
}

/** Settles what is published. A breach that opened or closed has said so already. */
function publish(state: SubjectState, { before, moment }: Input): Outcome {
  const published = publishedState(state);
  const next = {
    ...state,
    state: published,
    stateMs: published === before.state ? state.stateMs : 0,
  };
  if (published === next.announced || (published === 'unknown' && next.isSettling)) return unchanged(next);
  const announced = { ...next, announced: published };
  const text = `${place(announced)} is ${published}: ${measured(announced)}`;
  return { state: announced, events: [createEvent('state', announced, moment.now, text)], breaches: [] };
}

function publishedState(state: SubjectState): ObjectiveState {
  if (state.open !== undefined) return 'breached';
  if (state.latest.reason !== undefined) return 'unknown';
  if (state.verdict !== 'violated') return 'met';
  // Violated, but not for long enough: as it was before.
  return state.state === 'met' ? 'met' : 'unknown';
}

/** Says once that the value has been unknown for long, and once that it is known again. */
function tellSight(state: SubjectState, { moment }: Input): Outcome {
  const { now } = moment;
  const isBlind = (state.unknownMs ?? 0) >= blindAfterMs;
  if (isBlind === state.isBlind) return unchanged(state);
  const next = { ...state, isBlind };
  const text = isBlind
    ? `${place(next)} has been unknown for over an hour: ${measured(next)}`
    : `${place(next)} is known again: ${measured(next)}`;
  return {
    state: next,
    events: [createEvent(isBlind ? 'blind' : 'seeing', next, now, text)],
    breaches: [],
  };
}

/** How far a violation or a recovery has come; undefined when there is none. What is unknown neither adds to it nor ends it, for as long as it may take. */
function advance(
  { verdict: last, progress }: SubjectState,
  verdict: Verdict,
  wanted: Verdict,
  neededMs: number,
  { elapsedMs, longestPauseMs }: Moment,
): Progress | undefined {
  const isPause = verdict === 'unknown' || last !== wanted || elapsedMs > longestPauseMs;
  const begun = verdict === wanted ? { ms: 0, ageMs: 0, pauseMs: 0 } : undefined;
  if (verdict !== wanted && verdict !== 'unknown') return undefined;
  if (progress === undefined) return begun;
  const { ms, ageMs } = progress;
  if (!isPause) return { ms: ms + elapsedMs, ageMs: ageMs + elapsedMs, pauseMs: 0 };
  const pauseMs = progress.pauseMs + elapsedMs;
  return pauseMs > neededMs ? begun : { ms, ageMs: ageMs + elapsedMs, pauseMs };
}

function withWorst(open: SubjectState['open'], { side, value }: Observation): SubjectState['open'] {
  if (open === undefined || value === undefined || side !== (open.breach.side ?? side)) return open;
  const worst = worse(side, open.breach.worst, value);
  return worst === open.breach.worst ? open : { ...open, breach: { ...open.breach, worst } };
}
