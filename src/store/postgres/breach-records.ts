import { z } from 'zod';
import type { Breach } from '../../core/judgement.ts';
import type { BreachFilter } from '../../core/ports/objective-records.ts';
import { byOpening, isWanted } from '../objective-filter.ts';
import { breachFromJson, toJson } from '../objective-json.ts';
import { checkTimes } from '../objective-values.ts';
import type { StoreClient, StoreSession } from './client.ts';
import { PendingRows } from './pending-rows.ts';
import { sendRows } from './row-sets.ts';
import type { LoadScope, SharedRows } from './shared-rows.ts';
import { toStored } from './stored-text.ts';
import type { WriteBehind } from './write-behind.ts';

const bodyRow = z.object({ body: z.string() });

/** Closed breaches held in memory, those closed last; the server keeps more. */
const mostClosed = 10_000;

/** Breaches in memory, the open ones and the latest of the closed, of all agents. That one opens, gets worse in kind or closes is sent at once. */
export class BreachRecords implements SharedRows {
  readonly #client: StoreClient;
  readonly #pending: PendingRows<Breach>;
  readonly #open = new Map<string, Breach>();
  /** In the order in which they were closed or read. */
  readonly #closed = new Map<string, Breach>();

  constructor(client: StoreClient, writes: WriteBehind, agent: string) {
    this.#client = client;
    this.#pending = new PendingRows(writes, { put: (session, rows) => put(session, rows, agent) });
  }

  save(breach: Breach): void {
    checkTimes('breach', breach.openedAt, breach.closedAt);
    const { fingerprint } = breach;
    const before = this.#open.get(fingerprint);
    this.#set(breach);
    if (before !== undefined && kindOf(before) === kindOf(breach)) this.#pending.add(fingerprint, breach);
    else this.#pending.addNow(fingerprint, breach);
  }

  find(filter: BreachFilter): readonly Breach[] {
    const found =
      filter.open === true ? [...this.#open.values()] : [...this.#closed.values(), ...this.#open.values()];
    return found
      .filter((breach) => isWanted(breach, filter))
      .sort(byOpening)
      .slice(0, filter.limit);
  }

  /** @throws {StoreError} `damaged` when one cannot be read. */
  async load({ where, values }: LoadScope): Promise<void> {
    const sql = `SELECT body FROM reeve.breach WHERE ${where} ORDER BY closed_at DESC NULLS FIRST LIMIT ${mostClosed}`;
    const rows = await this.#client.rows(bodyRow, sql, values);
    for (const { body } of rows.toReversed()) {
      const breach = breachFromJson(body);
      if (!this.#pending.has(breach.fingerprint)) this.#set(breach);
    }
  }

  #set(breach: Breach): void {
    const { fingerprint } = breach;
    this.#open.delete(fingerprint);
    this.#closed.delete(fingerprint);
    (breach.closedAt === undefined ? this.#open : this.#closed).set(fingerprint, breach);
    const [oldest] = this.#closed.keys();
    if (this.#closed.size > mostClosed && oldest !== undefined) this.#closed.delete(oldest);
  }
}

/** What a person would be told about; the rest of a breach may be a second old. */
function kindOf({ severity, holders, closedAt }: Breach): string {
  return `${severity} ${holders.join()} ${closedAt}`;
}

function put(session: StoreSession, breaches: readonly Breach[], agent: string): Promise<void> {
  return sendRows(
    session,
    `INSERT INTO reeve.breach (fingerprint, target, objective, subject, opened_at, closed_at, body, agent)
     SELECT fingerprint, target, objective, subject, opened_at, closed_at, body, $2
     FROM json_to_recordset($1::text::json) AS row (fingerprint text, target text, objective text, subject text, opened_at float8,
       closed_at float8, body text)
     ON CONFLICT (fingerprint) DO UPDATE SET opened_at = excluded.opened_at, closed_at = excluded.closed_at, body = excluded.body,
       agent = excluded.agent, written_at = now()`,
    breaches.map((breach) => ({
      fingerprint: breach.fingerprint,
      target: toStored(breach.target),
      objective: breach.objective,
      subject: toStored(breach.subject),
      opened_at: breach.openedAt,
      closed_at: breach.closedAt ?? null,
      body: toJson(breach),
    })),
    [agent],
  );
}
