import { z } from 'zod';
import { keptMs, mostKept } from '../objective-limits.ts';
import { checkTimes } from '../objective-values.ts';
import type { StoreClient, StoreSession } from './client.ts';
import { PendingRows } from './pending-rows.ts';
import { sendRows } from './row-sets.ts';
import type { LoadScope, SharedRows } from './shared-rows.ts';
import { fromStored, toStored } from './stored-text.ts';
import type { WriteBehind } from './write-behind.ts';

interface Delivery {
  readonly key: string;
  readonly at: number;
}

const deliveryRow = z.object({ key: z.string().transform(fromStored), at: z.number() });

/** Deliveries that wait for a server that is away; then the oldest are given up. */
const mostPending = 20_000;

/** Which deliveries of alerts were taken, in memory. */
export class DeliveryRecords implements SharedRows {
  readonly #client: StoreClient;
  readonly #pending: PendingRows<Delivery>;
  readonly #times = new Map<string, number>();

  constructor(client: StoreClient, writes: WriteBehind, agent: string) {
    this.#client = client;
    this.#pending = new PendingRows(writes, {
      put: (session, rows) => put(session, rows, agent),
      most: mostPending,
    });
  }

  isNew(key: string, at: number): boolean {
    checkTimes('delivery', at);
    const before = this.#times.get(key);
    if (before !== undefined && at - before <= keptMs.deliveries) return false;
    this.#set(key, at);
    this.#pending.add(key, { key, at });
    return true;
  }

  async load({ where, values }: LoadScope): Promise<void> {
    const sql = `SELECT key, at FROM reeve.alert_delivery WHERE ${where} ORDER BY at DESC LIMIT ${mostKept.deliveries}`;
    const rows = await this.#client.rows(deliveryRow, sql, values);
    for (const { key, at } of rows.toReversed()) if (!this.#pending.has(key)) this.#set(key, at);
  }

  #set(key: string, at: number): void {
    this.#times.delete(key);
    this.#times.set(key, at);
    const [oldest] = this.#times.keys();
    if (this.#times.size > mostKept.deliveries && oldest !== undefined) this.#times.delete(oldest);
  }
}

function put(session: StoreSession, deliveries: readonly Delivery[], agent: string): Promise<void> {
  return sendRows(
    session,
    `INSERT INTO reeve.alert_delivery (key, at, agent)
     SELECT key, at, $2 FROM json_to_recordset($1::text::json) AS row (key text, at float8)
     ON CONFLICT (key) DO UPDATE SET at = excluded.at, agent = excluded.agent, written_at = now()`,
    deliveries.map(({ key, at }) => ({ key: toStored(key), at })),
    [agent],
  );
}
