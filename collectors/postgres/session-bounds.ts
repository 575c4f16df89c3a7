import { z } from 'zod';
import { CollectError } from '../../src/sdk.ts';
import type { Connection } from './client.ts';

const idleInTransactionTimeoutMs = 10_000;

const row = z.object({ pid: z.number(), read_only: z.string(), statement_timeout: z.string() });

/**
 * The statement timeout is set here and not at login, so that `reset_val` of pg_settings still shows what other roles get. A server-wide
 * `idle_session_timeout` (14+) would end the connection between two polls.
 */
const sql = `
  SELECT pg_backend_pid() AS pid,
         current_setting('default_transaction_read_only') AS read_only,
         set_config('statement_timeout', $1, false) AS statement_timeout,
         set_config('idle_in_transaction_session_timeout', $2, false),
         (SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout')`;

/**
 * Sets what could not be set at login; the first statement of each connection.
 *
 * @returns whether the process that answers is another one than login named: something stands between.
 * @throws {CollectError} `unsupported` when what was set at login is not in force: a pooler hands out sessions of its own.
 */
export async function boundSession(
  connection: Connection,
  statementTimeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly isProxied: boolean }> {
  const values = [String(statementTimeoutMs), String(idleInTransactionTimeoutMs)];
  const [answer] = await connection.query(sql, row, signal, values);
  if (answer?.read_only !== 'on') {
    throw new CollectError(
      'unsupported',
      'cannot connect: the session is not the one that was asked for; this looks like a connection pooler: give the URL of the server itself',
    );
  }
  return { isProxied: connection.processId !== undefined && connection.processId !== answer.pid };
}
