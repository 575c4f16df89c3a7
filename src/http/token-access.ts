import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ControlToken } from '../core/control-role.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { Secret } from '../core/secret.ts';
import type { Access, Caller, DeliveryCheck } from './control-access.ts';
import { refuseRole } from './control-access.ts';
import { asksThisMachine, isLoopbackAddress } from './host-check.ts';
import type { Reply } from './listener.ts';
import { createLoginLimit } from './login-limit.ts';
import { createUnprovenLimit } from './unproven-limit.ts';
import { checkSignature, isSigned } from './webhook-signature.ts';

export interface TokenAccessInput {
  /** Without any, everybody on this machine is viewer. */
  readonly tokens: readonly ControlToken[];
  readonly webhookSecret: Secret | undefined;
  /** Where people reach the listener, when that is not its own address. */
  readonly externalUrl: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Access over TCP: a bearer token says who asks. Tokens are compared by their SHA-256, in a time that tells nothing.
 *
 * Pages elsewhere that a person's browser opens can do no harm:
 * - whatever changes something needs a bearer token or a signature, which no browser adds by itself;
 * - people may give their token as the password of Basic authentication (any user), which browsers do repeat by themselves: it is good
 *   for reading only;
 * - answers carry no CORS header, so that other origins cannot read them;
 * - without tokens the address of the client and the header `Host` must be this machine (or the external URL), because a page whose name
 *   was made to point at 127.0.0.1 (DNS rebinding) counts as the same origin. With tokens such a page lacks the token.
 */
export function createTokenAccess(input: TokenAccessInput): Access {
  const { tokens, webhookSecret, externalUrl, clock, log } = input;
  const limit = createLoginLimit(clock, log);
  const unprovenLimit = createUnprovenLimit();
  const digests = tokens.map((token) => ({ token, digest: Buffer.from(token.sha256, 'hex') }));
  const webhookDigest = webhookSecret === undefined ? undefined : sha256(webhookSecret.reveal());
  const holderOf = (secret: string): Caller | undefined => {
    const digest = sha256(secret);
    // Every one is compared, so that the time says nothing about which it was.
    return digests.filter((each) => timingSafeEqual(each.digest, digest))[0]?.token;
  };
  const refuse = (request: IncomingMessage, reason: string, schemes: string): Reply => {
    limit.failed(addressOf(request), reason);
    return { status: 401, headers: { 'www-authenticate': schemes }, body: `${reason}\n` };
  };
  const blocked = (request: IncomingMessage): Reply | undefined => {
    const seconds = limit.waitSeconds(addressOf(request));
    if (seconds === undefined) return undefined;
    return {
      status: 429,
      headers: { 'retry-after': String(seconds) },
      body: `too many logins from this address failed: ask again in ${seconds} s\n`,
    };
  };
  const identify = (request: IncomingMessage): Caller | Reply => {
    if (digests.length === 0) return asNeighbour(request, externalUrl);
    const refused = blocked(request);
    if (refused !== undefined) return refused;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const secret = bearerOf(request) ?? (isRead ? basicPasswordOf(request) : undefined);
    const schemes = isRead ? readSchemes : bearer;
    if (secret === undefined) return { status: 401, headers: { 'www-authenticate': schemes }, body: missing };
    return holderOf(secret) ?? refuse(request, 'the token is not one of control.tokens', schemes);
  };
  const checkDelivery = (request: IncomingMessage): Reply | DeliveryCheck => {
    if (webhookSecret === undefined && digests.length === 0) return { status: 403, body: notConfigured };
    const refused = blocked(request);
    if (refused !== undefined) return refused;
    const secret = bearerOf(request);
    if (secret !== undefined) {
      if (webhookDigest !== undefined && timingSafeEqual(webhookDigest, sha256(secret)))
        return () => undefined;
      const caller = holderOf(secret);
      if (caller === undefined)
        return refuse(
          request,
          'the bearer is neither control.webhookSecret nor one of control.tokens',
          bearer,
        );
      return refuseRole(caller, 'approver') ?? (() => undefined);
    }
    if (!isSigned(request)) return { status: 401, headers: { 'www-authenticate': bearer }, body: unproven };
    if (webhookSecret === undefined) return { status: 403, body: unverifiable };
    if (!unprovenLimit.admit(request)) return tooManyUnproven;
    return (body) => {
      const problem = checkSignature(request, body, webhookSecret, clock.now());
      return problem === undefined ? undefined : refuse(request, problem, bearer);
    };
  };
  return { identify, checkDelivery };
}

const bearer = 'Bearer realm="reeve"';
/** The second lets a browser ask the person who follows a link from an alert. */
const readSchemes = `${bearer}, Basic realm="reeve: any user, the token as password", charset="UTF-8"`;
const missing = 'a token is needed: Authorization: Bearer <one of control.tokens>\n';
const unproven =
  'a delivery needs Authorization: Bearer <control.webhookSecret, or a token of role approver>, or a signature: X-Reeve-Signature: sha256=<HMAC-SHA256 of the body>\n';
const unverifiable =
  'signatures cannot be checked: configure control.webhookSecret in reeve.yaml, and the same secret at the sender\n';
const tooManyUnproven: Reply = {
  status: 503,
  headers: { 'retry-after': '5', connection: 'close' },
  body: 'too many signed deliveries are under way: send again later, or prove them by a bearer\n',
};
const notConfigured =
  'no deliveries are taken: configure control.webhookSecret in reeve.yaml (and the same secret as bearer at the sender), or a token of role approver in control.tokens\n';

function asNeighbour(request: IncomingMessage, externalUrl: string | undefined): Caller | Reply {
  if (!isLoopbackAddress(addressOf(request)))
    return { status: 403, body: 'only this machine may ask: configure control.tokens for others\n' };
  if (!asksThisMachine(request.headers.host, externalUrl))
    return {
      status: 403,
      body: 'the header Host names neither this machine nor control.externalUrl: use http://127.0.0.1, or configure control.tokens\n',
    };
  return { name: 'this machine', role: 'viewer' };
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? '';
}

function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
}

function basicPasswordOf({ headers }: IncomingMessage): string | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  return text.includes(':') ? text.slice(text.indexOf(':') + 1) : undefined;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
