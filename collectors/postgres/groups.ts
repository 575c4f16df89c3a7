import type { GroupDefinition, ObjectiveId, Target } from '../../src/sdk.ts';

/** Every collection reads the cheap, lock-free groups; the others have their own cadence. */
const everyPoll = 0;
const everyMinute = 60_000;
const everyFiveMinutes = 300_000;
const everyQuarterHour = 900_000;

export const postgresGroups = {
  availability: {
    summary: 'Whether the server answers, since when, and in which role.',
    everyMs: everyPoll,
    needs: '',
  },
  activity: {
    summary:
      'Connections by state against the limit, oldest transactions and snapshots, who waits for locks.',
    everyMs: everyPoll,
    needs: 'pg_monitor (sessions of other roles are not visible otherwise)',
  },
  transactions: {
    summary: 'Commits, rollbacks, deadlocks, temporary files, rows and sessions by database.',
    everyMs: everyPoll,
    needs: '',
  },
  replication: {
    summary: 'Lag of each replica, seen from the primary and from the standby itself.',
    everyMs: everyPoll,
    needs: 'pg_monitor (positions and receivers are not visible otherwise)',
  },
  slots: {
    summary: 'Replication slots: who holds how much WAL back, and which one lost what it needs.',
    everyMs: everyPoll,
    needs: '',
  },
  archiving: {
    summary: 'Whether WAL archiving works, and what waits for it.',
    everyMs: everyMinute,
    needs: 'pg_monitor for the backlog (pg_ls_archive_statusdir)',
  },
  wal: {
    summary: 'WAL generated, checkpoints, and who writes buffers out.',
    everyMs: everyMinute,
    needs: '',
  },
  wraparound: {
    summary: 'How near transaction ids are to running out.',
    everyMs: everyMinute,
    needs: '',
  },
  io: {
    summary: 'Reads, writes and evictions by kind of process (16 and later).',
    everyMs: everyMinute,
    needs: '',
  },
  vacuum: {
    summary: 'Tables that vacuum is late for.',
    everyMs: everyFiveMinutes,
    needs: 'CONNECT on each database',
  },
  settings: {
    summary: 'Findings about how the server is set up.',
    everyMs: everyFiveMinutes,
    needs: 'pg_monitor for settings that only superusers see otherwise',
  },
  relations: {
    summary: 'Hit ratios, and how many relations of which size there are, by database.',
    everyMs: everyPoll,
    needs: 'CONNECT on each database',
  },
  statements: {
    summary: 'Calls and latency of statements, from pg_stat_statements.',
    everyMs: everyMinute,
    needs: 'pg_monitor and the extension pg_stat_statements',
  },
  top_statements: {
    summary: 'The statements that took most time, and those seen for the first time, kept for reports.',
    everyMs: everyFiveMinutes,
    needs: 'pg_monitor and the extension pg_stat_statements',
  },
  indexes: {
    summary: 'Unused, duplicate and invalid indexes, and foreign keys without one.',
    everyMs: everyFiveMinutes,
    needs: 'CONNECT on each database',
  },
  sizes: {
    summary: 'Exact sizes of the databases and of the WAL directory, and the biggest relations.',
    everyMs: everyQuarterHour,
    needs: 'CONNECT on each database, or pg_monitor',
  },
  backups: {
    summary: 'Age and health of the backups that other tools make, from their files and catalogues.',
    everyMs: everyFiveMinutes,
    apartDeadlineMs: 4 * everyMinute,
    needs: 'the folders and tools of backups, readable by the agent',
  },
} as const satisfies Record<string, GroupDefinition>;

export type PostgresGroup = keyof typeof postgresGroups;

const fiveMinutesMs = 5 * 60_000;
const hourMs = 60 * 60_000;

type Cadence = Pick<Target, 'intervalMs' | 'groups' | 'windowsMs'>;

/**
 * Over which a group takes ratios and rates, in milliseconds: what the operator set for the objective that they measure, five minutes
 * otherwise, or from one reading to the next where the target is read more rarely.
 */
export function windowOf(target: Cadence, group: PostgresGroup, objective?: ObjectiveId): number {
  const set = objective === undefined ? undefined : target.windowsMs[objective];
  return Math.max(set ?? fiveMinutesMs, cadenceOf(target, group), target.intervalMs);
}

/** Of latencies, in milliseconds: a short window for OLTP and a long one for OLAP; each is long enough for what lies between two readings. */
export function statementWindowsOf(target: Cadence): { readonly shortMs: number; readonly longMs: number } {
  const { oltp_query_seconds = fiveMinutesMs, olap_query_seconds = hourMs } = target.windowsMs;
  const longestPauseMs = cadenceOf(target, 'statements') + target.intervalMs;
  return {
    shortMs: Math.max(oltp_query_seconds, longestPauseMs),
    longMs: Math.max(olap_query_seconds, longestPauseMs),
  };
}

function cadenceOf({ groups }: Cadence, group: PostgresGroup): number {
  return groups[group]?.everyMs ?? postgresGroups[group].everyMs;
}
