import { z } from 'zod';
import type { Secret } from '../../../src/sdk.ts';
import { connectToWrite, PreparedStatements } from '../client.ts';

const row = z.object({ cancelled: z.boolean() });

/** Only the session that still carries our name: a process id is used again. */
const sql = `
  SELECT coalesce(bool_or(pg_cancel_backend(pid)), false) AS cancelled
    FROM pg_stat_activity WHERE pid = $1 AND application_name = $2 AND pid <> pg_backend_pid()`;

/** Ends the statement of one of our sessions from a second connection, as the same role; false when it is not there any more. */
export async function cancelBackend(request: {
  readonly url: Secret;
  readonly database?: string | undefined;
  readonly sessionName: string;
  readonly processId: number;
  readonly signal: AbortSignal;
}): Promise<boolean> {
  const connection = await connectToWrite({
    url: request.url,
    ...(request.database === undefined ? {} : { database: request.database }),
    applicationName: request.sessionName,
    lockTimeoutMs: 1_000,
    signal: request.signal,
    statements: new PreparedStatements(),
    settings: ['statement_timeout=5000'],
  });
  try {
    const [answer] = await connection.query(sql, row, request.signal, [
      request.processId,
      request.sessionName,
    ]);
    return answer?.cancelled ?? false;
  } finally {
    await connection.close();
  }
}
