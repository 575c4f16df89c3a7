import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IndexUse, MemberIndexUsage } from '../../core/index-usage.ts';
import { gapsFromJson, linksFromJson, linksToJson } from '../json-columns.ts';
import { readNumber, readOptionalNumber, readOptionalText, readText } from './row.ts';

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
      'SELECT id, member, generation, at, links FROM index_member WHERE cluster = ? AND database = ? ORDER BY member',
    );
    this.#page = database.prepare(
      `SELECT key, scans, epoch, last_used_at, watched_since, scans_seen, gaps FROM index_use
       WHERE member_id = ? AND key >= ? ORDER BY key LIMIT ${pageRows}`,
    );
    this.#putMember = database.prepare(
      `INSERT INTO index_member (id, cluster, database, member, generation, at, links) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, at = excluded.at, links = excluded.links`,
    );
    this.#putUse = database.prepare(
      `INSERT INTO index_use (member_id, key, scans, epoch, last_used_at, watched_since, scans_seen, gaps)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (member_id, key) DO UPDATE SET scans = excluded.scans, epoch = excluded.epoch,
         last_used_at = excluded.last_used_at, watched_since = excluded.watched_since, scans_seen = excluded.scans_seen,
         gaps = excluded.gaps`,
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
    return this.#members.all(cluster, database).map((row) => {
      const links = readOptionalText(row, 'links');
      const usage = {
        member: readText(row, 'member'),
        generation: readText(row, 'generation'),
        at: readNumber(row, 'at'),
        indexes: new Map(),
        ...(links === undefined ? {} : { links: linksFromJson(links) }),
      };
      return { id: readNumber(row, 'id'), cluster, database, usage };
    });
  }

  /** A page of a member's index rows in order of key, from this key on; fewer than `pageRows` are the last. */
  page(memberId: number, fromKey: string): IndexUse[] {
    return this.#page.all(memberId, fromKey).map((row) => {
      const lastUsedAt = readOptionalNumber(row, 'last_used_at');
      const gaps = readOptionalText(row, 'gaps');
      return {
        key: readText(row, 'key'),
        scans: readNumber(row, 'scans'),
        epoch: readText(row, 'epoch'),
        watchedSince: readNumber(row, 'watched_since'),
        scansSeen: readNumber(row, 'scans_seen'),
        ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
        ...(gaps === undefined ? {} : { gaps: gapsFromJson(gaps) }),
      };
    });
  }

  putMember({ id, cluster, database, usage }: MemberHead): void {
    const { member, generation, at, links } = usage;
    const linksText = links === undefined ? null : linksToJson(links);
    this.#putMember.run(id, cluster, database, member, generation, at, linksText);
  }

  putUse(memberId: number, use: IndexUse): void {
    const { key, scans, epoch, lastUsedAt, watchedSince, scansSeen, gaps } = use;
    const gapsText = gaps === undefined ? null : JSON.stringify(gaps);
    this.#putUse.run(memberId, key, scans, epoch, lastUsedAt ?? null, watchedSince, scansSeen, gapsText);
  }

  dropUse(memberId: number, key: string): void {
    this.#dropUse.run(memberId, key);
  }
}
