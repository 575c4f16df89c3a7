import { z } from 'zod';
import type { IndexUse, MemberIndexUsage } from '../../core/index-usage.ts';
import { gapsFromJson, linksFromJson, linksToJson } from '../json-columns.ts';
import type { StoreClient, StoreSession } from './client.ts';
import { sendRows } from './row-sets.ts';
import { fromStored, toStored } from './stored-text.ts';

/** Index rows read at once, so that a database with very many indexes does not hold the event loop. */
const pageRows = 5_000;

const headRow = z.object({
  id: z.string(),
  member: z.string(),
  generation: z.string(),
  at: z.number(),
  links: z.string().nullable(),
});

const useRow = z.object({
  key: z.string(),
  scans: z.number(),
  epoch: z.string(),
  last_used_at: z.number().nullable(),
  watched_since: z.number(),
  scans_seen: z.number(),
  gaps: z.string().nullable(),
});

export interface StoredMember {
  readonly id: string;
  /** Without its indexes. */
  readonly usage: MemberIndexUsage;
}

/** The members of a cluster for one database, without their indexes. */
export async function readMembers(
  client: StoreClient,
  cluster: string,
  database: string,
): Promise<readonly StoredMember[]> {
  const rows = await client.rows(
    headRow,
    `SELECT id::text, member, generation, at, links FROM reeve.index_member
     WHERE cluster = $1 AND database = $2 ORDER BY member COLLATE "C"`,
    [toStored(cluster), toStored(database)],
  );
  return rows.map(({ id, member, generation, at, links }) => ({
    id,
    usage: {
      member: fromStored(member),
      generation: fromStored(generation),
      at,
      indexes: new Map(),
      ...(links === null ? {} : { links: linksFromJson(links) }),
    },
  }));
}

export async function readUses(client: StoreClient, memberId: string): Promise<Map<string, IndexUse>> {
  const indexes = new Map<string, IndexUse>();
  let count: number;
  let after: string | null = null;
  do {
    const rows: readonly z.infer<typeof useRow>[] = await client.rows(
      useRow,
      `SELECT key, scans, epoch, last_used_at, watched_since, scans_seen, gaps FROM reeve.index_use
       WHERE member_id = $1::bigint AND ($2::text IS NULL OR key > $2::text) ORDER BY key LIMIT ${pageRows}`,
      [memberId, after],
    );
    for (const row of rows) {
      const use = toUse(row);
      indexes.set(use.key, use);
    }
    count = rows.length;
    after = rows.at(-1)?.key ?? null;
  } while (count === pageRows);
  return indexes;
}

function toUse(row: z.infer<typeof useRow>): IndexUse {
  return {
    key: fromStored(row.key),
    scans: row.scans,
    epoch: fromStored(row.epoch),
    watchedSince: row.watched_since,
    scansSeen: row.scans_seen,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
    ...(row.gaps === null ? {} : { gaps: gapsFromJson(row.gaps) }),
  };
}

export interface MemberWrite {
  readonly cluster: string;
  readonly database: string;
  readonly usage: MemberIndexUsage;
  /** Keys of indexes that changed or are gone. */
  readonly changed: ReadonlySet<string>;
}

const idRow = z.object({ id: z.string() });

/** Writes one member and what changed of its indexes, in the transaction of the caller. */
export async function writeMember(
  session: StoreSession,
  { cluster, database, usage, changed }: MemberWrite,
): Promise<void> {
  const { member, generation, at, links, indexes } = usage;
  const names = [cluster, database, member, generation].map(toStored);
  const [head] = await session.rows(
    idRow,
    `INSERT INTO reeve.index_member (cluster, database, member, generation, at, links) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (cluster, database, member) DO UPDATE SET generation = excluded.generation, at = excluded.at, links = excluded.links
     RETURNING id::text`,
    [...names, at, links === undefined ? null : toStored(linksToJson(links))],
  );
  const id = head?.id ?? '';
  const uses = [...changed].map((key) => indexes.get(key)).filter((use) => use !== undefined);
  const gone = [...changed].filter((key) => !indexes.has(key));
  await sendRows(
    session,
    `INSERT INTO reeve.index_use (member_id, key, scans, epoch, last_used_at, watched_since, scans_seen, gaps)
     SELECT $2::bigint, key, scans, epoch, last_used_at, watched_since, scans_seen, gaps
     FROM json_to_recordset($1::text::json) AS row (key text, scans float8, epoch text, last_used_at float8, watched_since float8,
       scans_seen float8, gaps text)
     ON CONFLICT (member_id, key) DO UPDATE SET scans = excluded.scans, epoch = excluded.epoch, last_used_at = excluded.last_used_at,
       watched_since = excluded.watched_since, scans_seen = excluded.scans_seen, gaps = excluded.gaps`,
    uses.map(fromUse),
    [id],
  );
  await sendRows(
    session,
    `DELETE FROM reeve.index_use WHERE member_id = $2::bigint
       AND key IN (SELECT key FROM json_to_recordset($1::text::json) AS row (key text))`,
    gone.map((key) => ({ key: toStored(key) })),
    [id],
  );
}

function fromUse({ key, scans, epoch, lastUsedAt, watchedSince, scansSeen, gaps }: IndexUse) {
  return {
    key: toStored(key),
    scans,
    epoch: toStored(epoch),
    last_used_at: lastUsedAt ?? null,
    watched_since: watchedSince,
    scans_seen: scansSeen,
    gaps: gaps === undefined ? null : JSON.stringify(gaps),
  };
}
