import { z } from 'zod';
import type { PlanDraft } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import type { ActingSession } from '../acting-client.ts';
import type { NewIndexFacts } from './index-facts.ts';

/** A copy shares the system identifier, and was started at another time. */
export async function isTheTarget(
  { identity }: PlanDraft,
  { serverStartedAt }: NewIndexFacts,
  session: ActingSession,
  signal: AbortSignal,
): Promise<boolean> {
  const row = z.object({ started_at: z.number() });
  const sql = 'SELECT extract(epoch FROM pg_postmaster_start_time())::float8 AS started_at';
  const [server] = await session.query(sql, row, signal);
  return (
    session.identity.system_identifier === identity['systemIdentifier'] &&
    server?.started_at === serverStartedAt
  );
}

/** The database of the same name; the login's own where there is none. */
export async function rehearsalDatabase(
  access: Access,
  wanted: string,
  signal: AbortSignal,
): Promise<string> {
  const row = z.object({ name: z.string() });
  const sql =
    'SELECT coalesce((SELECT datname FROM pg_database WHERE datname = $1), current_database())::text AS name';
  return access.reading(undefined, signal, async (connection) => {
    const [found] = await connection.query(sql, row, signal, [wanted]);
    return found?.name ?? wanted;
  });
}
