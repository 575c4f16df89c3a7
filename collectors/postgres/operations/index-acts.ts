import { z } from 'zod';
import type { ActContext } from '../../../src/sdk.ts';
import type { Access } from './access.ts';
import type { ActingSession, StatementOutcome } from './acting-client.ts';
import { watchBuild } from './build-watch.ts';
import { type IndexState, indexByName } from './index-state.ts';
import { runUntilSettled } from './settle.ts';

/** Lock timeouts after which a drop is given up. */
const dropAttempts = 30;
/** A build waits for transactions older than itself without anybody waiting behind it; whoever does is seen by the watch. */
const buildLockTimeoutMs = 600_000;

export interface IndexStep {
  readonly access: Access;
  readonly session: ActingSession;
  readonly context: Pick<ActContext, 'signal' | 'assertHeld'>;
}

/**
 * Drops by this statement until the catalogue no longer has the index; undefined when it is gone. Stops when the name that the statement
 * drops belongs to another index by now, or, unless a valid one is what is to be dropped, when somebody made it valid meanwhile.
 */
export async function dropUntilGone(
  step: IndexStep,
  statement: string,
  index: { readonly oid: string; readonly schema: string; readonly name: string },
  dropsValid = true,
): Promise<StatementOutcome | undefined> {
  const { oid } = index;
  const { access, session, context } = step;
  const { clock, random, policy } = access.input;
  return runUntilSettled(
    session,
    statement,
    async (signal) => (await lightState(session, oid, signal)) === 'gone',
    {
      clock,
      random,
      context,
      pauseMs: policy.lockTimeoutMs,
      withinMs: dropAttempts * policy.lockTimeoutMs,
      whyNot: (signal) => whyNotDrop(session, index, dropsValid, signal),
    },
  );
}

const namedRow = z.object({ oid: z.string(), is_valid: z.boolean() });
const namedSql = `
  SELECT i.indexrelid::text AS oid, i.indisvalid AND i.indisready AS is_valid
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2`;

async function whyNotDrop(
  session: Pick<ActingSession, 'query'>,
  { oid, schema, name }: { readonly oid: string; readonly schema: string; readonly name: string },
  dropsValid: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [found] = await session.query(namedSql, namedRow, signal, [schema, name]);
  if (found === undefined) return 'no index has its name any more: it was renamed or dropped by somebody';
  if (found.oid !== oid) return 'another index has its name by now, which is not ours to drop';
  return found.is_valid && !dropsValid ? 'somebody made it valid meanwhile' : undefined;
}

/** Builds once, watched from a connection of the collecting login; undefined when an index of that name is valid. */
export async function buildOnce(
  step: IndexStep,
  statement: string,
  index: { readonly schema: string; readonly name: string },
): Promise<StatementOutcome | undefined> {
  const { access, session, context } = step;
  const { clock, random, policy } = access.input;
  const { lockTimeoutMs } = policy;
  return access.reading(session.database, context.signal, (connection) =>
    runUntilSettled(
      session,
      statement,
      async (signal) => (await indexByName(session, index, signal))?.state === 'valid',
      {
        clock,
        random,
        context,
        pauseMs: lockTimeoutMs,
        // What is left of a failed build has to be dropped before the next attempt.
        withinMs: 0,
        lockTimeoutMs: Math.max(buildLockTimeoutMs, lockTimeoutMs),
        watch: watchBuild({ connection, processId: session.processId, lockTimeoutMs, clock }),
      },
    ),
  );
}

/** How often a build is begun again before somebody has to look. */
export const buildAttempts = 5;

const lightRow = z.object({
  is_valid: z.boolean(),
  is_ready: z.boolean(),
  is_live: z.boolean(),
  scans: z.number(),
});
const lightSql = `
  SELECT indisvalid AS is_valid, indisready AS is_ready, indislive AS is_live,
         coalesce(pg_stat_get_numscans(indexrelid), 0) AS scans
    FROM pg_index WHERE indexrelid = $1::oid`;

/** From the catalogue alone, so that no lock of others stands in the way. */
export async function lightState(
  session: Pick<ActingSession, 'query'>,
  oid: string,
  signal: AbortSignal,
): Promise<IndexState['state'] | 'gone'> {
  const [found] = await session.query(lightSql, lightRow, signal, [oid]);
  if (found === undefined) return 'gone';
  if (found.is_valid && found.is_ready && found.is_live) return 'valid';
  if (!found.is_live) return 'dead';
  return found.is_ready ? 'invalid' : 'failed_build';
}
