import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { keptMs } from '../objective-limits.ts';
import { checkTimes } from '../objective-values.ts';
import type { Aging } from './aging.ts';
import { PendingRows } from './pending-rows.ts';
import { readNumber } from './row.ts';
import type { WriteBehind } from './write-behind.ts';

interface Delivery {
  readonly key: string;
  readonly at: number;
}

/** Deliveries that wait for a disk that refuses; then the oldest are given up. */
const mostPending = 20_000;

/** Which deliveries of alerts were taken, on disk at once: one that is repeated after a crash is known. */
export class DeliveryRecords {
  readonly #aging: Aging;
  readonly #read: StatementSync;
  readonly #pending: PendingRows<Delivery>;

  constructor(database: DatabaseSync, writes: WriteBehind, aging: Aging) {
    this.#aging = aging;
    this.#read = database.prepare('SELECT at FROM alert_delivery WHERE key = ?');
    const put = database.prepare(
      'INSERT INTO alert_delivery (key, at) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET at = excluded.at',
    );
    this.#pending = new PendingRows(writes, { put: ({ key, at }) => put.run(key, at), most: mostPending });
  }

  isNew(key: string, at: number): boolean {
    checkTimes('delivery', at);
    const before = this.#pending.get(key)?.at ?? this.#readAt(key);
    if (before !== undefined && at - before <= keptMs.deliveries) return false;
    this.#aging.touch('');
    this.#pending.addNow(key, { key, at });
    return true;
  }

  #readAt(key: string): number | undefined {
    const row = this.#read.get(key);
    return row === undefined ? undefined : readNumber(row, 'at');
  }
}
