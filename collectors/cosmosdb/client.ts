import { CosmosClient, type CosmosClientOptions } from '@azure/cosmos';
import { type Clock, CollectError, messageOf, type Secret, type ServerAnswer } from '../../src/sdk.ts';
import type { HttpClient } from './http-client.ts';
import { type DataOffer, toDataOffer } from './offers.ts';
import { Turns } from './turns.ts';

export interface DataClientInput {
  readonly endpoint: string;
  readonly key: Secret;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly timeLimitMs: number;
  readonly onAnswer: ((answer: ServerAnswer) => void) | undefined;
}

/** What the account says of itself. */
export interface DataAccount {
  readonly consistency: string;
  readonly writable: readonly string[];
  readonly readable: readonly string[];
}

/** A database or container. */
export interface DataName {
  readonly id: string;
  /** The link by which offers name it. */
  readonly self: string;
}

/** Headers of an answer, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** Rest between two requests: reading names and offers is rationed by the service for everybody. */
const restMs = 20;
const mostPages = 50;
const readOnly = 'give a key of this account; a read-only one suffices';

type Transport = NonNullable<CosmosClientOptions['httpClient']>;

/** Reads an account at its own endpoint with a key: one request at a time, with a rest in between. */
export class DataClient {
  readonly #input: DataClientInput;
  readonly #client: CosmosClient;
  readonly #host: string;
  readonly #turns = new Turns();
  #closedUntilMs = Number.NEGATIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(input: DataClientInput) {
    this.#input = input;
    this.#host = URL.parse(input.endpoint)?.host ?? 'the account';
    this.#client = new CosmosClient({
      endpoint: input.endpoint,
      key: input.key.reveal(),
      userAgentSuffix: input.userAgent,
      httpClient: transport(input.http),
      connectionPolicy: {
        // One address, as configured; and the pause that the service asks for is kept by the scheduler, not by waiting here.
        enableEndpointDiscovery: false,
        requestTimeout: input.timeLimitMs,
        retryOptions: { maxRetryAttemptCount: 0 },
      },
    });
  }

  async account(signal: AbortSignal): Promise<DataAccount> {
    const answer = await this.#ask('GET /', '', signal, () =>
      this.#client.getDatabaseAccount({ abortSignal: signal }),
    );
    const account = answer.resource;
    if (account === undefined)
      throw new CollectError('malformed', `${this.#host} did not describe the account`);
    const consistency: unknown = account.consistencyPolicy;
    this.#tell('GET /', '', account);
    return {
      consistency: typeof consistency === 'string' ? consistency : '',
      writable: account.writableLocations.map(({ name }) => name),
      readable: account.readableLocations.map(({ name }) => name),
    };
  }

  async databases(signal: AbortSignal): Promise<readonly DataName[]> {
    const pages = this.#client.databases.readAll({ abortSignal: signal });
    return (await this.#pages('GET /dbs', '', signal, pages)).map(toName);
  }

  async containers(database: string, signal: AbortSignal): Promise<readonly DataName[]> {
    const pages = this.#client.database(database).containers.readAll({ abortSignal: signal });
    return (await this.#pages('GET /dbs/{database}/colls', database, signal, pages)).map(toName);
  }

  /** @throws {CollectError} `unsupported` for a serverless account, which has none. */
  async offers(signal: AbortSignal): Promise<readonly DataOffer[]> {
    const pages = this.#client.offers.readAll({ abortSignal: signal });
    return (await this.#pages('GET /offers', '', signal, pages)).flatMap((row) => toDataOffer(row) ?? []);
  }

  /** Headers that tell the limits of one offer. */
  async offerHeaders(id: string, subject: string, signal: AbortSignal): Promise<AnswerHeaders> {
    const read = () => this.#client.offer(id).read({ abortSignal: signal });
    const { headers } = await this.#ask('GET /offers/{offer}', subject, signal, read);
    return textsOf(headers);
  }

  /** Headers that tell the size of a container. */
  async quotaHeaders(database: string, container: string, signal: AbortSignal): Promise<AnswerHeaders> {
    const subject = `${database}/${container}`;
    const what = 'GET /dbs/{database}/colls/{container} with populatequotainfo';
    const read = () =>
      this.#client
        .database(database)
        .container(container)
        .read({ abortSignal: signal, populateQuotaInfo: true });
    const answer = await this.#ask(what, subject, signal, read);
    const headers = textsOf(answer.headers);
    this.#tell(what, subject, {
      usage: headers['x-ms-resource-usage'] ?? null,
      quota: headers['x-ms-resource-quota'] ?? null,
    });
    return headers;
  }

  close(): void {
    this.#client.dispose();
    this.#input.http.close();
  }

  async #pages<T>(
    what: string,
    subject: string,
    signal: AbortSignal,
    pages: { hasMoreResults(): boolean; fetchNext(): Promise<{ readonly resources: T[] }> },
  ): Promise<readonly T[]> {
    const rows: T[] = [];
    for (let page = 0; page < mostPages && pages.hasMoreResults(); page += 1) {
      const answer = await this.#ask(what, subject, signal, () => pages.fetchNext());
      for (const row of answer.resources ?? []) rows.push(row);
    }
    // Without the rest every sum over the list would be too small, and nobody would see it.
    if (pages.hasMoreResults())
      throw new CollectError(
        'malformed',
        `${what} at ${this.#host}: the list goes on after ${mostPages} pages`,
      );
    this.#tell(what, subject, rows);
    return rows;
  }

  #ask<T>(what: string, subject: string, signal: AbortSignal, send: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => this.#askNow(what, subject, signal, send), signal);
  }

  async #askNow<T>(what: string, subject: string, signal: AbortSignal, send: () => Promise<T>): Promise<T> {
    const { clock } = this.#input;
    const pauseMs = this.#closedUntilMs - clock.monotonicMs();
    const named = subject === '' ? what : `${what} (${subject})`;
    if (pauseMs > 0) {
      const text = `${named} at ${this.#host}: waiting, because the account asked for a pause`;
      throw new CollectError('throttled', text, { retryAfterMs: Math.ceil(pauseMs) });
    }
    try {
      const restLeftMs = this.#lastMs + restMs - clock.monotonicMs();
      if (restLeftMs > 0) await clock.sleep(restLeftMs, signal);
      this.#lastMs = clock.monotonicMs();
      return await send();
    } catch (thrown) {
      const said = withoutKey(messageOf(thrown), this.#input.key);
      const error = toDataError(thrown, said, `${named} at ${this.#host}`, signal);
      if (error.code === 'throttled')
        this.#closedUntilMs = clock.monotonicMs() + Math.min(error.retryAfterMs ?? 0, longestPauseMs);
      throw error;
    }
  }

  #tell(request: string, subject: string, answer: unknown): void {
    this.#input.onAnswer?.({ subject, request, answer: JSON.parse(JSON.stringify(answer)) });
  }
}

