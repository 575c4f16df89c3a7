import { createVerify, generateKeyPairSync, randomUUID } from 'node:crypto';
import { z } from 'zod';

/** A service account key as Google's console hands it out; the private key is made by the double for itself. */
export interface ServiceAccountKey {
  readonly type: 'service_account';
  readonly project_id: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly client_email: string;
  readonly client_id: string;
  readonly token_uri: string;
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: unknown;
}

const claimsSchema = z.object({
  iss: z.string(),
  aud: z.string(),
  exp: z.number(),
  scope: z.string().optional(),
});

/** A file of workload identity federation: who runs elsewhere shows a token of that place. */
export interface ExternalAccountFile {
  readonly type: 'external_account';
  readonly audience: string;
  readonly subject_token_type: string;
  readonly token_url: string;
  readonly credential_source: { readonly file: string };
}

const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

/**
 * Accounts, their keys and the tokens given out.
 *
 * @see https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
 * @see https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 */
export class TokenEndpoint {
  /** How long a token is good; changes hold for the next one. */
  lifetimeSeconds = 3_600;
  readonly #nowMs: () => number;
  readonly #publicKeys = new Map<string, string>();
  readonly #subjects = new Map<string, string>();
  readonly #refused = new Set<string>();
  readonly #tokens = new Map<string, { readonly email: string; readonly expiresMs: number }>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  createAccount(project: string, email: string, tokenUrl: string): ServiceAccountKey {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2_048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    this.#publicKeys.set(email, publicKey);
    return {
      type: 'service_account',
      project_id: project,
      private_key_id: randomUUID(),
      private_key: privateKey,
      client_email: email,
      client_id: '1',
      token_uri: tokenUrl,
    };
  }

  /** Writes nothing: `subjectToken` belongs into the file that the configuration names. */
  createFederation(
    email: string,
    tokenUrl: string,
    subjectTokenFile: string,
  ): { readonly file: ExternalAccountFile; readonly subjectToken: string } {
    const subjectToken = `double-subject-${randomUUID()}`;
    this.#subjects.set(subjectToken, email);
    const file = {
      type: 'external_account',
      audience:
        '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/double/providers/double',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: tokenUrl,
      credential_source: { file: subjectTokenFile },
    } as const;
    return { file, subjectToken };
  }

  /** A token without the exchange, for clients that are given one. */
  issue(email: string): string {
    const token = `double-token-${randomUUID()}`;
    this.#tokens.set(token, { email, expiresMs: this.#nowMs() + this.lifetimeSeconds * 1_000 });
    return token;
  }

  /** The account is deleted: `invalid_grant` from now on. Tokens already given out stay good. */
  refuse(email: string): void {
    this.#refused.add(email);
  }

  admit(email: string): void {
    this.#refused.delete(email);
  }

  /** All tokens given out so far are good for nothing. */
  revokeAll(): void {
    this.#tokens.clear();
  }

  /** Whose token it is; undefined when it is none of ours or too old. */
  callerOf(token: string): string | undefined {
    const known = this.#tokens.get(token);
    return known !== undefined && known.expiresMs > this.#nowMs() ? known.email : undefined;
  }

  /** @param form the body of a POST to the token URL. */
  exchange(form: URLSearchParams): TokenAnswer {
    const grant = form.get('grant_type');
    if (grant !== JWT_GRANT && grant !== EXCHANGE_GRANT)
      return refusal('unsupported_grant_type', 'Invalid grant_type');
    const isExchange = grant === EXCHANGE_GRANT;
    const email = isExchange
      ? this.#subjects.get(form.get('subject_token') ?? '')
      : this.#verify(form.get('assertion') ?? '');
    if (email === undefined)
      return refusal('invalid_grant', isExchange ? 'Invalid subject token.' : 'Invalid JWT Signature.');
    if (this.#refused.has(email)) return refusal('invalid_grant', 'Invalid grant: account not found');
    const kind = isExchange ? { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' } : {};
    const body = {
      access_token: this.issue(email),
      expires_in: this.lifetimeSeconds,
      token_type: 'Bearer',
      ...kind,
    };
    return { status: 200, body };
  }

  #verify(assertion: string): string | undefined {
    const [header = '', payload = '', signature = ''] = assertion.split('.');
    const claims = claimsSchema.safeParse(parseJson(Buffer.from(payload, 'base64url').toString()));
    if (!claims.success || claims.data.exp * 1_000 < this.#nowMs()) return undefined;
    const publicKey = this.#publicKeys.get(claims.data.iss);
    if (publicKey === undefined) return undefined;
    const isValid = createVerify('RSA-SHA256')
      .update(`${header}.${payload}`)
      .verify(publicKey, signature, 'base64url');
    return isValid ? claims.data.iss : undefined;
  }
}

function refusal(error: string, description: string): TokenAnswer {
  return { status: 400, body: { error, error_description: description } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not a token: refused like any other wrong one
  }
}
