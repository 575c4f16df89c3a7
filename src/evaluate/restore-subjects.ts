import type { Judgement } from '../core/judgement.ts';
import type { ObjectiveRecords } from '../core/ports/objective-records.ts';
import type { Target } from '../core/target.ts';
import { toJudgement } from './judged-subject.ts';
import type { JudgedTarget } from './judged-target.ts';
import { restored } from './saved-state.ts';
import { isGone, type SubjectState } from './subject-state.ts';

type Readable = Pick<ObjectiveRecords, 'states' | 'breaches'>;

/** What the records know of a target's subjects. A breach that is open is there even when the state of its subject is lost. */
export function restoreSubjects(
  records: Readable,
  target: Pick<Target, 'id' | 'engine'>,
  now: number,
): readonly SubjectState[] {
  const open = new Map(
    records.breaches({ target: target.id, open: true }).map((breach) => [keyOf(breach), breach]),
  );
  const known = records.states(target.id).map((saved) => {
    const breach = open.get(keyOf(saved));
    open.delete(keyOf(saved));
    return restored(saved, target.engine, breach, now);
  });
  const lost = [...open.values()].map((breach) => {
    const { objective, subject } = breach;
    const saved = { target: target.id, objective, subject, at: now, json: '' };
    return restored(saved, target.engine, breach, now);
  });
  return [...known, ...lost];
}

/**
 * The scorecard of an agent that is not running: breaches stay what they were, all else is unknown, with the last value that was known.
 * Nothing is written.
 */
export function judgementsAtRest(
  records: Readable,
  targets: readonly JudgedTarget[],
  now: number,
): readonly Judgement[] {
  return targets.flatMap(({ target, objectives }) => {
    const states = restoreSubjects(records, target, now);
    return objectives.flatMap((objective) =>
      states
        .filter((state) => state.objective === objective.id && !isGone(state))
        .map((state) => atRest(toJudgement(state, objective, now), objective.bound)),
    );
  });
}

function atRest(judgement: Judgement, bound: Judgement['bound']): Judgement {
  return { ...judgement, bound, reason: 'agent_stopped', detail: 'the agent is not running' };
}

function keyOf({ objective, subject }: { readonly objective: string; readonly subject: string }): string {
  return `${objective}/${subject}`;
}
