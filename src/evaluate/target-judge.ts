import type { AlertAnswer, DeliveredAlert } from '../core/delivered-alert.ts';
import type { Breach, Judgement, ObjectiveEvent } from '../core/judgement.ts';
import type { ObjectiveId } from '../core/objective.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import type { ObjectiveRecords } from '../core/ports/objective-records.ts';
import type { Sample } from '../core/sample.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { hasBound } from './bound.ts';
import { release } from './breach.ts';
import type { GrowthForecasts } from './growth-forecasts.ts';
import { judgeSubject } from './judge-subject.ts';
import { toJudgement } from './judged-subject.ts';
import type { JudgedTarget } from './judged-target.ts';
import { budgetSample, SampleShelf } from './objective-samples.ts';
import type { Observation } from './observation.ts';
import { allDatabases, type LastEventAt, observe } from './observe.ts';
import type { Outcome } from './outcome.ts';
import { restoreSubjects } from './restore-subjects.ts';
import { saveable } from './saved-state.ts';
import type { SteadyClock } from './steady-clock.ts';
import { type AlertHold, isGone, newSubject, type SubjectState } from './subject-state.ts';
import { ReadingIndex } from './subjects.ts';
import { renewHold, takeAlert } from './take-alert.ts';

export interface JudgeServices {
  readonly records: ObjectiveRecords;
  readonly clock: SteadyClock;
  readonly onEvent: (event: ObjectiveEvent) => void;
  readonly growth: GrowthForecasts;
  readonly lastEventAt: LastEventAt;
}

interface Subject {
  state: SubjectState;
  /** When it was last judged, restored or created, by the clock that only grows. */
  judgedAtMs: number;
  /** Judged before, since the agent started: what was then goes on. */
  isJudged: boolean;
  savedAtMs: number;
  readonly shelf: SampleShelf;
}

const minute = 60_000;
const day = 24 * 60 * minute;
/** A database that returns is as old as it was; its drill may be overdue. */
const ageKeptMs = 400 * day;
/** What is on the move is saved so often, and all else now and then: what a crash loses counts as unknown. */
const saveMovingMs = minute;
const saveRestingMs = 10 * minute;
/** Subjects that only alerts speak of, for each objective. */
const mostUnseen = 100;

/** Judges the objectives of one target, and keeps what it thought of them. */
export class TargetJudge {
  readonly #services: JudgeServices;
  #judged: JudgedTarget;
  readonly #subjects = new Map<ObjectiveId, Map<string, Subject>>();
  readonly #index = new ReadingIndex();
  readonly #readingsAt = new Map<string, number>();

  constructor(judged: JudgedTarget, services: JudgeServices) {
    this.#services = services;
    this.#judged = { ...judged, objectives: [] };
    this.#restore(judged);
    this.apply(judged);
  }

  get engine(): string {
    return this.#judged.target.engine;
  }

  /** Goes on with these objectives. Breaches of those that are gone close, and of those that lost their bound. */
  apply(judged: JudgedTarget): void {
    const before = this.#judged;
    this.#judged = judged;
    for (const { id } of before.objectives) {
      if (!judged.objectives.some((one) => one.id === id)) this.#drop(id);
    }
    for (const objective of judged.objectives) {
      const subjects = this.#subjectsOf(objective.id);
      if (subjects.size === 0 && objective.onlySubjects === undefined) this.#create(objective, '');
      if (objective.capacityBytes === undefined) this.#forgetTotal(objective, subjects);
      for (const subject of subjects.values()) this.#rebind(subject, objective);
    }
  }

