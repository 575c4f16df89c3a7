import { ConnectionPool } from '../../connection-pool.ts';
import type { Session } from '../../session.ts';
import type { PostgresOperationsInput } from '../access.ts';

/** Hands over a session of the collecting login, which only reads, and closes its connections. */
export async function withReadingSession<T>(
  input: PostgresOperationsInput,
  signal: AbortSignal,
  body: (session: Session) => Promise<T>,
): Promise<T> {
  const shared = <V>(_: string, make: () => V): V => make();
  const { target, options, applicationName, clock, log } = input;
  const pool = new ConnectionPool({ target, options, applicationName, clock, log, shared });
  try {
    return await body(await pool.openSession(signal));
  } finally {
    await pool.close();
  }
}
