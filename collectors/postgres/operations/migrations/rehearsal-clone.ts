import { z } from 'zod';
import type { RehearsalContext } from '../../../../src/sdk.ts';
import { messageOf, sessionName } from '../../../../src/sdk.ts';
import { quoteIdentifier } from '../../quote.ts';
import type { Access } from '../access.ts';
import type { ActingSession } from '../acting-client.ts';
import { catalogueSignal, explainOutcome } from '../settle.ts';

/** Databases above this are not copied for a rehearsal. */
const mostClonedBytes = 1_073_741_824;
const prefix = 'reeve_rehearsal_';
/** The database from which others are copied: nobody may be connected to the one that is. */
const maintenance = 'postgres';

export interface Clone {
  readonly database: string;
  drop(): Promise<void>;
}

const row = z.object({
  may_create: z.boolean(),
  bytes: z.number(),
  sessions: z.number(),
  left: z.array(z.string()),
});
const sql = `
  SELECT (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_create,
         coalesce((SELECT pg_database_size(oid) FROM pg_database WHERE datname = $1), 0)::float8 AS bytes,
         (SELECT count(*) FROM pg_stat_activity WHERE datname = $1) AS sessions,
         ARRAY(SELECT d.datname::text FROM pg_database d
                WHERE d.datname LIKE 'reeve\\_rehearsal\\_%' AND d.datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)
                  AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)) AS left`;

/**
 * A copy of a database of the rehearsal server, where one can be made: the login may create databases, it is small enough, and nobody is
 * connected to it. Otherwise why there is none. Copies that an agent left when it died are dropped first.
 */
export async function makeClone(
  access: Access,
  database: string,
  { signal, runId }: RehearsalContext,
): Promise<Clone | string> {
  if (database === maintenance) return `database ${maintenance} itself is not copied`;
  const name = `${prefix}${runId.replaceAll(/\W/g, '_')}`;
  const inMaintenance = <T>(within: AbortSignal, body: (session: ActingSession) => Promise<T>): Promise<T> =>
    access.acting(
      {
        sessionName: sessionName(access.input.applicationName, runId),
        place: undefined,
        database: maintenance,
        waitForLockMs: 10_000,
        signal: within,
      },
      body,
    );
  try {
    const reason = await inMaintenance(signal, async (session) => {
      const [found] = await session.query(sql, row, signal, [database]);
      if (found?.may_create !== true) return 'the login that acts may not create databases';
      for (const left of found.left) await session.run(`DROP DATABASE ${quoteIdentifier(left)}`, { signal });
      if (found.bytes > mostClonedBytes) return 'it is too large to be copied';
      if (found.sessions > 0) return 'others are connected to it';
      const copied = `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE ${quoteIdentifier(database)}`;
      const outcome = await session.run(copied, { signal });
      return outcome.kind === 'done' ? undefined : explainOutcome(outcome);
    });
    if (reason !== undefined) return reason;
  } catch (thrown) {
    signal.throwIfAborted();
    return messageOf(thrown);
  }
  return {
    database: name,
    drop: async () => {
      const until = catalogueSignal();
      await inMaintenance(until, (session) =>
        session.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`, { signal: until }),
      );
    },
  };
}
