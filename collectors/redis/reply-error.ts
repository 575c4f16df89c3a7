import { CollectError, type CollectErrorCode, messageOf } from '../../src/sdk.ts';
import { aclName, grantStatement } from './grants.ts';

/** Who asked whom. */
export interface Conversation {
  /** The server, as host:port. */
  readonly server: string;
  /** Login, undefined for the default user. */
  readonly username: string | undefined;
}

/** Error replies that say more than "this command failed", by how they begin. */
const replies: readonly (readonly [RegExp, CollectErrorCode, string])[] = [
  [
    /^WRONGPASS|^ERR invalid password/i,
    'denied',
    'the password or user name is wrong: correct the secret of this target, or ACL SETUSER on the server',
  ],
  [/^NOAUTH/i, 'denied', 'the server wants a password: give the target a URL or secret that holds one'],
  [/^DENIED/i, 'denied', 'protected mode refuses this address: set a password or bind on the server'],
  [/^LOADING/i, 'unreachable', 'the server is still loading its data'],
  [
    /^BUSY\b/i,
    'unreachable',
    'a script or function blocks the server: SCRIPT KILL or FUNCTION KILL on the server',
  ],
  [/^MASTERDOWN/i, 'unreachable', 'the replica has lost its primary and refuses to answer'],
  [/^ERR max number of clients/i, 'unreachable', 'the server has reached maxclients'],
  [
    /^ERR unknown (?:command|subcommand)|^ERR syntax error|wrong number of arguments/i,
    'unsupported',
    'the server does not know this command (an older version, or renamed)',
  ],
];

/**
 * An error reply or a broken connection as a CollectError. The driver's error is not kept as `cause`, because it holds the arguments of
 * the command, and those of AUTH are the password.
 */
export function toReplyError(
  thrown: unknown,
  command: readonly unknown[],
  { server, username }: Conversation,
): CollectError {
  if (thrown instanceof CollectError) return thrown;
  const text = messageOf(thrown);
  const name = aclName(command);
  const subject = `${name.replace('|', ' ').toUpperCase()} on ${server}`;
  if (/^NOPERM/i.test(text)) {
    const rule = /\bkeys?\b/i.test(text) ? '%R~*' : `+${name}`;
    return new CollectError('denied', `permission denied for ${subject}: ${grantStatement(username, rule)}`);
  }
  for (const [pattern, code, advice] of replies) {
    if (pattern.test(text)) return new CollectError(code, `${subject}: ${advice}`);
  }
  const foreign = foreignAnswer(text);
  if (foreign !== undefined) return new CollectError('malformed', `${server}: ${foreign}`);
  const isReply = thrown instanceof Error && thrown.name === 'ReplyError';
  return new CollectError(isReply ? 'malformed' : 'unreachable', `${subject}: ${text}`);
}

/** The first byte of what a TLS server says to somebody who does not speak TLS. */
const tlsAlert = '21';

/** What the driver's complaint about bytes that are no reply of Redis means; undefined for another complaint. */
export function foreignAnswer(text: string): string | undefined {
  const firstByte = /^Unknown RESP type (\d+)/.exec(text)?.[1];
  if (firstByte === undefined) return undefined;
  return firstByte === tlsAlert
    ? 'the server speaks TLS on this port: use rediss:// or set tls'
    : 'what listens there is not Redis: correct the host and port of this target';
}
