import { z } from 'zod';
import { type CheckItem, messageOf, type Target } from '../../src/sdk.ts';
import { alterAndReload } from './alter-system.ts';
import type { Connection } from './client.ts';
import { isInScope } from './databases.ts';
import { loginStatements } from './grants.ts';
import type { PostgresGroup } from './groups.ts';
import type { PostgresMetrics } from './metrics.ts';
import { checkBackupTools } from './operations/backups/check-tools.ts';
import { quoteIdentifier } from './quote.ts';
import type { Session } from './session.ts';
import { preloadStatement } from './setting-rules.ts';

type Item = CheckItem & {
  readonly groups: readonly PostgresGroup[];
  readonly metrics?: readonly (keyof PostgresMetrics)[];
};

const row = z.object({
  is_superuser: z.boolean(),
  connection_limit: z.number(),
  reads_settings: z.boolean(),
  reads_archive_status: z.boolean(),
  preloaded: z.string().nullable(),
  compute_query_id: z.string().nullable(),
  statements_track: z.string().nullable(),
  track_io_timing: z.boolean(),
  track_counts: z.boolean(),
  track_activities: z.boolean(),
  hides_sessions: z.boolean(),
  closed_databases: z.array(z.string()),
});

type Answer = z.infer<typeof row>;

const sql = `
  SELECT r.rolsuper AS is_superuser, r.rolconnlimit AS connection_limit,
         pg_has_role('pg_read_all_settings', 'USAGE') AS reads_settings,
         has_function_privilege('pg_ls_archive_statusdir()', 'EXECUTE') AS reads_archive_status,
         (SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries') AS preloaded,
         current_setting('compute_query_id', true) AS compute_query_id,
         (SELECT setting FROM pg_settings WHERE name = 'pg_stat_statements.track') AS statements_track,
         current_setting('track_io_timing')::bool AS track_io_timing,
         current_setting('track_counts')::bool AS track_counts,
         current_setting('track_activities')::bool
           AS track_activities,
         EXISTS (SELECT FROM pg_stat_activity
                  WHERE backend_type = 'client backend' AND state = 'disabled') AS hides_sessions,
         ARRAY(SELECT datname::text FROM pg_database
                WHERE datallowconn AND NOT datistemplate AND NOT has_database_privilege(oid, 'CONNECT')
                ORDER BY 1) AS closed_databases
    FROM pg_roles r WHERE r.rolname = current_user`;

const perDatabase: readonly PostgresGroup[] = ['relations', 'indexes', 'vacuum', 'sizes'];
const perStatement: readonly PostgresGroup[] = ['statements', 'top_statements'];

/** What this target lacks, the exact statement that mends it, and what stays unknown without. */
export async function checkTarget(
  session: Session,
  target: Target,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const [answer] = await session.main.query(sql, row, signal);
  if (answer === undefined) return [];
  return [
    ...checkRole(session, answer),
    ...checkSettings(answer),
    ...checkMembers(session, target),
    ...(await checkDatabases(session, answer, signal)),
    ...(await checkBackupTools(session.options, Math.floor(session.server.versionNumber / 10_000), signal)),
  ];
}

function checkRole(session: Session, answer: Answer): readonly Item[] {
  const user = quoteIdentifier(session.server.user);
  const monitor = {
    severity: 'blind',
    subject: session.server.user,
    remedy: `GRANT pg_monitor TO ${user};`,
  } as const;
  const items: Item[] = [];
  if (!session.server.readsAllStatistics) {
    const message = 'The role may not see the sessions, statements and replicas of other roles.';
    items.push({ ...monitor, message, groups: ['activity', 'replication', ...perStatement] });
  }
  if (!answer.reads_settings) {
    const message = 'The role may not see settings that are reserved for superusers.';
    items.push({ ...monitor, message, groups: ['settings', 'replication'] });
  }
  if (!answer.reads_archive_status) {
    const message = 'The role may not list the WAL files that wait for archiving.';
    const metrics = ['archiveBacklog', 'archiveBacklogAgeSeconds'] as const;
    items.push({ ...monitor, message, groups: ['archiving'], metrics });
  }
  if (answer.is_superuser) {
    items.push({
      severity: 'advice',
      subject: session.server.user,
      message: 'The role is a superuser; reading needs far less.',
      remedy: loginStatements.join('\n'),
      groups: [],
    });
  }
  const needed = session.databases.length;
  if (answer.connection_limit >= 0 && answer.connection_limit < needed) {
    items.push({
      severity: 'blind',
      subject: session.server.user,
      message: `The role may open ${answer.connection_limit} connections; ${needed} databases need one each.`,
      remedy: `ALTER ROLE ${user} CONNECTION LIMIT ${needed + 2};`,
      groups: perDatabase,
    });
  }
  return [...items, ...checkRoute(session)];
}

function checkRoute(session: Session): readonly Item[] {
  const items: Item[] = [];
  if (session.isProxied) {
    items.push({
      severity: 'advice',
      subject: '',
      message: 'Something stands between the agent and the server and may hand out another session any time.',
      remedy: 'Give the URL of the server itself, not of a pooler or proxy.',
      groups: [],
    });
  }
  if (session.leftOutDatabases > 0) {
    items.push({
      severity: 'blind',
      subject: '',
      message: `${session.leftOutDatabases} databases are left out by databases.max.`,
      remedy: `Set databases.max to ${session.databases.length + session.leftOutDatabases}, or exclude what need not be read.`,
      groups: perDatabase,
    });
  }
  return items;
}

