import { z } from 'zod';
import type { Clock, JsonObject } from '../../../src/sdk.ts';
import { type AccountId, resourcePath } from '../account-id.ts';
import type { HttpAnswer, HttpClient } from '../http-client.ts';
import type { TokenSource } from '../identity.ts';
import { parsed, refusalOf, retryAfter, toServiceError } from '../service-error.ts';
import { actingAssignmentFor } from './acting-grants.ts';

/** A change that is asked of Azure Resource Manager. */
export interface ArmChange {
  readonly method: 'PUT' | 'POST' | 'DELETE';
  /** Below the account, with its query. */
  readonly path: string;
  readonly body: JsonObject | undefined;
  /** Only if the resource is still this one. */
  readonly ifMatch: string | undefined;
  /** For messages. */
  readonly what: string;
}

/**
 * `ended`: Azure says that it was carried out. `failed`: that it failed. `unknown`: it was begun, and nobody said how it ended in time.
 * `refused`: nothing was done, and trying again changes nothing. `busy`: nothing was done now.
 */
export interface ChangeAnswer {
  readonly state: 'ended' | 'failed' | 'unknown' | 'refused' | 'busy';
  readonly detail: string;
  /** Of `busy`: when to try again, where Azure said so. */
  readonly pauseMs?: number;
}

export interface ArmChangesInput {
  readonly client: HttpClient;
  readonly tokens: TokenSource;
  readonly clock: Clock;
  readonly origin: string;
  readonly account: AccountId;
  /** How long the end of a change is waited for. */
  readonly patienceMs: number;
}

const statusSchema = z.looseObject({
  status: z.string(),
  error: z.looseObject({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
});
const usualPollMs = 5_000;
const longestPollMs = 30_000;

/** Changes an account through Azure Resource Manager. Each change is sent once: what became of one that was cut off is read, not guessed. */
export class ArmChanges {
  readonly #input: ArmChangesInput;

  constructor(input: ArmChangesInput) {
    this.#input = input;
  }

  /**
   * Sends it, and waits for its end.
   *
   * @param assertHeld is called right before it is sent.
   * @throws {CollectError} when the connection broke or nobody answered: nobody knows whether it was begun.
   */
  async make(change: ArmChange, assertHeld: () => Promise<void>, signal: AbortSignal): Promise<ChangeAnswer> {
    await assertHeld();
    const answer = await this.#send(change, signal);
    const pauseMs = this.#pauseOf(answer);
    if (pauseMs === undefined) return this.#follow(change, answer, signal);
    const seconds = Math.ceil(pauseMs / 1_000);
    const detail = `Azure asks for a pause of ${seconds} s, and nothing was done: ${saidBy(answer)}`;
    return { state: 'busy', detail, pauseMs };
  }

  async #send({ method, path, body, ifMatch }: ArmChange, signal: AbortSignal): Promise<HttpAnswer> {
    const { client, tokens, origin, account } = this.#input;
    const authorization = `Bearer ${await tokens.get(signal)}`;
    const headers = {
      authorization,
      'content-type': 'application/json',
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    };
    const url = new URL(resourcePath(account) + path, origin);
    const text = body === undefined ? '' : JSON.stringify(body);
    return client.ask({ url, method, headers, body: text, changes: true }, signal);
  }

  #pauseOf({ status, headers }: HttpAnswer): number | undefined {
    const isPause = status === 429 || (status === 503 && headers['retry-after'] !== undefined);
    return isPause ? retryAfter(headers['retry-after'], this.#input.clock.now()) : undefined;
  }

  async #follow(change: ArmChange, answer: HttpAnswer, signal: AbortSignal): Promise<ChangeAnswer> {
    const { status } = answer;
    if (status === 202 || status === 201) return this.#untilEnded(change, answer, signal);
    if (status === 200 || status === 204) return { state: 'ended', detail: 'Azure carried it out at once' };
    return this.#refusal(change, answer);
  }

  #refusal({ what }: ArmChange, answer: HttpAnswer): ChangeAnswer {
    const { account, clock, tokens } = this.#input;
    const { status } = answer;
    if (status === 412)
      return { state: 'refused', detail: 'somebody changed it since it was read (412); nothing was done' };
    if (status === 409) return { state: 'busy', detail: `another change is under way: ${saidBy(answer)}` };
    if (status === 401) tokens.forget();
    const error = toServiceError(answer, what, actingAssignmentFor(account), clock.now());
    if (status >= 500) throw error;
    return { state: 'refused', detail: error.message };
  }

  /** The status is asked for below our own origin: the token goes nowhere else. */
  async #untilEnded(change: ArmChange, begun: HttpAnswer, signal: AbortSignal): Promise<ChangeAnswer> {
    const { clock, origin, patienceMs } = this.#input;
    const link = begun.headers['azure-asyncoperation']?.toString();
    const target = link === undefined ? null : URL.parse(link, origin);
    if (target === null)
      return { state: 'unknown', detail: 'Azure began it, and did not say where to ask how it ended' };
    const url = new URL(target.pathname + target.search, origin);
    const untilMs = clock.monotonicMs() + patienceMs;
    let pauseMs = pollPause(begun, clock.now());
    for (;;) {
      await clock.sleep(pauseMs, signal);
      const found = await this.#status(change, url, signal);
      if ('state' in found) return found;
      if (clock.monotonicMs() >= untilMs) {
        const minutes = Math.round(patienceMs / 60_000);
        return { state: 'unknown', detail: `Azure has been at it for ${minutes} min and goes on` };
      }
      pauseMs = found.pauseMs;
    }
  }

  /** How it stands. A status that cannot be read says nothing: the resource itself is asked instead. */
  async #status(
    { what }: ArmChange,
    url: URL,
    signal: AbortSignal,
  ): Promise<ChangeAnswer | { readonly pauseMs: number }> {
    const { client, tokens, clock } = this.#input;
    const authorization = `Bearer ${await tokens.get(signal)}`;
    const answer = await client.ask({ url, headers: { authorization } }, signal);
    if (answer.status === 429 || answer.status >= 500) return { pauseMs: pollPause(answer, clock.now()) };
    const read = statusSchema.safeParse(parsed(answer.body));
    if (answer.status !== 200 || !read.success)
      return { state: 'unknown', detail: `how it ended could not be asked: ${saidBy(answer)}` };
    const { status, error } = read.data;
    if (/^succeeded$/i.test(status)) return { state: 'ended', detail: 'Azure says that it succeeded' };
    if (/^(failed|cancell?ed)$/i.test(status)) {
      const said = [error?.code, error?.message].filter((part) => part !== undefined && part !== null);
      return { state: 'failed', detail: `${what}: Azure says ${status} (${said.join(': ')})` };
    }
    return { pauseMs: pollPause(answer, clock.now()) };
  }
}

function pollPause({ headers }: HttpAnswer, nowMs: number): number {
  const asked = headers['retry-after'];
  return asked === undefined ? usualPollMs : Math.min(longestPollMs, retryAfter(asked, nowMs));
}

function saidBy(answer: HttpAnswer): string {
  const { status, code, message } = refusalOf(answer);
  return [String(status), code, message].filter((part) => part !== '').join(' ');
}