  judge(snapshot: Snapshot): readonly Sample[] {
    const { clock } = this.#services;
    const monotonicMs = clock.monotonicMs();
    const now = clock.now();
    const samples = this.#judged.objectives.flatMap((objective) =>
      this.#judgeObjective(objective, snapshot, { now, monotonicMs }),
    );
    for (const { group, at } of snapshot.readings) this.#readingsAt.set(group, at);
    return samples;
  }

  takeAlert(alert: DeliveredAlert, id: ObjectiveId, key: string): AlertAnswer | undefined {
    const objective = this.#judged.objectives.find((one) => one.id === id);
    if (objective === undefined) return undefined;
    const { records, clock } = this.#services;
    const now = clock.now();
    const name = alert.labels['subject'] ?? '';
    const known = this.#subjectsOf(id).get(name);
    if (!records.isNewDelivery(key, now)) {
      if (known !== undefined && alert.status === 'firing') known.state = renewHold(known.state, alert);
      const breach = known?.state.open?.breach;
      return { outcome: 'duplicate', breach, text: 'this alert was delivered before' };
    }
    const unseen = [...this.#subjectsOf(id).values()].filter(({ state }) => !state.isSeen).length;
    if (known === undefined && unseen >= mostUnseen) {
      return {
        outcome: 'not_ours',
        breach: undefined,
        text: 'too many alerts about subjects that nobody has seen',
      };
    }
    const subject = known ?? this.#create(objective, name);
    const sinceMs = clock.monotonicMs() - subject.judgedAtMs;
    const taken = takeAlert(subject.state, alert, objective, { now, sinceMs });
    this.#settle(subject, taken);
    this.#save(subject);
    if (known === undefined && taken.state.open === undefined) this.#forget(id, name);
    else if (isForgettable(taken.state, objective) && name !== '') this.#forget(id, name);
    return taken.answer;
  }

  judgements(): readonly Judgement[] {
    const { clock } = this.#services;
    const monotonicMs = clock.monotonicMs();
    const now = clock.now();
    // What a state has lasted was counted when it was judged, which may be minutes ago where a target cannot be reached.
    return this.#judged.objectives.flatMap((objective) =>
      [...this.#subjectsOf(objective.id).values()]
        .filter(({ state }) => !isGone(state))
        .map(({ state, judgedAtMs }) => toJudgement(state, objective, now - (monotonicMs - judgedAtMs))),
    );
  }

  save(): void {
    for (const subjects of this.#subjects.values()) for (const one of subjects.values()) this.#save(one);
  }

  /** The target is no longer configured. */
  drop(): void {
    for (const id of this.#subjects.keys()) this.#drop(id);
    this.#services.growth.forget(this.#judged.target.id);
  }

  #judgeObjective(
    objective: ObjectiveInForce,
    snapshot: Snapshot,
    { now, monotonicMs }: { readonly now: number; readonly monotonicMs: number },
  ): readonly Sample[] {
    const { metrics } = this.#judged;
    const { growth, lastEventAt } = this.#services;
    const subjects = this.#subjectsOf(objective.id);
    const group = metrics[objective.measure.metric]?.group ?? '';
    const readAt = snapshot.readings.find((reading) => reading.group === group)?.at;
    const observed = observe({
      objective,
      metrics,
      snapshot,
      index: this.#index,
      known: [...subjects.values()].map(({ state }) => state),
      wasRead: this.#readingsAt.has(group),
      isNewReading: readAt !== undefined && readAt !== this.#readingsAt.get(group),
      now,
      monotonicMs,
      growth,
      lastEventAt,
    });
    const place = subjects.get('');
    if (place !== undefined && !observed.has('')) this.#forget(objective.id, '');
    const samples = [budgetSample(objective)];
    for (const [name, observation] of observed) {
      const subject = subjects.get(name) ?? this.#create(objective, name);
      this.#judgeOne(subject, observation, objective, { now, monotonicMs });
      if (isOver(subject.state, observation, objective)) {
        this.#end(subject, 'gone');
        this.#forget(objective.id, name);
      } else if (isForgettable(subject.state, objective)) this.#forget(objective.id, name);
      else if (!isGone(subject.state)) samples.push(...subject.shelf.samples(subject.state, objective));
    }
    return samples;
  }

  #judgeOne(
    subject: Subject,
    observation: Observation,
    objective: ObjectiveInForce,
    { now, monotonicMs }: { readonly now: number; readonly monotonicMs: number },
  ): void {
    const before = subject.state;
    const elapsedMs = monotonicMs - subject.judgedAtMs;
    const longestPauseMs = subject.isJudged ? Math.max(3 * this.#judged.target.intervalMs, 5 * minute) : 0;
    subject.judgedAtMs = monotonicMs;
    subject.isJudged = true;
    this.#settle(subject, judgeSubject(before, observation, objective, { now, elapsedMs, longestPauseMs }));
    if (isGone(subject.state)) this.#end(subject, 'gone');
    const isMoving = subject.state.progress !== undefined || subject.state.open !== undefined;
    const dueMs = subject.savedAtMs + (isMoving ? saveMovingMs : saveRestingMs);
    if (isTurn(before, subject.state) || monotonicMs >= dueMs) this.#save(subject);
  }

  /** Takes over what became of a subject. */
  #settle(subject: Subject, outcome: Outcome): void {
    subject.state = outcome.state;
    settle(outcome, this.#services);
  }

  #save(subject: Subject): void {
    const { records, clock } = this.#services;
    subject.savedAtMs = clock.monotonicMs();
    // Durations were counted until it was judged; whoever restores them goes on from there.
    const judgedAt = clock.now() - (subject.savedAtMs - subject.judgedAtMs);
    records.saveState(saveable(subject.state, judgedAt));
    if (subject.state.open !== undefined) records.saveBreach(subject.state.open.breach);
  }

  #create({ id, bound }: ObjectiveInForce, name: string): Subject {
    const { target } = this.#judged;
    const key = { target: target.id, objective: id, subject: name };
    return this.#add(newSubject(key, target.engine, bound, this.#services.clock.now()));
  }

  #add(state: SubjectState): Subject {
    const monotonicMs = this.#services.clock.monotonicMs();
    const subject = {
      state,
      judgedAtMs: monotonicMs,
      isJudged: false,
      savedAtMs: monotonicMs,
      shelf: new SampleShelf(),
    };
    this.#subjectsOf(state.objective).set(state.subject, subject);
    return subject;
  }

  #subjectsOf(id: ObjectiveId): Map<string, Subject> {
    const subjects = this.#subjects.get(id) ?? new Map<string, Subject>();
    this.#subjects.set(id, subjects);
    return subjects;
  }

  #forget(id: ObjectiveId, name: string): void {
    const key = { target: this.#judged.target.id, objective: id, subject: name };
    this.#subjectsOf(id).delete(name);
    this.#services.records.dropState(key);
    this.#services.growth.forget(key.target, name);
  }

  #drop(id: ObjectiveId): void {
    for (const [name, subject] of this.#subjectsOf(id)) {
      this.#end(subject, 'dropped');
      this.#forget(id, name);
    }
    this.#subjects.delete(id);
  }

  /** No capacity is given any more. */
  #forgetTotal(objective: ObjectiveInForce, subjects: ReadonlyMap<string, Subject>): void {
    const subject = subjects.get(allDatabases);
    if (subject === undefined || objective.measure.statistic !== 'forecast') return;
    this.#end(subject, 'dropped');
    this.#forget(objective.id, allDatabases);
  }

  /** Evaluation lets go of a breach of a bound that is no longer given. */
  #rebind(subject: Subject, { bound, capacityBytes }: ObjectiveInForce): void {
    const { state } = subject;
    if (state.latest.reason === 'not_collected') {
      subject.state = { ...state, latest: { ...state.latest, bound } };
    }
    if (state.open === undefined || hasBound(bound)) return;
    if (state.subject === allDatabases && capacityBytes !== undefined) return;
    this.#end(subject, 'dropped', ['evaluation'], state.open.alerts);
  }

  /** Takes these holders from its breach, if one is open; nobody may be left. */
  #end(
    subject: Subject,
    reason: 'dropped' | 'gone',
    released: Breach['holders'] = ['evaluation', 'alert'],
    alerts: readonly AlertHold[] = [],
  ): void {
    const { clock } = this.#services;
    const sinceMs = clock.monotonicMs() - subject.judgedAtMs;
    this.#settle(subject, release(subject.state, { now: clock.now(), sinceMs, reason, released, alerts }));
  }

  /** What is remembered of objectives that are no longer in force ends at once. */
  #restore({ target, objectives }: JudgedTarget): void {
    const { records, clock } = this.#services;
    const inForce = new Set(objectives.map(({ id }) => id));
    for (const state of restoreSubjects(records, target, clock.now())) {
      this.#add(state);
      if (!inForce.has(state.objective)) this.#drop(state.objective);
    }
  }
}

