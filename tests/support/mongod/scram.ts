import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { failure } from './errors.ts';

/**
 * The server's side of SCRAM-SHA-256, so that a wrong password is refused by arithmetic and not by a lookup.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7677
 */
export interface Credential {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** One exchange; it lives on a connection between saslStart and saslContinue. */
export interface ScramExchange {
  readonly user: string;
  readonly database: string;
  readonly nonce: string;
  readonly firstMessages: string;
}

/** The smallest number of iterations a driver accepts; the server's own default is 15,000. */
const ITERATIONS = 4096;

export function createCredential(password: string): Credential {
  const salt = randomBytes(28);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest();
  return { salt, iterations: ITERATIONS, storedKey, serverKey: hmac(salted, 'Server Key') };
}

/** @returns the exchange and the server's first message. */
export function startScram(
  clientFirst: string,
  database: string,
  credentialOf: (user: string) => Credential | undefined,
): { readonly exchange: ScramExchange; readonly message: string } {
  const bare = clientFirst.replace(/^n,,/u, '');
  const fields = parseFields(bare);
  const user = (fields.get('n') ?? '').replaceAll('=2C', ',').replaceAll('=3D', '=');
  const credential = credentialOf(user);
  if (!credential) throw refused();
  const nonce = `${fields.get('r') ?? ''}${randomBytes(24).toString('base64')}`;
  const message = `r=${nonce},s=${credential.salt.toString('base64')},i=${credential.iterations}`;
  return { exchange: { user, database, nonce, firstMessages: `${bare},${message}` }, message };
}

/**
 * @returns the server's last message, which proves that it knows the user.
 * @throws {CommandError} 18 AuthenticationFailed.
 */
export function finishScram(
  exchange: ScramExchange,
  clientFinal: string,
  credential: Credential | undefined,
): string {
  const fields = parseFields(clientFinal);
  const proof = Buffer.from(fields.get('p') ?? '', 'base64');
  if (!credential || fields.get('r') !== exchange.nonce || proof.length !== 32) throw refused();
  const authMessage = `${exchange.firstMessages},${clientFinal.replace(/,p=.*$/u, '')}`;
  const signature = hmac(credential.storedKey, authMessage);
  const clientKey = Buffer.from(proof.map((byte, at) => byte ^ (signature[at] ?? 0)));
  if (!timingSafeEqual(createHash('sha256').update(clientKey).digest(), credential.storedKey))
    throw refused();
  return `v=${hmac(credential.serverKey, authMessage).toString('base64')}`;
}

export function refused(): Error {
  return failure('AuthenticationFailed', 'Authentication failed.');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function parseFields(message: string): ReadonlyMap<string, string> {
  return new Map(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}
