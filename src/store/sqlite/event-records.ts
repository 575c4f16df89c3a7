import type { DatabaseSync } from 'node:sqlite';
import type { ObjectiveEvent } from '../../core/judgement.ts';
import type { EventFilter } from '../../core/ports/objective-records.ts';
import { isWantedEvent } from '../objective-filter.ts';
import { eventFromJson, toJson } from '../objective-json.ts';
import { checkTimes } from '../objective-values.ts';
import type { Aging } from './aging.ts';
import { PendingRows } from './pending-rows.ts';
import { readOptionalNumber } from './row.ts';
import { selectBodies } from './selection.ts';
import type { WriteBehind } from './write-behind.ts';

interface NumberedEvent {
  readonly id: number;
  readonly event: ObjectiveEvent;
}

/** Events that wait for a disk that refuses; then the oldest are given up. */
const mostPending = 20_000;

/** Events in the order in which they were added, on disk at once. */
export class EventRecords {
  readonly #database: DatabaseSync;
  readonly #aging: Aging;
  readonly #pending: PendingRows<NumberedEvent>;
  #lastId: number;

  constructor(database: DatabaseSync, writes: WriteBehind, aging: Aging) {
    this.#database = database;
    this.#aging = aging;
    this.#lastId =
      readOptionalNumber(database.prepare('SELECT max(id) AS id FROM objective_event').get(), 'id') ?? 0;
    const put = database.prepare(
      'INSERT OR REPLACE INTO objective_event (id, target, objective, subject, at, body) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#pending = new PendingRows(writes, {
      put({ id, event }) {
        const { target, objective, subject, at } = event;
        put.run(id, target, objective, subject, at, toJson(event));
      },
      most: mostPending,
    });
  }

  add(event: ObjectiveEvent): void {
    checkTimes('event', event.at);
    this.#lastId += 1;
    const id = this.#lastId;
    this.#aging.touch(event.target);
    // Behind those that wait, so that what waits is always newer than what is on disk.
    if (this.#pending.changed.size > 0) this.#pending.add(String(id), { id, event });
    else this.#pending.addNow(String(id), { id, event });
  }

  find(filter: EventFilter): readonly ObjectiveEvent[] {
    const { target, objective, subject, since, limit } = filter;
    const waiting = this.#pending
      .rows()
      .map(({ event }) => event)
      .filter((event) => isWantedEvent(event, filter))
      .toReversed();
    const onDisk = selectBodies(this.#database, {
      table: 'objective_event',
      where: { 'target = ?': target, 'objective = ?': objective, 'subject = ?': subject, 'at >= ?': since },
      orderBy: 'id DESC',
      limit,
    });
    return [...waiting, ...onDisk.map(eventFromJson)].slice(0, limit);
  }
}
