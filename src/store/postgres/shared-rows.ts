import { z } from 'zod';
import type { StoreClient } from './client.ts';

/** What every agent's rows carry, so that the others can take them over. */
const clockRow = z.object({ at: z.string() });

/** The server's time as text, to be given back to it. */
export async function readServerTime(client: StoreClient): Promise<string> {
  const [row] = await client.rows(clockRow, 'SELECT clock_timestamp()::text AS at');
  return row?.at ?? '-infinity';
}

/**
 * Rows that others wrote since then ($1 the time, $2 this agent). Looks back further than that, because a row's time is that of the begin
 * of its transaction, which may have been committed after the last look; the longest takes less than this.
 */
export const writtenByOthers = `written_at > $1::timestamptz - interval '2 minutes' AND agent <> $2`;

/** Every row, for the time of the opening: the same parameters. */
export const writtenByAnyone = `$1::text IS NOT NULL AND $2::text IS NOT NULL`;

/** What is taken over from the server: at opening from anyone, later from others. */
export interface SharedRows {
  load(scope: LoadScope): Promise<void>;
}

export interface LoadScope {
  /** A condition on `written_at` and `agent`. */
  readonly where: string;
  readonly values: readonly [since: string, agent: string];
}
