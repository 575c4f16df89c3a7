import { readFile } from 'node:fs/promises';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { Agent, type RequestOptions, request as securedRequest } from 'node:https';
import type { SecureContext } from 'node:tls';
import { CollectError, messageOf } from '../../src/sdk.ts';
import { connectionError } from './connection-error.ts';
import type { TrustedAuthorities } from './trusted-authorities.ts';

export interface HttpClientOptions {
  /** Certificates of authorities to trust beside those of Node.js, PEM; read anew after a failed connection. */
  readonly caPath: string | undefined;
  readonly authorities: TrustedAuthorities;
  /** Longest wait for one answer as a whole. */
  readonly timeLimitMs: number;
  /** A longer answer is not read to its end. */
  readonly maxBytes: number;
  readonly userAgent: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpQuestion {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** GET unless given. What only reads may be asked again. */
  readonly method?: string;
  readonly body?: string;
  /** It changes something: sent once, whatever becomes of the connection. */
  readonly changes?: true;
}

/**
 * Asks over HTTPS, one request at a time on one connection that is kept. Plain HTTP goes no further than this machine, which the
 * configuration sees to.
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  #agent: Agent | undefined;
  #plainAgent: PlainAgent | undefined;
  #closed = false;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** The connections, also for those who ask for tokens. */
  async agent(): Promise<Agent> {
    if (this.#closed) throw closed();
    this.#agent ??= new Agent({ keepAlive: true, maxSockets: 1, ...(await this.#trust()) });
    return this.#agent;
  }

  /**
   * @throws {CollectError} `unreachable` for a broken connection and a certificate that is not trusted, `timeout`, `malformed` for an
   * answer that is too long. Any status is an answer.
   */
  async ask(question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
    const agent = question.url.protocol === 'https:' ? await this.agent() : this.#plain();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#options.timeLimitMs)]);
    const options: RequestOptions = {
      agent,
      method: question.method ?? 'GET',
      headers: { accept: 'application/json', 'user-agent': this.#options.userAgent, ...question.headers },
      signal: limit,
    };
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(question, options);
      } catch (thrown) {
        if (thrown instanceof CollectError) throw thrown;
        if (limit.aborted) throw new CollectError('timeout', `${question.url.host}: no answer in time`);
        // The other side had closed a kept connection; nothing of this request was answered.
        if (thrown instanceof StaleConnection && tries === 1 && question.changes !== true) continue;
        this.reset();
        throw connectionError(question.url.host, thrown instanceof StaleConnection ? thrown.cause : thrown);
      }
    }
  }

  /** Connects anew the next time, with certificates read anew. */
  reset(): void {
    this.#agent?.destroy();
    this.#plainAgent?.destroy();
    this.#agent = undefined;
    this.#plainAgent = undefined;
  }

  close(): void {
    this.#closed = true;
    this.reset();
  }

  #once({ url, body }: HttpQuestion, options: RequestOptions): Promise<HttpAnswer> {
    const send = url.protocol === 'https:' ? securedRequest : plainRequest;
    return new Promise((resolve, reject) => {
      const request = send(url, options, (response) => {
        readBody(response, this.#options.maxBytes).then(
          (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          (thrown: unknown) => {
            request.destroy();
            reject(thrown instanceof TooLong ? tooLong(url, this.#options.maxBytes) : thrown);
          },
        );
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && staleCodes.has(error.code ?? '');
        reject(stale ? new StaleConnection('', { cause: error }) : error);
      });
      request.end(body);
    });
  }

  #plain(): PlainAgent {
    if (this.#closed) throw closed();
    this.#plainAgent ??= new PlainAgent({ keepAlive: true, maxSockets: 1 });
    return this.#plainAgent;
  }

  async #trust(): Promise<{ readonly secureContext?: SecureContext }> {
    const { caPath } = this.#options;
    if (caPath === undefined) return {};
    try {
      const own = await readFile(caPath, 'utf8');
      return { secureContext: this.#options.authorities.with(own) };
    } catch (thrown) {
      throw new CollectError('denied', `the file under ca cannot be used: ${messageOf(thrown)}`);
    }
  }
}

function closed(): CollectError {
  return new CollectError('unreachable', 'the target was closed');
}

const staleCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

class StaleConnection extends Error {}
class TooLong extends Error {}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > maxBytes) throw new TooLong();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLong(url: URL, maxBytes: number): CollectError {
  return new CollectError(
    'malformed',
    `${url.host}: the answer is longer than ${maxBytes / 1_048_576} MiB and was given up; lower maxContainers`,
  );
}
