import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a token of the double says. */
export interface TokenClaims {
  /** Audience, without a trailing slash. */
  readonly audience: string;
  readonly client: string;
  /** Unix time in milliseconds. */
  readonly expiresAtMs: number;
}

export type TokenVerdict =
  | { readonly kind: 'valid'; readonly claims: TokenClaims }
  | { readonly kind: 'expired'; readonly claims: TokenClaims }
  | { readonly kind: 'invalid' };

/** Makes and checks access tokens: JSON web tokens, signed with a secret that lives as long as the double. */
export class TokenMint {
  #secret = randomBytes(32);
  readonly #now: () => number;
  /** Of tokens made from now on, in seconds. */
  lifetimeSeconds = 3_599;

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(audience: string, client: string): { readonly token: string; readonly expiresAtMs: number } {
    const expiresAtMs = this.#now() + this.lifetimeSeconds * 1_000;
    const body = `${encode({ alg: 'HS256', typ: 'JWT', double: true })}.${encode({ aud: audience, appid: client, exp: expiresAtMs })}`;
    return { token: `${body}.${this.#sign(body)}`, expiresAtMs };
  }

  check(token: string): TokenVerdict {
    const [header, payload, signature, ...rest] = token.split('.');
    if (!header || !payload || !signature || rest.length > 0) return { kind: 'invalid' };
    const expected = Buffer.from(this.#sign(`${header}.${payload}`));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return { kind: 'invalid' };
    const said: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const claims = claimsOf(said);
    if (claims === undefined) return { kind: 'invalid' };
    return { kind: claims.expiresAtMs > this.#now() ? 'valid' : 'expired', claims };
  }

  /** No token made so far is valid any more. */
  revokeAll(): void {
    this.#secret = randomBytes(32);
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}

function claimsOf(said: unknown): TokenClaims | undefined {
  if (typeof said !== 'object' || said === null) return undefined;
  const { aud, appid, exp } = { aud: undefined, appid: undefined, exp: undefined, ...said } as const;
  const fields = { audience: String(aud), client: String(appid), expiresAtMs: Number(exp) };
  return Number.isFinite(fields.expiresAtMs) ? fields : undefined;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
