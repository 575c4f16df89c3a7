import type { AlertAnswer, DeliveredAlert } from '../core/delivered-alert.ts';
import type { ForecastGrowth } from '../core/forecast.ts';
import type { Judgement, ObjectiveEvent } from '../core/judgement.ts';
import { type ObjectiveId, objectiveIds } from '../core/objective.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { ObjectiveRecords } from '../core/ports/objective-records.ts';
import type { Sample } from '../core/sample.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { release } from './breach.ts';
import { GrowthForecasts } from './growth-forecasts.ts';
import type { JudgedTarget } from './judged-target.ts';
import type { LastEventAt } from './observe.ts';
import { restoreSubjects } from './restore-subjects.ts';
import { SteadyClock } from './steady-clock.ts';
import { type JudgeServices, settle, TargetJudge } from './target-judge.ts';

export type { JudgedTarget } from './judged-target.ts';

export interface JudgeInput {
  readonly records: ObjectiveRecords;
  readonly clock: Clock;
  /** Called after the event was recorded. */
  readonly onEvent: (event: ObjectiveEvent) => void;
  /** Of values that are taken once a day; without it forecasts have too little history. */
  readonly forecast?: ForecastGrowth;
  /** For objectives by age, such as the last restore drill; nothing ever happened unless given. */
  readonly lastEventAt?: LastEventAt;
}

/** Says of every objective whether it is met, and keeps the breaches. What it knew before a restart it takes from the records. */
export class Judge {
  readonly #services: JudgeServices;
  readonly #targets = new Map<string, TargetJudge>();

  constructor(input: JudgeInput) {
    const { records, clock, onEvent, forecast = () => undefined, lastEventAt = () => undefined } = input;
    this.#services = {
      records,
      clock: new SteadyClock(clock),
      onEvent,
      growth: new GrowthForecasts({ records, forecast }),
      lastEventAt,
    };
  }

  /** Judges these targets and no others. Breaches of targets and objectives that are gone close as `dropped`; a target that changed its engine is another one. */
  apply(targets: readonly JudgedTarget[]): void {
    const engines = new Map(targets.map(({ target }) => [target.id, target.engine]));
    for (const [id, judge] of this.#targets) {
      if (engines.get(id) === judge.engine) continue;
      judge.drop();
      this.#targets.delete(id);
    }
    this.#closeLeftBehind(engines);
    for (const judged of targets) {
      const known = this.#targets.get(judged.target.id);
      if (known === undefined) this.#targets.set(judged.target.id, new TargetJudge(judged, this.#services));
      else known.apply(judged);
    }
  }

  /** Judges what a snapshot says, and returns what is to be published with it; nothing for a target that is not judged. */
  judge(snapshot: Snapshot): readonly Sample[] {
    return this.#targets.get(snapshot.target.id)?.judge(snapshot) ?? [];
  }

  /** Takes a delivered alert. The caller may deliver it again: the second time it is a `duplicate`. */
  takeAlert(alert: DeliveredAlert): AlertAnswer {
    const { target, objective: name } = alert.labels;
    const objective: ObjectiveId | undefined = objectiveIds.find((id) => id === name);
    if (target === undefined || objective === undefined) {
      const text = 'the alert has no labels target and objective that name an objective of Reeve';
      return { outcome: 'unmapped', breach: undefined, text };
    }
    const key = `${alert.fingerprint}/${alert.startsAt}/${alert.status}`;
    const answer = this.#targets.get(target)?.takeAlert(alert, objective, key);
    const text = `${objective} of ${target} is not judged by this agent`;
    return answer ?? { outcome: 'not_ours', breach: undefined, text };
  }

  /** Every subject of every objective, in the order of the targets and of `objectiveIds`. */
  judgements(): readonly Judgement[] {
    return [...this.#targets.values()].flatMap((judge) => judge.judgements());
  }

  /** Saves everything, for whoever is about to end. */
  save(): void {
    for (const judge of this.#targets.values()) judge.save();
  }

  /** Breaches of targets that were taken out of the configuration while the agent was away, or gave their name to one of another engine. */
  #closeLeftBehind(engines: ReadonlyMap<string, string>): void {
    const { records, clock } = this.#services;
    const now = clock.now();
    const left = records
      .breaches({ open: true })
      .filter(({ target, engine }) => engines.get(target) !== engine)
      .map(({ target, engine }) => [target, engine] as const);
    for (const [id, engine] of new Map(left)) {
      for (const state of restoreSubjects(records, { id, engine }, now)) {
        const released = ['evaluation', 'alert'] as const;
        settle(release(state, { now, sinceMs: 0, reason: 'dropped', released, alerts: [] }), this.#services);
        records.dropState(state);
      }
    }
  }
}
