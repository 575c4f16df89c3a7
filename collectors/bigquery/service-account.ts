import { createSign } from 'node:crypto';
import { z } from 'zod';
import type { ServiceAccountKey } from './credentials.ts';

export interface AccessToken {
  readonly token: string;
  /** Unix time in milliseconds. */
  readonly expiresMs: number;
}

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const defaultTokenUri = 'https://oauth2.googleapis.com/token';
const lifetimeSeconds = 3_600;
const answer = z.object({ access_token: z.string().min(1), expires_in: z.number().default(lifetimeSeconds) });

/**
 * Exchanges the key of a service account for a token. The driver's own way ignores the key's `token_uri`, which private endpoints need.
 *
 * @param post sends a form and gives the body of the answer as it came
 * @see https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 */
export async function exchangeKey(
  key: ServiceAccountKey,
  scopes: readonly string[],
  now: number,
  post: (url: string, form: URLSearchParams) => Promise<unknown>,
): Promise<AccessToken> {
  const audience = key.token_uri ?? defaultTokenUri;
  const issued = Math.floor(now / 1_000);
  const header = { alg: 'RS256', typ: 'JWT', ...(key.private_key_id ? { kid: key.private_key_id } : {}) };
  const claims = {
    iss: key.client_email,
    scope: scopes.join(' '),
    aud: audience,
    iat: issued,
    exp: issued + lifetimeSeconds,
  };
  const unsigned = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = createSign('RSA-SHA256').update(unsigned).sign(key.private_key, 'base64url');
  const form = new URLSearchParams({ grant_type: grantType, assertion: `${unsigned}.${signature}` });
  const { access_token: token, expires_in: seconds } = answer.parse(await post(audience, form));
  return { token, expiresMs: now + seconds * 1_000 };
}
