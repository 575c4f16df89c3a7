import type { Breach, ObjectiveEvent } from '../core/judgement.ts';
import type { BreachFilter, EventFilter } from '../core/ports/objective-records.ts';

export function isWanted(breach: Breach, filter: BreachFilter): boolean {
  const { fingerprint, open } = filter;
  if (fingerprint !== undefined && breach.fingerprint !== fingerprint) return false;
  return (open !== true || breach.closedAt === undefined) && isOfSubject(breach, filter);
}

export function isWantedEvent(event: ObjectiveEvent, filter: EventFilter): boolean {
  return event.at >= (filter.since ?? Number.NEGATIVE_INFINITY) && isOfSubject(event, filter);
}

/** Those opened last first; of two opened at the same time always the same one first. */
export function byOpening(one: Breach, other: Breach): number {
  return other.openedAt - one.openedAt || (one.fingerprint < other.fingerprint ? -1 : 1);
}

function isOfSubject(
  one: Pick<Breach, 'target' | 'objective' | 'subject'>,
  { target = one.target, objective = one.objective, subject = one.subject }: EventFilter,
): boolean {
  return one.target === target && one.objective === objective && one.subject === subject;
}