/** Records what became of a subject, and tells whoever wants to know. */
export function settle(
  { events, breaches }: Outcome,
  { records, onEvent }: Pick<JudgeServices, 'records' | 'onEvent'>,
): void {
  for (const breach of breaches) records.saveBreach(breach);
  for (const event of events) {
    records.addEvent(event);
    onEvent(event);
  }
}

/** Nobody will ask for it again: gone for long, or merely what an alert spoke of. */
function isForgettable(state: SubjectState, { measure }: ObjectiveInForce): boolean {
  if (state.open !== undefined) return false;
  if (!state.isSeen) return state.breaches > 0;
  return isGone(state) && state.absentMs >= (measure.statistic === 'age' ? ageKeptMs : 0);
}

/** What was recorded is no longer judged: its window is over. */
function isOver({ isSeen }: SubjectState, { presence }: Observation, { measure }: ObjectiveInForce): boolean {
  return measure.statistic === 'recorded' && isSeen && presence === 'absent';
}

/** Something changed that is not merely time that passed. */
function isTurn(before: SubjectState, after: SubjectState): boolean {
  return (
    before.state !== after.state ||
    before.verdict !== after.verdict ||
    before.announced !== after.announced ||
    before.isBlind !== after.isBlind ||
    before.isSeen !== after.isSeen ||
    before.open?.breach.fingerprint !== after.open?.breach.fingerprint ||
    before.open?.breach.holders.length !== after.open?.breach.holders.length ||
    (before.progress === undefined) !== (after.progress === undefined)
  );
}
