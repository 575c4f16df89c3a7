import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IndexUse, MemberIndexUsage } from '../../core/index-usage.ts';
import { readNumber, readOptionalNumber, readText } from './row.ts';

/** One member's row: what its index rows refer to. */
export interface MemberHead {
  readonly id: number;
  readonly cluster: string;
  readonly database: string;
  readonly usage: MemberIndexUsage;
}

/** Index rows read at once, so that a database with very many indexes does not hold the event loop. */
export const pageRows = 1_000;

/** Index rows may be there without their member, where a process died in between; their number is not given out again. */
const lastIdSql = `SELECT max(
  coalesce((SELECT max(id) FROM index_member), 0), coalesce((SELECT max(member_id) FROM index_use), 0)) AS id`;

/** The statements on `index_member` and `index_use`, prepared once. */
export class IndexUsageTable {
  readonly #members: StatementSync;
  readonly #page: StatementSync;
  readonly #putMember: StatementSync;
  readonly #putUse: StatementSync;
  readonly #dropUse: StatementSync;
  #lastId: number;

  constructor(database: DatabaseSync) {
    this.#lastId = readNumber(database.prepare(lastIdSql).get(), 'id');
    this.#members = database.prepare(
      'SELECT id, member, generation, at FROM index_member WHERE cluster = ? AND database = ? ORDER BY member',
    );
    this.#page = database.prepare(
      `SELECT key, scans, epoch, last_used_at, watched_since, scans_seen FROM index_use
       WHERE member_id = ? AND key >= ? ORDER BY key LIMIT ${pageRows}`,
    );
    this.#putMember = database.prepare(
      `INSERT INTO index_member (id, cluster, database, member, generation, at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, at = excluded.at`,
    );
    this.#putUse = database.prepare(
      `INSERT INTO index_use (member_id, key, scans, epoch, last_used_at, watched_since, scans_seen)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (member_id, key) DO UPDATE SET scans = excluded.scans, epoch = excluded.epoch,
         last_used_at = excluded.last_used_at, watched_since = excluded.watched_since, scans_seen = excluded.scans_seen`,
    );
    this.#dropUse = database.prepare('DELETE FROM index_use WHERE member_id = ? AND key = ?');
  }

  /** A number for a new member. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** The members of a cluster for one database, without their indexes. */
  members(cluster: string, database: string): MemberHead[] {
    return this.#members.all(cluster, database).map((row) => ({
      id: readNumber(row, 'id'),
      cluster,
      database,
      usage: {
        member: readText(row, 'member'),
        generation: readText(row, 'generation'),
        at: readNumber(row, 'at'),
        indexes: new Map(),
      },
    }));
  }

  /** A page of a member's index rows in order of key, from this key on; fewer than `pageRows` are the last. */
  page(memberId: number, fromKey: string): IndexUse[] {
    return this.#page.all(memberId, fromKey).map((row) => {
      const lastUsedAt = readOptionalNumber(row, 'last_used_at');
      return {
        key: readText(row, 'key'),
        scans: readNumber(row, 'scans'),
        epoch: readText(row, 'epoch'),
        watchedSince: readNumber(row, 'watched_since'),
        scansSeen: readNumber(row, 'scans_seen'),
        ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
      };
    });
  }

  putMember({ id, cluster, database, usage }: MemberHead): void {
    this.#putMember.run(id, cluster, database, usage.member, usage.generation, usage.at);
  }

  putUse(memberId: number, use: IndexUse): void {
    this.#putUse.run(
      memberId,
      use.key,
      use.scans,
      use.epoch,
      use.lastUsedAt ?? null,
      use.watchedSince,
      use.scansSeen,
    );
  }

  dropUse(memberId: number, key: string): void {
    this.#dropUse.run(memberId, key);
  }
}
