import { z } from 'zod';
import { type Clock, CollectError, messageOf, type Secret, type TargetIdentity } from '../../../src/sdk.ts';
import { connectToWrite, PreparedStatements, type WritingConnection } from '../client.ts';
import { sqlStateOf } from '../client-errors.ts';
import { ActRefused } from './act-refused.ts';
import { cancelBackend } from './cancel-backend.ts';
import { type ActingIdentity, identityRow, identitySql, targetIdentity } from './identity.ts';
import { definitionSettings, endlessSql } from './session-settings.ts';

export interface ActingRequest {
  /** The login that acts. */
  readonly url: Secret;
  /** Another database than the URL's. */
  readonly database?: string | undefined;
  /** See `sessionName`: by it people recognise the session in pg_stat_activity. */
  readonly sessionName: string;
  readonly lockTimeoutMs: number;
  /** How long to wait for another session of Reeve that acts in this database; 0: not at all. */
  readonly waitForLockMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How a statement ended. Whatever it says, the catalogue is asked afterwards. */
export type StatementOutcome =
  | { readonly kind: 'done' }
  /** The server refused it; 55P03 is a lock that others held for longer than the lock timeout. */
  | { readonly kind: 'failed'; readonly sqlState: string; readonly message: string }
  /** We cancelled it: the watch said why, or the signal fired. */
  | { readonly kind: 'stopped'; readonly reason: string }
  /** The connection broke: the server may still be at it. */
  | { readonly kind: 'lost'; readonly message: string };

export interface RunOptions {
  readonly signal: AbortSignal;
  /** Waits for locks longer or shorter than the session. */
  readonly lockTimeoutMs?: number;
  /** The server ends it after this time; 0, the default: never. */
  readonly statementTimeoutMs?: number;
  /** Asked every `watchEveryMs` (default 500) while the statement runs; what it answers ends the statement. */
  readonly watch?: (signal: AbortSignal) => Promise<string | undefined>;
  readonly watchEveryMs?: number;
}

/** A session that may change something: identified, primary, not behind a pooler, and holding Reeve's lock of its database. */
export interface ActingSession {
  readonly database: string;
  readonly processId: number;
  readonly identity: ActingIdentity;
  /** Reads, within ten seconds. */
  readonly query: WritingConnection['query'];
  /** Runs one statement, exactly, without a limit of time but the signal's: an aborted one is cancelled on the server. */
  run(statement: string, options: RunOptions): Promise<StatementOutcome>;
}

/** `reev` and `acts`: advisory locks belong to a database, so one session of Reeve acts in it at a time, whatever its target is called. */
const lockClass = 0x72656576;
const lockObject = 0x61637473;
const readTimeoutMs = 10_000;
/** How long a cancelled statement may take to end before its connection is cut. */
const endWithinMs = 10_000;

/**
 * Opens a session that acts, hands it over, and closes it. The lock, the identity and the statements share one connection.
 *
 * @throws {ActRefused} behind a pooler, on a standby, or when another session of Reeve holds the lock.
 * @throws {CollectError} when it cannot connect.
 */
export async function withActingSession<T>(
  request: ActingRequest,
  body: (session: ActingSession) => Promise<T>,
): Promise<T> {
  const connection = await connectToWrite({
    url: request.url,
    ...(request.database === undefined ? {} : { database: request.database }),
    applicationName: request.sessionName,
    lockTimeoutMs: request.lockTimeoutMs,
    signal: request.signal,
    statements: new PreparedStatements(),
    settings: [
      `statement_timeout=${readTimeoutMs}`,
      'idle_in_transaction_session_timeout=10000',
      ...definitionSettings,
    ],
  });
  try {
    const { identity, processId } = await identifySession(connection, request);
    await connection.query(endlessSql, z.unknown(), request.signal);
    await takeLock(connection, request);
    return await body({
      database: identity.database,
      processId,
      identity,
      query: (...statement) => connection.query(...statement),
      run: (statement, options) => runStatement(connection, processId, request, statement, options),
    });
  } finally {
    await connection.close();
  }
}

/** Who is at the other end of a login, without taking the lock. */
export async function identifyLogin(request: ActingRequest): Promise<TargetIdentity> {
  const connection = await connectToWrite({
    url: request.url,
    applicationName: request.sessionName,
    lockTimeoutMs: request.lockTimeoutMs,
    signal: request.signal,
    statements: new PreparedStatements(),
    settings: [`statement_timeout=${readTimeoutMs}`, 'search_path=pg_catalog'],
  });
  try {
    const [identity] = await connection.query(identitySql, identityRow, request.signal);
    if (identity === undefined) throw new CollectError('malformed', 'the server did not describe itself');
    return targetIdentity(identity);
  } finally {
    await connection.close();
  }
}

async function identifySession(
  connection: WritingConnection,
  { signal, sessionName }: ActingRequest,
): Promise<{ readonly identity: ActingIdentity; readonly processId: number }> {
  const [identity] = await connection.query(identitySql, identityRow, signal);
  const [again] = await connection.query(identitySql, identityRow, signal);
  if (identity === undefined || again === undefined)
    throw new CollectError('malformed', 'the server did not describe itself');
  const isOurs = identity.application_name === sessionName && identity.read_only === 'off';
  if (!isOurs || identity.pid !== again.pid || connection.processId !== identity.pid) {
    throw new ActRefused(
      'pooled_connection',
      'another session answers than the one that logged in: a pooler stands between, and the lock and the statement would not share a connection. Give the URL of the server itself in remediation.credentials.',
    );
  }
  if (identity.in_recovery) {
    throw new ActRefused(
      'not_primary',
      `database ${JSON.stringify(identity.database)} is on a standby: after a failover, plan again on the new primary.`,
    );
  }
  return { identity, processId: identity.pid };
}

const lockRow = z.object({ locked: z.boolean() });
const holderRow = z.object({ name: z.string() });
const lockSql = `SELECT pg_try_advisory_lock(${lockClass}, ${lockObject}) AS locked`;
const holderSql = `
  SELECT coalesce(a.application_name, '') AS name
    FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND l.classid = ${lockClass} AND l.objid = ${lockObject}`;

async function takeLock(connection: WritingConnection, request: ActingRequest): Promise<void> {
  const { clock, signal, waitForLockMs } = request;
  const until = clock.monotonicMs() + waitForLockMs;
  for (;;) {
    const [answer] = await connection.query(lockSql, lockRow, signal);
    if (answer?.locked === true) return;
    if (clock.monotonicMs() >= until) break;
    await clock.sleep(250, signal);
  }
  const [holder] = await connection.query(holderSql, holderRow, signal);
  throw new ActRefused(
    'locked_by_reeve',
    `another session of Reeve acts in database ${JSON.stringify(connection.database)}${holder === undefined ? '' : ` (application_name ${JSON.stringify(holder.name)})`}: try again when it is done.`,
  );
}

const timeoutsRow = z.object({ set: z.string() });
const timeoutsSql = `SELECT set_config('statement_timeout', $1, false) || set_config('lock_timeout', $2, false) AS set`;

async function runStatement(
  connection: WritingConnection,
  processId: number,
  request: ActingRequest,
  statement: string,
  options: RunOptions,
): Promise<StatementOutcome> {
  const lockTimeoutMs = options.lockTimeoutMs ?? request.lockTimeoutMs;
  const limits = [String(options.statementTimeoutMs ?? 0), String(lockTimeoutMs)];
  await connection.query(timeoutsSql, timeoutsRow, options.signal, limits);
  const outcome = await runWatched(connection, processId, request, statement, options);
  if (!connection.alive) return outcome;
  const values = [String(readTimeoutMs), String(request.lockTimeoutMs)];
  // A connection that broke meanwhile changes nothing about how the statement ended.
  await connection
    .query(timeoutsSql, timeoutsRow, AbortSignal.timeout(readTimeoutMs), values)
    .catch(() => undefined);
  return outcome;
}

async function runWatched(
  connection: WritingConnection,
  processId: number,
  request: ActingRequest,
  statement: string,
  options: RunOptions,
): Promise<StatementOutcome> {
  const ended = new AbortController();
  const cut = new AbortController();
  const stopped = stopReason(request.clock, options, ended.signal).then(async (reason) => {
    if (reason === undefined || ended.signal.aborted) return undefined;
    AbortSignal.timeout(endWithinMs).addEventListener('abort', () => cut.abort(), { once: true });
    // Without a second connection only the first is left to cut; what the server makes of it, the catalogue will say.
    await cancelBackend({ ...request, processId, signal: cut.signal }).catch(() => cut.abort());
    return reason;
  });
  let outcome: StatementOutcome;
  try {
    await connection.execute(statement, cut.signal);
    outcome = { kind: 'done' };
  } catch (thrown) {
    const sqlState = sqlStateOf(thrown);
    const message = messageOf(thrown);
    outcome =
      sqlState === '' || sqlState.startsWith('57P')
        ? { kind: 'lost', message }
        : { kind: 'failed', sqlState, message };
  } finally {
    ended.abort();
  }
  const reason = await stopped;
  return reason === undefined || outcome.kind === 'done' ? outcome : { kind: 'stopped', reason };
}

/** Resolves with why the statement is to end, or with undefined when it ended by itself. */
async function stopReason(
  clock: Clock,
  options: RunOptions,
  ended: AbortSignal,
): Promise<string | undefined> {
  const { signal, watch, watchEveryMs = 500 } = options;
  const either = AbortSignal.any([signal, ended]);
  try {
    if (watch === undefined) await untilAborted(either);
    else return await firstReason(clock, watch, watchEveryMs, either);
  } catch (thrown) {
    if (!either.aborted) throw thrown;
  }
  return ended.aborted ? undefined : 'it was interrupted';
}

async function firstReason(
  clock: Clock,
  watch: NonNullable<RunOptions['watch']>,
  everyMs: number,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    await clock.sleep(everyMs, signal);
    const reason = await watch(signal).catch((thrown: unknown) => {
      signal.throwIfAborted();
      return `it could not be watched any more: ${messageOf(thrown)}`;
    });
    if (reason !== undefined) return reason;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
