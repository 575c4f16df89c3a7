import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../core/ports/clock.ts';
import type { ObjectiveRecords } from '../../core/ports/objective-records.ts';
import { keptMs, mostKept } from '../objective-limits.ts';
import { Aging } from './aging.ts';
import { BreachRecords } from './breach-records.ts';
import { DailyRecords } from './daily-records.ts';
import { DeliveryRecords } from './delivery-records.ts';
import { EventRecords } from './event-records.ts';
import type { Sweep } from './housekeeping.ts';
import { StateRecords } from './state-records.ts';
import type { WriteBehind } from './write-behind.ts';

export interface ObjectiveTables {
  /** With what is to happen after each write. */
  records(onWrite: () => void): ObjectiveRecords;
  readonly sweeps: readonly Sweep[];
}

/**
 * What evaluation keeps, on SQLite. Reads see at once what was saved, whether it is on disk already or not.
 *
 * @throws {StoreError} `damaged` when an open breach cannot be read.
 */
export function createObjectiveTables(
  database: DatabaseSync,
  writes: WriteBehind,
  clock: Clock,
): ObjectiveTables {
  const ofStates = new Aging(database, clock, { table: 'objective_state', at: 'at', keepMs: keptMs.states });
  const ofBreaches = new Aging(database, clock, {
    table: 'breach',
    at: 'closed_at',
    keepMs: keptMs.closedBreaches,
    most: { rows: mostKept.closedBreachesOfTarget, of: 'target' },
  });
  const ofEvents = new Aging(database, clock, {
    table: 'objective_event',
    at: 'at',
    keepMs: keptMs.events,
    most: { rows: mostKept.eventsOfTarget, of: 'target' },
  });
  const ofDeliveries = new Aging(database, clock, {
    table: 'alert_delivery',
    at: 'at',
    keepMs: keptMs.deliveries,
    most: { rows: mostKept.deliveries, of: 'all' },
  });
  const states = new StateRecords(database, writes);
  const breaches = new BreachRecords(database, writes, ofBreaches);
  const events = new EventRecords(database, writes, ofEvents);
  const deliveries = new DeliveryRecords(database, writes, ofDeliveries);
  const daily = new DailyRecords(database, writes, clock);
  return {
    sweeps: [ofStates, ofBreaches, ofEvents, ofDeliveries, daily],
    records(onWrite) {
      const writing =
        <Input extends readonly unknown[], Answer>(write: (...input: Input) => Answer) =>
        (...input: Input): Answer => {
          const answer = write(...input);
          onWrite();
          return answer;
        };
      return {
        states: (target) => states.of(target),
        saveState: writing((state) => states.save(state)),
        dropState: writing((key) => states.drop(key)),
        saveBreach: writing((breach) => breaches.save(breach)),
        breaches: (filter) => breaches.find(filter),
        addEvent: writing((event) => events.add(event)),
        events: (filter) => events.find(filter),
        isNewDelivery: writing((key, at) => deliveries.isNew(key, at)),
        addDaily: writing((series, at, value) => daily.add(series, at, value)),
        daily: (series, since) => daily.days(series, since),
      };
    },
  };
}
