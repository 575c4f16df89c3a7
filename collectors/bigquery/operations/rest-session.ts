import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { BigQuery } from '@google-cloud/bigquery';
import { CollectError, type JsonObject, type Secret } from '../../../src/sdk.ts';
import { loginOf, requestTimeLimitMs } from '../login.ts';
import type { BigqueryOperationsInput } from './input.ts';
import { isThrottled, RestError, restErrorOf } from './rest-error.ts';

export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
  /** Only if the thing is still as it was when this etag was read. */
  readonly etag?: string;
}

/** One login and its connections to Google's APIs. Whoever makes it closes it. */
export interface RestSession {
  /**
   * The answer's body.
   *
   * @throws {RestError} an answer that says no. @throws {CollectError} no answer: nobody knows what became of it.
   */
  request(request: RestRequest, signal: AbortSignal): Promise<unknown>;
  close(): void;
}

export interface SessionLogin {
  readonly keyFile?: string | undefined;
  readonly credentials?: Secret | undefined;
  readonly scopes: readonly string[];
}

/** Of the collecting login: it reads, whatever its roles allow. */
export const readingScopes: readonly string[] = ['https://www.googleapis.com/auth/bigquery'];

const attempts = 3;
const firstPauseMs = 500;

type Around = Pick<BigqueryOperationsInput, 'applicationName' | 'clock' | 'random' | 'conceal'>;

/** Connects to nothing yet. Its connections are its own unless those of a collector are given. */
export function createRestSession(
  login: SessionLogin,
  input: Around,
  shared?: HttpAgent | HttpsAgent,
): RestSession {
  const agents = {
    http: shared ?? new HttpAgent({ keepAlive: true, maxSockets: 2 }),
    https: shared ?? new HttpsAgent({ keepAlive: true, maxSockets: 2 }),
  };
  let client: Promise<BigQuery['authClient']> | undefined;
  const open = async (url: string): Promise<BigQuery['authClient']> => {
    const agent = url.startsWith('http:') ? agents.http : agents.https;
    const conceal = (secret: string): void => input.conceal(secret);
    const options = await loginOf(login, agent, conceal);
    const { authClient } = new BigQuery({ projectId: 'unused', scopes: [...login.scopes], ...options });
    const own = await authClient.getClient();
    own.on('tokens', ({ access_token: token }) => {
      if (typeof token === 'string') conceal(token);
    });
    return authClient;
  };
  const once = async (request: RestRequest, signal: AbortSignal): Promise<unknown> => {
    client ??= open(request.url);
    const opened = await client.catch((thrown: unknown) => {
      client = undefined;
      throw thrown;
    });
    const agent = request.url.startsWith('http:') ? agents.http : agents.https;
    const { data } = await opened.request<unknown>({
      ...optionsOf(request, input.applicationName),
      agent,
      signal,
      adapter: async (options, send) => {
        // Its HTTP client destroys the body of what is aborted before it is sent, and nobody hears that error: it would end the process.
        options.signal?.throwIfAborted();
        return await send(options);
      },
    });
    return data;
  };
  return {
    request: async (request, signal) => {
      const name = `${request.method} ${new URL(request.url).pathname}`;
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await once(request, signal);
        } catch (thrown) {
          signal.throwIfAborted();
          const error = restErrorOf(thrown, name);
          const isPaused = error instanceof RestError && isThrottled(error) && attempt < attempts;
          if (!isPaused) throw error;
          await input.clock.sleep(input.random() * firstPauseMs * 2 ** attempt, signal);
        }
      }
    },
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function optionsOf({ url, method, query, body, etag }: RestRequest, applicationName: string) {
  return {
    url,
    method,
    ...(query === undefined ? {} : { params: query }),
    ...(body === undefined ? {} : { data: body }),
    headers: { 'user-agent': applicationName, ...(etag === undefined ? {} : { 'if-match': etag }) },
    timeout: requestTimeLimitMs,
    retry: false,
    responseType: 'json',
  } as const;
}

/** A session that refuses everything, where there is no login that acts. */
export function noSession(target: string): RestSession {
  return {
    request: () =>
      Promise.reject(
        new CollectError(
          'denied',
          `target "${target}" has no remediation.credentials: the collecting login cannot act`,
        ),
      ),
    close: () => undefined,
  };
}
