import type { Breach, ObjectiveEvent } from '../core/judgement.ts';
import type { DailySeries, ObjectiveRecords, SavedState } from '../core/ports/objective-records.ts';
import { byOpening, isWanted, isWantedEvent } from './objective-filter.ts';
import { dayOf, keptMs } from './objective-limits.ts';
import { checkState, checkTimes } from './objective-values.ts';

/** Records that start empty and are forgotten at the end: for commands that take a reading, and for tests. Nothing of it is ever deleted. */
export function createMemoryObjectiveRecords(): ObjectiveRecords {
  const states = new Map<string, SavedState>();
  const breaches = new Map<string, Breach>();
  const events: ObjectiveEvent[] = [];
  const deliveries = new Map<string, number>();
  const series = new Map<string, Map<number, number>>();

  return {
    states: (target) => [...states.values()].filter((state) => state.target === target),
    saveState(state) {
      checkState(state);
      states.set(nameOf(state), state);
    },
    dropState: (key) => void states.delete(nameOf(key)),
    saveBreach(breach) {
      checkTimes('breach', breach.openedAt, breach.closedAt);
      breaches.set(breach.fingerprint, breach);
    },
    breaches: (filter) =>
      [...breaches.values()]
        .filter((breach) => isWanted(breach, filter))
        .sort(byOpening)
        .slice(0, filter.limit),
    addEvent(event) {
      checkTimes('event', event.at);
      events.push(event);
    },
    events: (filter) =>
      events
        .filter((event) => isWantedEvent(event, filter))
        .toReversed()
        .slice(0, filter.limit),
    isNewDelivery(key, at) {
      checkTimes('delivery', at);
      const before = deliveries.get(key);
      if (before !== undefined && at - before <= keptMs.deliveries) return false;
      deliveries.set(key, at);
      return true;
    },
    addDaily(of, at, value) {
      checkTimes('daily value', at, value);
      const name = seriesName(of);
      series.set(name, (series.get(name) ?? new Map<number, number>()).set(dayOf(at), value));
    },
    daily: (of, since) =>
      [...(series.get(seriesName(of)) ?? [])]
        .map(([day, value]) => ({ day, value }))
        .filter(({ day }) => day >= since)
        .sort((one, other) => one.day - other.day),
  };
}

function nameOf({ target, objective, subject }: Omit<SavedState, 'at' | 'json'>): string {
  return JSON.stringify([target, objective, subject]);
}

function seriesName({ target, metric, subject }: DailySeries): string {
  return JSON.stringify([target, metric, subject]);
}
