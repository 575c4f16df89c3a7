import type { CollectorInput, DetailRow, MemberLinks, Target } from '../../src/sdk.ts';
import { assertSameTime, isOverdueForReview, watchCluster } from '../../src/sdk.ts';
import { alterAndReload } from './alter-system.ts';
import type { Connection } from './client.ts';
import type { PostgresOptions } from './config.ts';
import { postgresGroups } from './groups.ts';
import { readCounting } from './index-counting.ts';
import { type ForeignKey, listForeignKeys, supportOfForeignKeys } from './index-foreign-keys.ts';
import { readLinks } from './index-links.ts';
import { findOverlaps, type Overlap } from './index-overlap.ts';
import { type IndexList, type IndexRow, listIndexes } from './index-rows.ts';
import { byImportance, indexVerdicts, type JudgedIndex, judgeIndex, verdictRow } from './index-verdicts.ts';
import { mapInSlices } from './map-in-slices.ts';
import type { PostgresContext, PostgresReader, Session } from './session.ts';

/** What of the collector this group needs. */
export type IndexesInput = Pick<CollectorInput<PostgresOptions>, 'target' | 'history' | 'clock'>;

/**
 * Follows the use of every index, judges it on a primary, and finds indexes that others make superfluous. A standby only contributes its
 * use: what can be dropped is the primary's to say.
 */
export function createIndexesReader(input: IndexesInput): PostgresReader {
  return async (session, context) => {
    const { startedAt, uptimeSeconds } = session.server;
    assertSameTime(input.clock.now(), [(startedAt + uptimeSeconds) * 1000], 'that of the server');
    const links = await readLinks(session, context.signal);
    await session.eachDatabase(context, async (connection, inner) => {
      const { options, server } = session;
      const listing = {
        maxRows: options.maxRows,
        hasLastScan: session.has('pg_stat_all_indexes.last_idx_scan'),
      };
      const list = await listIndexes(connection, listing, inner.signal);
      inner.truncate(list.leftOut);
      await observe(input, session, connection, links, list, inner);
      if (!server.inRecovery) await judgeDatabase(input, session, connection, list, inner);
    });
  };
}

async function observe(
  input: IndexesInput,
  session: Session,
  connection: Connection,
  links: MemberLinks,
  list: IndexList,
  context: PostgresContext,
): Promise<void> {
  const { server } = session;
  const counting = await readCounting(connection, context.signal);
  const epoch = `${server.statisticsEpoch} ${counting.statisticsReset}`;
  await input.history.observeIndexes({
    cluster: clusterOf(session),
    member: input.target.id,
    generation: String(server.timeline),
    database: connection.database,
    at: context.now,
    links,
    // Forgetting them all starts the watch anew once counting is on again.
    indexes: counting.isOn
      ? list.indexes.map(({ oid, scans, lastScanAt }) => ({
          key: oid,
          scans,
          epoch,
          ...(lastScanAt === undefined ? {} : { lastUsedAt: lastScanAt }),
        }))
      : [],
  });
  if (counting.isOn) return;
  context.find({
    code: 'index_use_not_counted',
    severity: 'warning',
    subject: connection.database,
    message:
      'track_counts is off for the server, this database or a role, so the use of indexes cannot be proven',
    remedy: `${alterAndReload('track_counts = on')}\n-- and RESET it for the databases and roles that turn it off`,
  });
}

