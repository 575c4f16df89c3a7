import { z } from 'zod';
import type { ObjectiveEvent } from '../../core/judgement.ts';
import type { EventFilter } from '../../core/ports/objective-records.ts';
import { isWantedEvent } from '../objective-filter.ts';
import { eventFromJson, toJson } from '../objective-json.ts';
import { checkTimes } from '../objective-values.ts';
import type { StoreClient, StoreSession } from './client.ts';
import { PendingRows } from './pending-rows.ts';
import { sendRows } from './row-sets.ts';
import type { LoadScope, SharedRows } from './shared-rows.ts';
import { toStored } from './stored-text.ts';
import type { WriteBehind } from './write-behind.ts';

interface NumberedEvent {
  /** From 1, by this agent: written twice, an event is one. */
  readonly number: number;
  readonly event: ObjectiveEvent;
}

const eventRow = z.object({ id: z.number(), body: z.string() });

/** Events held in memory, the newest; the server keeps more. */
const mostHeld = 10_000;
/** Events that wait for a server that is away; then the oldest are given up. */
const mostPending = 20_000;

/** Events in the order in which they were added here, and those of other agents as they become known. */
export class EventRecords implements SharedRows {
  readonly #client: StoreClient;
  readonly #pending: PendingRows<NumberedEvent>;
  readonly #events: ObjectiveEvent[] = [];
  /** Those of others that were read in the last looks, which overlap. */
  #takenOver: ReadonlySet<number> = new Set();
  #lastNumber = 0;

  constructor(client: StoreClient, writes: WriteBehind, agent: string) {
    this.#client = client;
    this.#pending = new PendingRows(writes, {
      put: (session, rows) => put(session, rows, agent),
      most: mostPending,
    });
  }

  add(event: ObjectiveEvent): void {
    checkTimes('event', event.at);
    this.#lastNumber += 1;
    this.#hold(event);
    this.#pending.add(String(this.#lastNumber), { number: this.#lastNumber, event });
  }

  find(filter: EventFilter): readonly ObjectiveEvent[] {
    const found: ObjectiveEvent[] = [];
    for (const event of this.#events.toReversed()) {
      if (found.length === filter.limit) break;
      if (isWantedEvent(event, filter)) found.push(event);
    }
    return found;
  }

  /** @throws {StoreError} `damaged` when one cannot be read. */
  async load({ where, values }: LoadScope): Promise<void> {
    const sql = `SELECT id::float8, body FROM reeve.objective_event WHERE ${where} ORDER BY id DESC LIMIT ${mostHeld}`;
    const rows = await this.#client.rows(eventRow, sql, values);
    for (const { id, body } of rows.toReversed())
      if (!this.#takenOver.has(id)) this.#hold(eventFromJson(body));
    this.#takenOver = new Set(rows.map(({ id }) => id));
  }

  #hold(event: ObjectiveEvent): void {
    this.#events.push(event);
    // In pieces, because taking one from the front of a long list moves all others.
    if (this.#events.length >= mostHeld * 1.1) this.#events.splice(0, this.#events.length - mostHeld);
  }
}

function put(session: StoreSession, events: readonly NumberedEvent[], agent: string): Promise<void> {
  return sendRows(
    session,
    `INSERT INTO reeve.objective_event (target, objective, subject, at, body, number, agent)
     SELECT target, objective, subject, at, body, number, $2
     FROM json_to_recordset($1::text::json) AS row (target text, objective text, subject text, at float8, body text, number float8)
     ORDER BY number
     ON CONFLICT (agent, number) DO NOTHING`,
    events.map(({ number, event }) => ({
      target: toStored(event.target),
      objective: event.objective,
      subject: toStored(event.subject),
      at: event.at,
      body: toJson(event),
      number,
    })),
    [agent],
  );
}