/** Failures by status; the driver's own error is not kept as `cause`, because it holds the signed request. */
const refusals: Readonly<
  Record<number, readonly ['denied' | 'unreachable' | 'timeout' | 'unsupported', string]>
> = {
  400: ['unsupported', 'the account refused the question'],
  401: ['denied', `the key is wrong or was replaced: ${readOnly}`],
  403: [
    'denied',
    `the account refuses this key or this address: ${readOnly}, and open the firewall of the account`,
  ],
  404: ['unreachable', 'not there'],
  408: ['timeout', 'the account gave up in time'],
};

/** Before the text is cut: what is left of a key would not be known for a secret any more. */
function withoutKey(text: string, key: Secret): string {
  const plain = key.reveal();
  return text.replaceAll(plain, '[secret]').replaceAll(encodeURIComponent(plain), '[secret]');
}

function toDataError(thrown: unknown, said: string, what: string, signal: AbortSignal): CollectError {
  if (thrown instanceof CollectError) return new CollectError(thrown.code, thrown.message);
  const text = said.replaceAll(/\s+/g, ' ').slice(0, longestText);
  if (signal.aborted || /timeout/i.test(nameOf(thrown)))
    return new CollectError('timeout', `${what}: no answer in time`);
  const status = Number(fieldOf(thrown, 'code'));
  if (status === 429) {
    const asked = Number(fieldOf(thrown, 'retryAfterInMs') ?? defaultPauseMs);
    const retryAfterMs = asked >= 0 ? asked : defaultPauseMs;
    return new CollectError('throttled', `${what}: the account asks for a pause (429)`, { retryAfterMs });
  }
  const known = refusals[status];
  if (known !== undefined) return new CollectError(known[0], `${what}: ${known[1]} (${status}: ${text})`);
  if (status >= 500)
    return new CollectError('unreachable', `${what}: the account failed (${status}: ${text})`);
  return new CollectError('malformed', `${what}: what answered is no account of Cosmos DB: ${text}`);
}

const longestText = 300;
const defaultPauseMs = 1_000;
/** An account that asks for a longer pause is asked again all the same. */
const longestPauseMs = 3_600_000;

function fieldOf(thrown: unknown, name: string): unknown {
  return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
}

function nameOf(thrown: unknown): string {
  const code = fieldOf(thrown, 'code');
  return thrown instanceof Error ? `${thrown.name} ${typeof code === 'string' ? code : ''}` : '';
}

function textsOf(headers: Readonly<Record<string, unknown>>): AnswerHeaders {
  const texts = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name.toLowerCase(), value] as const] : [],
  );
  return Object.fromEntries(texts);
}

function toName(row: { readonly id: string; readonly _self?: string }): DataName {
  return { id: row.id, self: row._self ?? '' };
}

/** Carries the driver's requests over our own connection: one, bounded in time and size, with our certificates, closed when we close. */
function transport(http: HttpClient): Transport {
  return {
    sendRequest: async (request) => {
      const { url, method, body, abortSignal } = request;
      const question = {
        url: new URL(url),
        method,
        headers: { ...request.headers.toJSON() },
        ...(typeof body === 'string' ? { body } : {}),
      };
      const signal = toSignal(abortSignal);
      const answer = await http.ask(question, signal);
      const pairs = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const);
      return {
        request,
        status: answer.status,
        headers: new TransportHeaders(pairs),
        bodyAsText: answer.body,
      };
    },
  };
}

/** The library has its own, smaller idea of a signal. */
function toSignal(signal: Parameters<Transport['sendRequest']>[0]['abortSignal']): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  if (signal?.aborted === true) controller.abort();
  signal?.addEventListener('abort', () => controller.abort());
  return controller.signal;
}

type PipelineHeaders = Awaited<ReturnType<Transport['sendRequest']>>['headers'];

class TransportHeaders implements PipelineHeaders {
  readonly #values: Map<string, string>;

  constructor(pairs: Iterable<readonly [string, string]>) {
    this.#values = new Map(pairs);
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase());
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  set(name: string, value: string | number | boolean): void {
    this.#values.set(name.toLowerCase(), String(value));
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries(this.#values);
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.#values.entries();
  }
}
