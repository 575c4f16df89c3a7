import { z } from 'zod';
import type { PlanDraft } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { ActRefused } from '../act-refused.ts';
import type { ActingSession } from '../acting-client.ts';
import type { FileWork } from './file-transaction.ts';
import type { MigrationFacts } from './migration-facts.ts';

/** A statement of a migration may take this long, and twenty times what its rehearsal took where that is more. */
const leastStatementMs = 300_000;
const shareOfRehearsal = 20;

const figures = z.object({ longestStatementMs: z.number() });

/** How a session of ours runs the files of a plan. */
export function workOf(
  { input }: Access,
  session: ActingSession,
  facts: Pick<MigrationFacts, 'role' | 'searchPath'>,
  { signal, rehearsed }: { readonly signal: AbortSignal; readonly rehearsed?: PlanDraft['facts'] },
): FileWork {
  const took = figures.safeParse(rehearsed).data?.longestStatementMs ?? 0;
  return {
    session,
    clock: input.clock,
    signal,
    role: facts.role,
    searchPath: facts.searchPath,
    lockTimeoutMs: input.policy.lockTimeoutMs,
    statementTimeoutMs: Math.max(leastStatementMs, took * shareOfRehearsal),
  };
}

const roleRow = z.object({ role: z.string() });

/** Who collects here, so that it may read the history that the login which acts keeps. */
export function collectingRole(access: Access, database: string, signal: AbortSignal): Promise<string> {
  return access.reading(database, signal, async (connection) => {
    const [found] = await connection.query('SELECT current_user::text AS role', roleRow, signal);
    if (found === undefined) throw new ActRefused('no_role', 'the server does not say who collects');
    return found.role;
  });
}
