import { CollectError, type CollectErrorCode, messageOf } from '../../src/sdk.ts';

export function timeoutError(cause?: unknown): CollectError {
  return new CollectError('timeout', 'no answer before the deadline of the collection', { cause });
}

/** SQLSTATE to what it means for a reading; the first matching prefix wins. */
const sqlStates: readonly (readonly [string, CollectErrorCode])[] = [
  ['55P03', 'locked'],
  ['40001', 'locked'], // a standby's replay needed what the statement saw
  ['57014', 'timeout'],
  ['28', 'denied'],
  ['42501', 'denied'],
  ['3D000', 'denied'],
  ['42P01', 'unsupported'],
  ['42703', 'unsupported'],
  ['42704', 'unsupported'],
  ['42883', 'unsupported'],
  ['3F000', 'unsupported'],
  ['55000', 'unsupported'],
  ['58P01', 'unsupported'],
  ['0A000', 'unsupported'],
  ['08', 'unreachable'],
  ['53', 'unreachable'],
  ['57', 'unreachable'],
  ['58', 'malformed'],
  ['XX', 'malformed'],
];

/** What a failed statement means for a reading. */
export function queryError(thrown: unknown, signal: AbortSignal): CollectError {
  if (thrown instanceof CollectError) return thrown;
  if (signal.aborted) return timeoutError(thrown);
  const state = sqlStateOf(thrown);
  if (state === '') {
    // A failed attempt on several addresses has a code and no message.
    const text = messageOf(thrown) || errorCodeOf(thrown);
    return new CollectError('unreachable', `connection lost: ${text}`, { cause: thrown });
  }
  const code = sqlStates.find(([prefix]) => state.startsWith(prefix))?.[1];
  return new CollectError(code ?? 'internal', `${messageOf(thrown)} (SQLSTATE ${state})`, { cause: thrown });
}

/** What went wrong at login, and what to do about it. The first that matches wins. */
const loginAdvice: readonly {
  readonly when: RegExp;
  readonly code?: CollectErrorCode;
  readonly advice: string;
}[] = [
  {
    when: /unsupported startup parameter|SQLSTATE 08P01|feature not supported/i,
    code: 'unsupported',
    advice: 'this looks like a connection pooler: give the URL of the server itself',
  },
  {
    when: /password must be a/i,
    code: 'denied',
    advice: 'the server asks for a password and the URL has none',
  },
  {
    when: /SQLSTATE 28P01/,
    code: 'denied',
    advice: 'check user and password of this target',
  },
  {
    when: /SQLSTATE 28000/,
    advice: 'create the role, or add a line for this user and host to pg_hba.conf',
  },
  { when: /SQLSTATE 3D000/, advice: 'check the database in the URL' },
  {
    when: /SQLSTATE 42501/,
    advice: 'GRANT CONNECT ON DATABASE <database> TO <role>, the role of this target',
  },
  {
    when: /SQLSTATE 53300/,
    advice:
      'every connection slot is taken (or the limit of the role or database is reached): raise the limit or end idle sessions',
  },
  { when: /SQLSTATE 57P03/, advice: 'the server is starting up, shutting down or recovering' },
  {
    when: /ECONNREFUSED|ENOENT/,
    advice: 'nothing listens there: is the server running, are host and port right?',
  },
  { when: /ENOTFOUND|EAI_AGAIN/, advice: 'the host name is not known: check the URL and DNS' },
  {
    when: /does not support SSL/,
    code: 'unsupported',
    advice: 'turn on ssl on the server, or use sslmode=disable where the network is trusted',
  },
  {
    when: /error establishing an SSL connection/,
    advice: 'what listens there does not speak PostgreSQL: check host and port',
  },
  {
    when: /connection terminated unexpectedly/i,
    advice: 'check that what listens there is PostgreSQL, and its log',
  },
  {
    when: /certificate|self-signed|altnames/i,
    code: 'denied',
    advice: "the server's certificate is not trusted: check sslrootcert, the host name and sslmode",
  },
];

/** What a failed login means, with advice. */
export function connectError(thrown: unknown, signal: AbortSignal): CollectError {
  const error = queryError(thrown, signal);
  if (error.code === 'timeout')
    return new CollectError('timeout', `cannot connect: ${error.message}`, { cause: thrown });
  const found = loginAdvice.find(({ when }) => when.test(`${error.message} ${errorCodeOf(thrown)}`));
  const reason = error.message.replace(/^connection lost: /, '');
  const message = found === undefined ? reason : `${reason}; ${found.advice}`;
  return new CollectError(found?.code ?? error.code, `cannot connect: ${message}`, { cause: thrown });
}

/** Whether prepared statements of this connection are of no use any more: an extension changed under them, or somebody discarded them. */
export function isStale(thrown: unknown): boolean {
  const state = sqlStateOf(thrown);
  return state === '26000' || (state === '0A000' && messageOf(thrown).includes('cached plan'));
}

/** SQLSTATE of what the server itself said (it has a severity; Node's errors have a code too), also as a cause; empty otherwise. */
export function sqlStateOf(thrown: unknown): string {
  if (thrown instanceof CollectError) return sqlStateOf(thrown.cause);
  return thrown instanceof Error && 'severity' in thrown ? errorCodeOf(thrown) : '';
}

function errorCodeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