const uncounted: Item = {
  severity: 'blind',
  subject: '',
  message:
    'track_counts is off: rows, temporary files, deadlocks, dead rows and block requests are not counted.',
  remedy: alterAndReload('track_counts = on'),
  groups: ['transactions', 'relations', 'vacuum', 'indexes'],
  metrics: [
    'rows',
    'tempFiles',
    'tempBytes',
    'deadlocks',
    'recoveryConflicts',
    'checksumFailures',
    'indexHitRatio',
    'tableHitRatio',
    'indexBlocksHit',
    'indexBlocksRead',
    'tableBlocksHit',
    'tableBlocksRead',
    'deadRows',
    'vacuumDue',
    'vacuumDueAgeSeconds',
    'unusedIndexes',
    'unusedIndexBytes',
    'overdueUnusedIndexBytes',
  ],
};

const unfollowed: Item = {
  severity: 'blind',
  subject: '',
  message: 'track_activities is off: sessions do not say what they are doing.',
  remedy: alterAndReload('track_activities = on'),
  groups: ['activity', 'transactions'],
  metrics: [
    'activeSessions',
    'oldestTransactionSeconds',
    'longestQuerySeconds',
    'longestIdleInTransactionSeconds',
    'activeSeconds',
    'idleInTransactionSeconds',
  ],
};

function checkSettings(answer: Answer): readonly Item[] {
  const items: Item[] = [];
  const blind = { severity: 'blind', subject: '', groups: perStatement } as const;
  if (answer.preloaded !== null && !answer.preloaded.includes('pg_stat_statements')) {
    const message = 'pg_stat_statements is not preloaded: the latency of statements is not measured.';
    items.push({ ...blind, message, remedy: preloadStatement(answer.preloaded) });
  }
  if (answer.compute_query_id === 'off') {
    const message = 'compute_query_id is off: statements are not told apart.';
    items.push({ ...blind, message, remedy: alterAndReload("compute_query_id = 'auto'") });
  }
  if (answer.statements_track === 'none') {
    const message = 'pg_stat_statements.track is none: statements are not measured.';
    items.push({ ...blind, message, remedy: alterAndReload("pg_stat_statements.track = 'top'") });
  }
  if (!answer.track_counts) items.push(uncounted);
  if (!answer.track_activities) items.push(unfollowed);
  else if (answer.hides_sessions) {
    const remedy =
      'ALTER ROLE <role> RESET track_activities;\n-- or ALTER DATABASE <database> RESET track_activities;';
    items.push({ ...unfollowed, message: 'Some sessions have track_activities off.', remedy });
  }
  if (!answer.track_io_timing) {
    items.push({
      severity: 'advice',
      subject: '',
      message: 'track_io_timing is off: the time spent on reads and writes is unknown.',
      remedy: alterAndReload('track_io_timing = on'),
      groups: ['transactions', 'io'],
      metrics: ['blockReadSeconds', 'blockWriteSeconds', 'ioSeconds'],
    });
  }
  return items;
}

/** Only the primary's target tells what is unused, so only there the declaration is missed. */
function checkMembers(session: Session, target: Target): readonly Item[] {
  if (target.membersComplete || session.server.inRecovery) return [];
  return [
    {
      severity: 'blind',
      subject: '',
      message:
        'You have not declared that every member of this cluster is a target: no index is proven unused.',
      remedy: 'Make every standby a target, then set membersComplete: true on this one in reeve.yaml.',
      groups: ['indexes'],
      metrics: ['unusedIndexes', 'unusedIndexBytes', 'overdueUnusedIndexBytes'],
    },
  ];
}

async function checkDatabases(
  session: Session,
  answer: Answer,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const user = quoteIdentifier(session.server.user);
  const items: Item[] = answer.closed_databases
    .filter((name) => isInScope(session.options.databases, name))
    .map((name) => ({
      severity: 'blind',
      subject: name,
      message: 'The role may not connect to this database.',
      remedy: `GRANT CONNECT ON DATABASE ${quoteIdentifier(name)} TO ${user};`,
      groups: perDatabase,
    }));
  let hasStatements = false;
  for (const name of session.databases) {
    try {
      hasStatements = (await hasExtension(await session.connectionTo(name, signal), signal)) || hasStatements;
    } catch (thrown) {
      const remedy = 'Let the role log in to this database (pg_hba.conf, connection limits), or exclude it.';
      const message = `This database cannot be read: ${messageOf(thrown)}`;
      items.push({ severity: 'blind', subject: name, message, remedy, groups: perDatabase });
    }
  }
  if (!hasStatements) {
    items.push({
      severity: 'blind',
      subject: session.main.database,
      message: 'The extension pg_stat_statements is in none of the databases in scope.',
      remedy: `CREATE EXTENSION pg_stat_statements;\n-- in the database ${JSON.stringify(session.main.database)}`,
      groups: perStatement,
    });
  }
  return items;
}

const extensionRow = z.object({ installed: z.boolean() });

async function hasExtension(connection: Connection, signal: AbortSignal): Promise<boolean> {
  const [found] = await connection.query(
    `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS installed`,
    extensionRow,
    signal,
  );
  return found?.installed ?? false;
}
