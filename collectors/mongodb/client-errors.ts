import { CollectError, messageOf } from '../../src/sdk.ts';
import { grantRoles, type Role, roles } from './grants.ts';

/** Codes of the server that say more than "failed"; every other one is `malformed`. @see https://www.mongodb.com/docs/manual/reference/error-codes/ */
const unreachableCodes = new Set([6, 7, 89, 91, 189, 9001, 10107, 11600, 11602, 13435, 13436, 216, 317, 384]);
const timeoutCodes = new Set([50, 202, 262, 24]);
const deniedCodes = new Set([13, 18, 33, 8000, 11, 31]);
const unsupportedCodes = new Set([
  20, 59, 72, 76, 96, 115, 166, 235, 303, 323, 26, 40324, 40602, 40415, 51024, 9, 73, 17, 40573,
]);
/** Too many operations wait already, or the server sheds load. */
const throttledCodes = new Set([462, 202_501]);

/** What was being done, for messages. */
export interface Call {
  /** `host:port`. */
  readonly member: string;
  /** The command, such as `serverStatus`. */
  readonly request: string;
  readonly db: string;
  readonly username: string | undefined;
}

/** An error of the driver as a CollectError that says what to do. */
export function toMemberError(thrown: unknown, call: Call): CollectError {
  if (thrown instanceof CollectError) return thrown;
  const code = codeOf(thrown);
  const { member, request } = call;
  const text = messageOf(thrown);
  if (code !== undefined) return serverError(code, text, call, thrown);
  const reason = rootCause(thrown);
  const tls = tlsProblem(reason);
  if (tls !== undefined) {
    return new CollectError('unreachable', `no connection to ${member}: ${tls}`, { cause: thrown });
  }
  if (isAuthentication(text)) return deniedLogin(call, thrown);
  if (/wire version|maximum wire/i.test(text))
    return new CollectError('unsupported', `${member} is too old: ${text}; MongoDB 5.0 or newer is needed`, {
      cause: thrown,
    });
  if (/timed out|timeout/i.test(reason) && !/ECONNREFUSED|ENOTFOUND/.test(reason))
    return new CollectError('timeout', `${request} on ${member}: no answer in time`, { cause: thrown });
  if (
    isNetwork(thrown) ||
    /ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ETIMEDOUT|socket|connection|topology/i.test(reason)
  )
    return new CollectError('unreachable', `no connection to ${member}: ${reason}`, { cause: thrown });
  // A refusal without a code, as proxies and imitations give it.
  if (
    /^(MongoServerError$|MongoParse|MongoUnexpectedServerResponse|MongoDecompression|BSON)/.test(
      nameOf(thrown),
    )
  )
    return new CollectError('malformed', `${request} on ${member}: ${reason}`, { cause: thrown });
  return new CollectError('internal', `${request} on ${member}: ${reason}`, { cause: thrown });
}

/** Code of a server's error answer; undefined when it did not answer. */
export function codeOf(thrown: unknown): number | undefined {
  if (thrown instanceof CollectError) return codeOf(thrown.cause);
  if (typeof thrown !== 'object' || thrown === null || !nameOf(thrown).startsWith('MongoServerError'))
    return undefined;
  const code: unknown = Reflect.get(thrown, 'code');
  return typeof code === 'number' ? code : undefined;
}

function serverError(code: number, text: string, call: Call, cause: unknown): CollectError {
  const { member, request, db, username } = call;
  const what = `${request} on ${member}`;
  if (code === 13 && username === undefined) {
    return new CollectError(
      'denied',
      `${what}: the server wants a login and the target has none: put user and password into the url`,
      { cause },
    );
  }
  if (code === 13)
    return new CollectError(
      'denied',
      `${what} is denied: ${grantRoles(username ?? 'reeve', rolesFor(db, text))}`,
      {
        cause,
      },
    );
  if (deniedCodes.has(code)) return deniedLogin(call, cause);
  if (timeoutCodes.has(code))
    return new CollectError('timeout', `${what} was ended by its time limit: ${text}`, { cause });
  if (unreachableCodes.has(code))
    return new CollectError(
      'unreachable',
      `${what}: the member is changing its state or has no connection: ${text}`,
      { cause },
    );
  if (throttledCodes.has(code))
    return new CollectError('throttled', `${what}: the server sheds load: ${text}`, { cause });
  if (unsupportedCodes.has(code)) return new CollectError('unsupported', `${what}: ${text}`, { cause });
  return new CollectError('malformed', `${what}: ${text} (code ${code})`, { cause });
}

