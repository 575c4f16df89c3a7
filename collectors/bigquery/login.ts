import { readFile } from 'node:fs/promises';
import type { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { BigQueryOptions as DriverOptions } from '@google-cloud/bigquery';
import { OAuth2Client } from 'google-auth-library';
import { CollectError, type Secret } from '../../src/sdk.ts';
import { credentialParts, parseServiceAccountKey, type ServiceAccountKey } from './credentials.ts';
import { exchangeKey } from './service-account.ts';

/** How long one request may take, in milliseconds; jobs are waited for in several. */
export const requestTimeLimitMs = 20_000;

export interface Login {
  /** Without it and `credentials` the application default credentials are used. */
  readonly keyFile?: string | undefined;
  readonly credentials?: Secret | undefined;
  readonly scopes: readonly string[];
}

/** How the driver gets in: by a key of a service account, by another kind of file, or by what the machine offers. */
export async function loginOf(
  { keyFile, credentials, scopes }: Login,
  agent: HttpAgent | HttpsAgent,
  conceal: (secret: string) => void,
): Promise<DriverOptions> {
  const transporterOptions = { agent, timeout: requestTimeLimitMs };
  if (keyFile === undefined && credentials === undefined) return { clientOptions: { transporterOptions } };
  const text = credentials?.reveal() ?? (await readKeyFile(keyFile ?? ''));
  for (const part of credentialParts(text)) conceal(part);
  const key = parseServiceAccountKey(text);
  // Other kinds of files (workload identity, a person's login) are the driver's to read.
  if (key === undefined) return { keyFilename: keyFile ?? '', clientOptions: { transporterOptions } };
  return { authClient: serviceAccountLogin(key, scopes, agent, conceal) };
}

function serviceAccountLogin(
  key: ServiceAccountKey,
  scopes: readonly string[],
  agent: HttpAgent | HttpsAgent,
  conceal: (secret: string) => void,
): OAuth2Client {
  const login = new OAuth2Client();
  login.refreshHandler = async () => {
    const post = async (url: string, form: URLSearchParams): Promise<unknown> => {
      // Whoever has it can ask for tokens.
      conceal(form.get('assertion') ?? '');
      const isSameKind = url.startsWith('http:') === !(agent instanceof HttpsAgent);
      const { data } = await login.transporter.request<unknown>({
        url,
        method: 'POST',
        data: form,
        timeout: requestTimeLimitMs,
        retry: false,
        responseType: 'json',
        ...(isSameKind ? { agent } : {}),
      });
      return data;
    };
    const { token, expiresMs } = await exchangeKey(key, scopes, Date.now(), post);
    conceal(token);
    return { access_token: token, expiry_date: expiresMs };
  };
  return login;
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new CollectError('denied', `the key file ${path} cannot be read`, { cause: thrown });
  }
}