async function judgeDatabase(
  input: IndexesInput,
  session: Session,
  connection: Connection,
  list: IndexList,
  context: PostgresContext,
): Promise<void> {
  const { database } = connection;
  const keys = await listForeignKeys(connection, session.options.maxRows, context.signal);
  context.truncate(keys.leftOut);
  // An index that the cap left out might support a key, and a key that it left out might be all that an index is for.
  const isTruncated = list.leftOut > 0 || keys.leftOut > 0;
  const support = supportOfForeignKeys(keys.foreignKeys, list.indexes);
  const watch = watchCluster({
    self: input.target.id,
    members: await input.history.indexUsage(clusterOf(session), database),
    membersComplete: input.target.membersComplete,
    unusedAfterMs: input.target.unusedAfterMs,
    freshWithinMs: 3 * cadenceMs(input.target),
    now: context.now,
  });
  const evidence = { watch, neededByForeignKeys: support.needed, isTruncated };
  const judge = (index: IndexRow): JudgedIndex => judgeIndex(index, evidence);
  const judged = [...(await mapInSlices(list.indexes, judge))].sort(byImportance);
  recordVerdicts(context, database, judged);
  if (watch.blockers.length === 0 && !isTruncated) recordUnused(context, database, judged, input.target);
  // What this server itself used lately needs no explanation.
  const rows = judged.filter(({ proof }) => !proof.reasons.includes('used'));
  context.detail('indexes', await mapInSlices(rows, (row) => verdictRow(database, row)));
  if (watch.missing.length > 0) {
    context.detail(
      'uncollected_members',
      watch.missing.map((name) => ({ database, name })),
    );
  }
  recordOverlaps(context, database, findOverlaps(list.indexes));
  if (isTruncated) return;
  context.record('foreignKeysWithoutIndex', support.unsupported.length, { database });
  context.detail(
    'foreign_keys_without_index',
    support.unsupported.map((key) => foreignKeyRow(database, key)),
  );
}

function recordVerdicts(context: PostgresContext, database: string, judged: readonly JudgedIndex[]): void {
  for (const verdict of indexVerdicts) {
    const those = judged.filter((index) => index.verdict === verdict);
    context.record('indexVerdicts', those.length, { database, verdict });
  }
}

function recordUnused(
  context: PostgresContext,
  database: string,
  judged: readonly JudgedIndex[],
  { unusedAfterMs }: Target,
): void {
  const { now } = context;
  const unused = judged.filter(({ verdict }) => verdict === 'unused');
  const overdue = unused.filter(({ proof }) => isOverdueForReview({ proof, unusedAfterMs, now }));
  context.record('unusedIndexes', unused.length, { database });
  context.record('unusedIndexBytes', bytesOf(unused.map(({ index }) => index)), { database });
  context.record('overdueUnusedIndexBytes', bytesOf(overdue.map(({ index }) => index)), { database });
}

function recordOverlaps(context: PostgresContext, database: string, overlaps: readonly Overlap[]): void {
  const indexesOf = (kind: Overlap['kind']) =>
    overlaps.filter((each) => each.kind === kind).map(({ index }) => index);
  const [duplicates, redundant] = [indexesOf('duplicate'), indexesOf('redundant')];
  context.record('duplicateIndexes', duplicates.length, { database });
  context.record('duplicateIndexBytes', bytesOf(duplicates), { database });
  context.record('redundantIndexes', redundant.length, { database });
  context.record('redundantIndexBytes', bytesOf(redundant), { database });
  context.detail(
    'overlapping_indexes',
    overlaps.map((overlap) => overlapRow(database, overlap)),
  );
}

function overlapRow(database: string, { kind, index, coveredBy }: Overlap): DetailRow {
  const { schema, table, name, bytes, flags, constraint } = index;
  return {
    database,
    schema,
    table,
    index: name,
    kind,
    bytes,
    coveredBy: coveredBy.name,
    constraint: constraint ?? null,
    flags: [...flags],
  };
}

function foreignKeyRow(database: string, { schema, table, tableRows, name, columns }: ForeignKey): DetailRow {
  return { database, schema, table, foreignKey: name, columns, tableRows: tableRows < 0 ? null : tableRows };
}

function bytesOf(indexes: readonly { readonly bytes: number }[]): number {
  return indexes.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** How often indexes are read; members of one cluster are assumed to have the same cadence. */
function cadenceMs({ groups, intervalMs }: Target): number {
  return Math.max(groups['indexes']?.everyMs ?? postgresGroups.indexes.everyMs, intervalMs);
}

/** Shared by all members, and by clones. */
function clusterOf({ server }: Session): string {
  return `postgres:${server.systemIdentifier}`;
}