/** From 8.0 on a shard refuses readings that do not come through mongos, unless the login may do so. */
function rolesFor(db: string, text: string): readonly Role[] {
  if (/connecting directly to a shard/i.test(text)) return [roles.direct];
  return [db === 'local' ? roles.oplog : roles.monitor];
}

function deniedLogin({ member, username }: Call, cause: unknown): CollectError {
  const who = username === undefined ? 'the login' : `user "${username}"`;
  return new CollectError(
    'denied',
    `${member} refused ${who}: user, password or authSource is wrong, or the user does not exist there (each shard has its own users; reeve check prints the statement)`,
    { cause },
  );
}

function isAuthentication(text: string): boolean {
  return /authentication failed|auth.*(failed|error)|SCRAM|no password/i.test(text);
}

function isNetwork(thrown: unknown): boolean {
  return /Network|ServerSelection|Pool|Topology|NotConnected|ServerClosed|ClientClosed|ExpiredSession|WaitQueue|Cursor/.test(
    nameOf(thrown),
  );
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : '';
}

/** Why OpenSSL refused; undefined when it is not about TLS. */
function tlsProblem(reason: string): string | undefined {
  const known = tlsProblems.find(([pattern]) => pattern.test(reason));
  return known === undefined ? undefined : `${known[1]} (${reason})`;
}

const tlsProblems: readonly (readonly [RegExp, string])[] = [
  [
    /CERT_HAS_EXPIRED|certificate has expired/i,
    "the server's certificate has expired; it is not trusted until it is renewed",
  ],
  [/CERT_NOT_YET_VALID|not yet valid/i, "the server's certificate is not valid yet; compare the clocks"],
  [
    /SELF_SIGNED|self[- ]signed/i,
    'the certificate is signed by an authority that is not trusted here: give tls.ca',
  ],
  [
    /UNABLE_TO_(GET|VERIFY)|unable to (get|verify)/i,
    'the certificate is signed by an authority that is not trusted here: give tls.ca',
  ],
  [/ALTNAME|does not match certificate/i, 'the certificate is for another host name'],
  [
    /wrong version number|packet length too long|before secure TLS/i,
    'the server does not speak TLS on this port, or not as this client does',
  ],
  [
    /alert|handshake failure|ERR_SSL|EPROTO/i,
    'the TLS handshake failed; the server may want a client certificate: give tls.cert and tls.key',
  ],
];

/** The innermost message: the driver wraps what the socket said several times. */
function rootCause(thrown: unknown): string {
  let found = thrown;
  for (let depth = 0; depth < 6; depth += 1) {
    const inner = causeOf(found);
    if (inner === undefined) break;
    found = inner;
  }
  const code: unknown = found instanceof Error ? Reflect.get(found, 'code') : undefined;
  const text = messageOf(found) || messageOf(thrown);
  return typeof code === 'string' && !text.includes(code) ? `${text} (${code})` : text;
}

function causeOf(thrown: unknown): Error | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if (thrown.cause instanceof Error) return thrown.cause;
  if (thrown instanceof AggregateError && thrown.errors[0] instanceof Error) return thrown.errors[0];
  // A failed server selection keeps what each server said in a description of the topology.
  const reason: unknown = Reflect.get(thrown, 'reason');
  const servers: unknown =
    typeof reason === 'object' && reason !== null ? Reflect.get(reason, 'servers') : undefined;
  if (!(servers instanceof Map)) return undefined;
  for (const server of servers.values()) {
    const error: unknown =
      typeof server === 'object' && server !== null ? Reflect.get(server, 'error') : undefined;
    if (error instanceof Error) return error;
  }
  return undefined;
}
