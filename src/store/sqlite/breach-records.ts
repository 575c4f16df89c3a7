import type { DatabaseSync } from 'node:sqlite';
import type { Breach } from '../../core/judgement.ts';
import type { BreachFilter } from '../../core/ports/objective-records.ts';
import { byOpening, isWanted } from '../objective-filter.ts';
import { breachFromJson, toJson } from '../objective-json.ts';
import { checkTimes } from '../objective-values.ts';
import type { Aging } from './aging.ts';
import { PendingRows } from './pending-rows.ts';
import { readText } from './row.ts';
import { selectBodies } from './selection.ts';
import type { WriteBehind } from './write-behind.ts';

/** Breaches, the open ones in memory. That one opens, gets worse in kind or closes is on disk at once; how bad its value is, soon. */
export class BreachRecords {
  readonly #database: DatabaseSync;
  readonly #aging: Aging;
  readonly #pending: PendingRows<Breach>;
  readonly #open: Map<string, Breach>;

  /** @throws {StoreError} `damaged` when an open breach cannot be read. */
  constructor(database: DatabaseSync, writes: WriteBehind, aging: Aging) {
    this.#database = database;
    this.#aging = aging;
    const put = database.prepare(
      `INSERT INTO breach (fingerprint, target, objective, subject, opened_at, closed_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (fingerprint) DO UPDATE SET opened_at = excluded.opened_at, closed_at = excluded.closed_at,
         body = excluded.body`,
    );
    this.#pending = new PendingRows(writes, {
      put(breach) {
        const { fingerprint, target, objective, subject, openedAt, closedAt = null } = breach;
        put.run(fingerprint, target, objective, subject, openedAt, closedAt, toJson(breach));
      },
    });
    this.#open = new Map(
      database
        .prepare('SELECT body FROM breach WHERE closed_at IS NULL')
        .all()
        .map((row) => breachFromJson(readText(row, 'body')))
        .map((breach) => [breach.fingerprint, breach]),
    );
  }

  save(breach: Breach): void {
    checkTimes('breach', breach.openedAt, breach.closedAt);
    const { fingerprint } = breach;
    const before = this.#open.get(fingerprint);
    if (breach.closedAt === undefined) this.#open.set(fingerprint, breach);
    else this.#open.delete(fingerprint);
    this.#aging.touch(breach.target);
    if (before !== undefined && kindOf(before) === kindOf(breach)) this.#pending.add(fingerprint, breach);
    else this.#pending.addNow(fingerprint, breach);
  }

  find(filter: BreachFilter): readonly Breach[] {
    const found =
      filter.open === true ? [...this.#open.values()] : [...this.#onDisk(filter), ...this.#pending.rows()];
    // Of one that is on disk and pending the pending one wins.
    const latest = new Map(found.map((breach) => [breach.fingerprint, breach]));
    return [...latest.values()]
      .filter((breach) => isWanted(breach, filter))
      .sort(byOpening)
      .slice(0, filter.limit);
  }

  #onDisk({ target, objective, subject, fingerprint, limit }: BreachFilter): Breach[] {
    return selectBodies(this.#database, {
      table: 'breach',
      where: {
        'target = ?': target,
        'objective = ?': objective,
        'subject = ?': subject,
        'fingerprint = ?': fingerprint,
      },
      orderBy: 'opened_at DESC, fingerprint',
      limit,
    }).map(breachFromJson);
  }
}

/** What a person would be told about; the rest of a breach may be a second old. */
function kindOf({ severity, holders, closedAt }: Breach): string {
  return `${severity} ${holders.join()} ${closedAt}`;
}
