import type { Breach } from '../core/judgement.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import { judgeSubject, type Moment } from '../evaluate/judge-subject.ts';
import { assess, type Observation, unknown } from '../evaluate/observation.ts';
import { newSubject, type SubjectState } from '../evaluate/subject-state.ts';

/** One subject's values on a grid of times: what was published at each step, or nothing. */
export interface ReplayedSubject {
  readonly target: string;
  readonly engine: string;
  readonly subject: string;
}

/** What one subject's history came to. */
export interface ReplayOutcome {
  readonly breaches: readonly Breach[];
  readonly knownMs: number;
  readonly unknownMs: number;
}

/** Judges one subject step after step, exactly as the agent does. */
export class Replay {
  readonly #objective: ObjectiveInForce;
  readonly #stepMs: number;
  readonly #breaches = new Map<string, Breach>();
  #state: SubjectState;
  #at: number | undefined;
  #knownMs = 0;
  #unknownMs = 0;

  constructor(subject: ReplayedSubject, objective: ObjectiveInForce, stepMs: number) {
    this.#objective = objective;
    this.#stepMs = stepMs;
    const key = { target: subject.target, objective: objective.id, subject: subject.subject };
    this.#state = newSubject(key, subject.engine, objective.bound, 0);
  }

  /**
   * Steps come in order.
   *
   * @param value undefined when nothing was published at that step.
   * @param isFreeBelow the lower bound did not apply then.
   */
  step(at: number, value: number | undefined, isFreeBelow = false): void {
    // Before its first value the subject was not there.
    if (this.#at === undefined && value === undefined) return;
    const elapsedMs = this.#at === undefined ? 0 : at - this.#at;
    this.#at = at;
    if (value === undefined) this.#unknownMs += elapsedMs;
    else this.#knownMs += elapsedMs;
    const moment: Moment = { now: at, elapsedMs, longestPauseMs: 2 * this.#stepMs };
    const outcome = judgeSubject(this.#state, this.#observe(value, isFreeBelow), this.#objective, moment);
    this.#state = outcome.state;
    for (const breach of outcome.breaches) this.#breaches.set(breach.fingerprint, breach);
  }

  /** A breach that is still open lasts until the last step. */
  outcome(): ReplayOutcome {
    return { breaches: [...this.#breaches.values()], knownMs: this.#knownMs, unknownMs: this.#unknownMs };
  }

  #observe(value: number | undefined, isFreeBelow: boolean): Observation {
    const { min: _, ...upper } = this.#objective.bound;
    const bound = isFreeBelow ? upper : this.#objective.bound;
    if (value === undefined) return unknown('not_reported', '', bound);
    // The minimum of observations was asked when the value was published; which second metrics make a page is not replayed.
    const basis = this.#objective.minimumBasis;
    const { resolution } = this.#objective.measure;
    return assess({ value, basis, bound, resolution, isPage: () => false }, this.#objective);
  }
}
