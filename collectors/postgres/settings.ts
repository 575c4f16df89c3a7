import { z } from 'zod';
import { quoteIdentifier } from './quote.ts';
import { type PostgresContext, type Session } from './session.ts';
import { settingRules } from './setting-rules.ts';

const mostRoles = 20;

/** Settings a session may override: what others get is what this session would go back to, unless its role has a value of its own. */
const sessionSettings = ['statement_timeout', 'idle_in_transaction_session_timeout'] as const;

const settingRow = z.object({ name: z.string(), value: z.string(), pending_restart: z.boolean() });

/** A value that this role or database was given hides the server's. */
const settingsSql = `
  SELECT s.name, coalesce(CASE WHEN s.name = ANY ($2) THEN s.reset_val ELSE s.setting END, '') AS value, s.pending_restart
    FROM pg_settings s
   WHERE (s.name = ANY ($1) OR s.pending_restart)
     AND NOT (s.name = ANY ($2) AND EXISTS (
           SELECT FROM pg_db_role_setting d, unnest(d.setconfig) c
            WHERE d.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
              AND d.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
              AND split_part(c, '=', 1) = s.name))`;

const roleRow = z.object({ role: z.string(), total: z.number() });

/** Roles that log in without a statement timeout of their own; superusers do the maintenance that takes long. */
const rolesSql = `
  SELECT r.rolname AS role, count(*) OVER () AS total
    FROM pg_roles r
   WHERE r.rolcanlogin AND NOT r.rolsuper AND NOT r.rolreplication AND r.rolname <> current_user
     AND NOT EXISTS (
           SELECT FROM pg_db_role_setting d, unnest(d.setconfig) c
            WHERE d.setrole IN (0, r.oid) AND c LIKE 'statement_timeout=%' AND c !~ '=0+ *(us|ms|s|min|h|d)?$')
   ORDER BY 1 LIMIT ${mostRoles}`;

/** Findings about how the server is set up. */
export async function readSettings(session: Session, context: PostgresContext): Promise<void> {
  const names = [...settingRules.map(({ name }) => name), ...sessionSettings];
  const rows = await session.main.query(settingsSql, settingRow, context.signal, [names, sessionSettings]);
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  for (const { name, isWrong, on, finding, remedy } of settingRules) {
    const value = values.get(name);
    if (value === undefined || (on === 'primary' && session.server.inRecovery)) continue;
    if (isWrong(value)) context.find({ ...finding, subject: '', remedy: remedy?.(value) ?? finding.remedy });
  }
  findPendingRestart(context, rows);
  if (values.get('statement_timeout') === '0' && !session.server.inRecovery) {
    await findEndlessStatements(session, context);
  }
}

function findPendingRestart(context: PostgresContext, rows: readonly z.infer<typeof settingRow>[]): void {
  const pending = rows.filter(({ pending_restart }) => pending_restart).map(({ name }) => name);
  context.record('pendingRestart', pending.length, {});
  if (pending.length === 0) return;
  context.find({
    code: 'settings_pending_restart',
    severity: 'info',
    subject: '',
    message: `Changed settings wait for a restart: ${pending.sort().join(', ')}.`,
    remedy: 'Restart the server at a convenient time.',
  });
}

async function findEndlessStatements(session: Session, context: PostgresContext): Promise<void> {
  const roles = await session.main.query(rolesSql, roleRow, context.signal);
  context.truncate((roles[0]?.total ?? 0) - roles.length);
  for (const { role } of roles) {
    context.find({
      code: 'statement_timeout_disabled',
      severity: 'warning',
      subject: role,
      message: `Statements of role ${JSON.stringify(role)} may run for ever: statement_timeout is 0.`,
      remedy: `ALTER ROLE ${quoteIdentifier(role)} SET statement_timeout = '30s';`,
    });
  }
}
