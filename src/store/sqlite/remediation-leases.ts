import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Lease } from '../../core/ports/remediation-records.ts';
import { isHeld } from '../remediation-filter.ts';
import { readNumber, readText } from './row.ts';

/** Leases by name; a released one stays, so that fences only grow. What writes is to be called in a transaction. */
export class RemediationLeases {
  readonly #read: StatementSync;
  readonly #put: StatementSync;
  readonly #renew: StatementSync;
  readonly #releaseAll: StatementSync;

  constructor(database: DatabaseSync) {
    this.#read = database.prepare(
      'SELECT name, holder, fence, expires_at FROM remediation_lease WHERE name = ?',
    );
    this.#put = database.prepare(
      `INSERT INTO remediation_lease (name, holder, fence, expires_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = excluded.fence, expires_at = excluded.expires_at`,
    );
    // What was released is nobody's, whatever it says.
    this.#renew = database.prepare(
      'UPDATE remediation_lease SET expires_at = ? WHERE name = ? AND holder = ? AND fence = ? AND expires_at > 0',
    );
    this.#releaseAll = database.prepare('UPDATE remediation_lease SET expires_at = 0 WHERE expires_at > 0');
  }

  /** 0 where there never was one. */
  newestFence(name: string): number {
    return this.#lease(name)?.fence ?? 0;
  }

  take(name: string, holder: string, at: number, forMs: number): Lease | undefined {
    const before = this.#lease(name);
    if (isHeld(before, at)) return undefined;
    const lease = { name, holder, fence: (before?.fence ?? 0) + 1, expiresAt: at + forMs };
    this.#put.run(name, holder, lease.fence, lease.expiresAt);
    return lease;
  }

  /** False when it is somebody else's by now, or was released. */
  renew({ name, holder, fence }: Lease, expiresAt: number): boolean {
    return Number(this.#renew.run(expiresAt, name, holder, fence).changes) > 0;
  }

  /** All of them; only for a process that is the only one. */
  releaseAll(): void {
    this.#releaseAll.run();
  }

  #lease(name: string): Lease | undefined {
    const row = this.#read.get(name);
    return row === undefined
      ? undefined
      : {
          name,
          holder: readText(row, 'holder'),
          fence: readNumber(row, 'fence'),
          expiresAt: readNumber(row, 'expires_at'),
        };
  }
}
