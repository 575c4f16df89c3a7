import { z } from 'zod';
import { CollectError, type MemberIndexUsage, watchCluster } from '../../../src/sdk.ts';
import type { Connection } from '../client.ts';
import { readOptionalColumns } from '../columns.ts';
import { postgresGroups } from '../groups.ts';
import { readCounting } from '../index-counting.ts';
import { listForeignKeys, supportOfForeignKeys } from '../index-foreign-keys.ts';
import { findOverlaps, type Overlap } from '../index-overlap.ts';
import { type IndexRow, listIndexes } from '../index-rows.ts';
import { type JudgedIndex, judgeIndex } from '../index-verdicts.ts';
import type { PostgresOperationsInput } from './access.ts';

const row = z.object({
  system_identifier: z.string(),
  database_oid: z.string(),
  started_at: z.number(),
  in_recovery: z.boolean(),
  standbys: z.number(),
  building: z.array(z.string()),
});

/** Indexes that somebody builds now are not left-overs. */
const sql = `
  SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
         (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database_oid,
         extract(epoch FROM pg_postmaster_start_time())::float8 AS started_at,
         pg_is_in_recovery() AS in_recovery,
         (SELECT count(*) FROM pg_stat_replication) AS standbys,
         ARRAY(SELECT relid::oid::text FROM pg_stat_progress_create_index WHERE datname = current_database()
               UNION
               SELECT relation::text FROM pg_locks
                WHERE locktype = 'relation' AND granted AND pid <> pg_backend_pid()
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                  AND mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'AccessExclusiveLock')) AS building`;

/** What one database's indexes are and how they were used, read now. */
export interface IndexSurvey {
  readonly database: string;
  readonly databaseOid: string;
  /** Unix time in seconds. */
  readonly serverStartedAt: number;
  readonly inRecovery: boolean;
  readonly standbys: number;
  readonly indexes: readonly IndexRow[];
  readonly isTruncated: boolean;
  readonly overlaps: readonly Overlap[];
  readonly members: readonly MemberIndexUsage[];
  /** Oids of tables and indexes on which somebody builds, drops or vacuums now. */
  readonly busy: ReadonlySet<string>;
  /** As the collector judges, and by the counters of this very moment: what grew since the last reading is used. */
  judge(index: IndexRow): JudgedIndex;
}

/** @throws {CollectError} when it cannot be read. */
export async function surveyIndexes(
  input: PostgresOperationsInput,
  connection: Connection,
  signal: AbortSignal,
): Promise<IndexSurvey> {
  const { options, target, history, clock } = input;
  const [server] = await connection.query(sql, row, signal);
  if (server === undefined) throw new CollectError('malformed', 'the server did not describe itself');
  const columns = await readOptionalColumns(connection, signal);
  const hasLastScan = columns.has('pg_stat_all_indexes.last_idx_scan');
  const list = await listIndexes(connection, { maxRows: options.maxRows, hasLastScan }, signal);
  const keys = await listForeignKeys(connection, options.maxRows, signal);
  const counting = await readCounting(connection, signal);
  const isTruncated = list.leftOut > 0 || keys.leftOut > 0;
  const members = await history.indexUsage(`postgres:${server.system_identifier}`, connection.database);
  const watch = watchCluster({
    self: target.id,
    members,
    membersComplete: target.membersComplete,
    unusedAfterMs: target.unusedAfterMs,
    freshWithinMs:
      3 * Math.max(target.groups['indexes']?.everyMs ?? postgresGroups.indexes.everyMs, target.intervalMs),
    now: clock.now(),
  });
  const neededByForeignKeys = new Set([
    ...supportOfForeignKeys(keys.foreignKeys, list.indexes).needed,
    ...supportOfForeignKeys(keys.foreignKeys, list.indexes.map(asIfValid)).needed,
  ]);
  const own = members.find(({ member }) => member === target.id);
  return {
    database: connection.database,
    databaseOid: server.database_oid,
    serverStartedAt: server.started_at,
    inRecovery: server.in_recovery,
    standbys: server.standbys,
    indexes: list.indexes,
    isTruncated,
    overlaps: findOverlaps(list.indexes),
    members,
    busy: new Set(server.building),
    judge: (index) => {
      const judged = judgeIndex(index, { watch, neededByForeignKeys, isTruncated });
      const counted = own?.indexes.get(index.oid);
      if (counting.isOn && counted !== undefined && index.scans === counted.scans) return judged;
      // Used since the last reading, or counters that restarted: nothing is proven until the collector has read them again.
      const reason = counted !== undefined && index.scans > counted.scans ? 'used' : 'too_young';
      const verdict =
        judged.verdict === 'unused' ? (reason === 'used' ? 'used' : 'unproven') : judged.verdict;
      return { ...judged, verdict, reasons: [...judged.reasons, reason] };
    },
  };
}

/** An index that is not valid may be the one that a foreign key needs, once it is mended. */
function asIfValid(index: IndexRow): IndexRow {
  const flags = new Set(index.flags);
  flags.delete('invalid');
  flags.delete('not_ready');
  return { ...index, flags };
}

/** Why an index is not dropped, for a person. */
export function explainVerdict({ verdict, reasons }: JudgedIndex): string {
  return `it is ${verdict} (${reasons.length === 0 ? 'no reason against it' : reasons.join(', ').replaceAll('_', ' ')})`;
}
