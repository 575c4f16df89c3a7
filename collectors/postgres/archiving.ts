import { z } from 'zod';
import { CollectError, toCollectError } from '../../src/sdk.ts';
import { notNegative } from './not-negative.ts';
import { quoteIdentifier } from './quote.ts';
import type { PostgresContext, PostgresReader, Session } from './session.ts';

const row = z.object({
  enabled: z.boolean(),
  failing: z.boolean(),
  archived: z.number(),
  failed: z.number(),
  archived_age: notNegative,
});

/** On a standby only `always` archives. */
const sql = `
  SELECT current_setting('archive_mode') = 'always'
           OR current_setting('archive_mode') = 'on' AND NOT pg_is_in_recovery() AS enabled,
         coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS failing,
         archived_count AS archived, failed_count AS failed,
         extract(epoch FROM clock_timestamp() - last_archived_time)::float8 AS archived_age
    FROM pg_stat_archiver`;

const backlogRow = z.object({ files: z.number(), oldest: notNegative });

const backlogSql = `
  SELECT count(*) AS files,
         extract(epoch FROM clock_timestamp() - min(modification))::float8 AS oldest
    FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'`;

/** What was last seen of the archiver; the group of backups, which is read beside others, takes it from here. */
export interface ArchiverSeen {
  latest: { readonly failing: boolean; readonly archivedAt: number | undefined } | undefined;
}

/** WAL archiving: whether it fails, and what waits. A server that does not archive has no backlog to speak of: absent. */
export function createArchivingReader(archiver: ArchiverSeen): PostgresReader {
  return (session, context) => readArchiving(session, context, archiver);
}

async function readArchiving(
  session: Session,
  context: PostgresContext,
  archiver: ArchiverSeen,
): Promise<void> {
  archiver.latest = undefined;
  const [seen] = await session.main.query(sql, row, context.signal);
  if (seen === undefined) return;
  const { archived_age: age, failing, enabled } = seen;
  if (enabled)
    archiver.latest = { failing, archivedAt: age === null ? undefined : context.now - age * 1_000 };
  context.record('archivingEnabled', seen.enabled ? 1 : 0, {});
  if (!seen.enabled) return;
  context.record('archivingFailing', seen.failing ? 1 : 0, {});
  context.record('archivedFiles', seen.archived, {});
  context.record('archiveFailures', seen.failed, {});
  context.record('lastArchivedAgeSeconds', seen.archived_age ?? undefined, {});
  await context.attempt('backlog', (inner) => readBacklog(session, inner));
}

async function readBacklog(session: Session, context: PostgresContext): Promise<void> {
  const [waiting] = await session.main
    .query(backlogSql, backlogRow, context.signal)
    .catch((thrown: unknown) => {
      const error = toCollectError(thrown);
      if (error.code !== 'denied') throw error;
      const user = quoteIdentifier(session.server.user);
      throw new CollectError('denied', `${error.message}: GRANT pg_monitor TO ${user}`, { cause: thrown });
    });
  if (waiting === undefined) return;
  context.record('archiveBacklog', waiting.files, {});
  context.record('archiveBacklogAgeSeconds', waiting.oldest ?? 0, {});
}
