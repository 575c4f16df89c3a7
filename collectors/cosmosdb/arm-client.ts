import { z } from 'zod';
import { type Clock, CollectError, type ServerAnswer } from '../../src/sdk.ts';
import { type AccountId, resourcePath } from './account-id.ts';
import { assignmentFor } from './grants.ts';
import type { HttpAnswer, HttpClient } from './http-client.ts';
import type { TokenSource } from './identity.ts';
import type { ReadBudget, ReadUrgency } from './read-budget.ts';
import { parsed, toServiceError } from './service-error.ts';
import { Turns } from './turns.ts';

export interface ArmInput {
  /** A connection for each urgency, so that a slow answer to what can wait does not keep up the rest. */
  readonly clients: Readonly<Record<ReadUrgency, HttpClient>>;
  /** As the clients: a sign-in that fails ends the connection that it was made on. */
  readonly tokens: Readonly<Record<ReadUrgency, TokenSource>>;
  readonly budget: ReadBudget;
  readonly clock: Clock;
  /** `https://management.azure.com` */
  readonly origin: string;
  readonly account: AccountId;
  readonly onAnswer: ((answer: ServerAnswer) => void) | undefined;
}

/** One question to Azure Resource Manager. */
export interface ArmRequest {
  /** Below the account, such as `/sqlDatabases`; empty for the account. */
  readonly path: string;
  /** Below the subscription of the account instead. */
  readonly below?: 'subscription';
  readonly query: Readonly<Record<string, string>>;
  /** For messages and records: what is asked, without names of databases. */
  readonly what: string;
  /** For records, where `what` does not tell two questions apart. */
  readonly question?: string;
  /** For records: the database or container. */
  readonly subject?: string;
  readonly urgency: ReadUrgency;
}

const pageSchema = z.looseObject({ value: z.array(z.unknown()), nextLink: z.string().nullish() });
/** A list that goes on longer than this is cut, and said to be. */
const mostPages = 20;

/** Reads an account through Azure Resource Manager: with a token, within the budget, one request of each urgency at a time. */
export class ArmClient {
  readonly account: AccountId;
  readonly #input: ArmInput;
  readonly #remedy: string;
  readonly #turns: Readonly<Record<ReadUrgency, Turns>> = {
    essential: new Turns(),
    deferrable: new Turns(),
  };

  constructor(input: ArmInput) {
    this.account = input.account;
    this.#input = input;
    this.#remedy = assignmentFor(input.account);
  }

  /**
   * The parsed answer.
   *
   * @throws {CollectError} `denied`, `throttled`, `unreachable`, `timeout`, `unsupported` (400) or `malformed`.
   */
  async get(request: ArmRequest, signal: AbortSignal): Promise<unknown> {
    return this.#parse(request, await this.#send(this.#url(request), request, signal));
  }

  /** As `get`; `undefined` when there is no such thing (404). */
  async find(request: ArmRequest, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#send(this.#url(request), request, signal, [404]);
    return answer.status === 404 ? undefined : this.#parse(request, answer);
  }

  /** All items of a list over its pages; `isCut` when there are more than are read. */
  async list(
    request: ArmRequest,
    signal: AbortSignal,
  ): Promise<{ readonly items: readonly unknown[]; readonly isCut: boolean }> {
    const items: unknown[] = [];
    let url: URL | undefined = this.#url(request);
    for (let page = 0; url !== undefined; page += 1) {
      if (page === mostPages) return { items, isCut: true };
      const read = pageSchema.safeParse(this.#parse(request, await this.#send(url, request, signal)));
      if (!read.success) throw new CollectError('malformed', `${request.what}: Azure answered no list`);
      for (const item of read.data.value) items.push(item);
      url = this.#following(read.data.nextLink ?? undefined);
    }
    return { items, isCut: false };
  }

  #send(
    url: URL,
    request: ArmRequest,
    signal: AbortSignal,
    expected: readonly number[] = [],
  ): Promise<HttpAnswer> {
    return this.#turns[request.urgency].take(() => this.#sendNow(url, request, signal, expected), signal);
  }

  async #sendNow(
    url: URL,
    request: ArmRequest,
    signal: AbortSignal,
    expected: readonly number[],
  ): Promise<HttpAnswer> {
    const { clients, tokens, budget, clock, account } = this.#input;
    const authorization = `Bearer ${await tokens[request.urgency].get(signal)}`;
    budget.take(request.urgency);
    const answer = await clients[request.urgency].ask({ url, headers: { authorization } }, signal);
    const left = Number(answer.headers['x-ms-ratelimit-remaining-subscription-reads'] ?? Number.NaN);
    if (Number.isFinite(left)) budget.heed(left);
    if (answer.status === 200 || expected.includes(answer.status)) return answer;
    // What is refused to one is refused to the other.
    if (answer.status === 401) for (const token of Object.values(tokens)) token.forget();
    const error = toServiceError(answer, `${request.what} of ${account.name}`, this.#remedy, clock.now());
    if (error.code === 'throttled') budget.close(error.retryAfterMs ?? 0);
    throw error;
  }

  #parse(request: ArmRequest, answer: HttpAnswer): unknown {
    const value = parsed(answer.body);
    if (typeof value !== 'object' || value === null) {
      throw new CollectError(
        'malformed',
        `${request.what}: what answered is not Azure Resource Manager: correct endpoints.arm`,
      );
    }
    this.#input.onAnswer?.({
      subject: request.subject ?? '',
      request: request.question ?? request.what,
      answer: value,
    });
    return value;
  }

  #url({ path, below, query }: ArmRequest): URL {
    const { subscription } = this.account;
    const root =
      below === undefined ? resourcePath(this.account) : `/subscriptions/${encodeURIComponent(subscription)}`;
    const pathname = root + path;
    const url = new URL(pathname, this.#input.origin);
    // A name that Azure listed, such as `..`, would lead to another resource.
    if (url.pathname !== pathname)
      throw new CollectError('unsupported', 'a name that cannot stand in an address is not asked about');
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    url.search = url.search.replaceAll('+', '%20'); // a plus is a plus to some services
    return url;
  }

  /** The next page, always from the same origin: the token goes nowhere else. */
  #following(nextLink: string | undefined): URL | undefined {
    if (nextLink === undefined || nextLink === '') return undefined;
    const { pathname, search } = new URL(nextLink, this.#input.origin);
    return new URL(pathname + search, this.#input.origin);
  }
}
