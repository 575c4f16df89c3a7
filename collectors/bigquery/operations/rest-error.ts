import { z } from 'zod';
import { CollectError, messageOf } from '../../../src/sdk.ts';

/** An answer of the API that says no. Whoever gets none is given a CollectError: nobody knows then what became of the request. */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly status: number;
  /** As the API names it: `accessDenied`, `conditionNotMet`, `quotaExceeded`; empty where it does not. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.reason = reason;
  }
}

const failure = z.object({
  code: z.union([z.string(), z.number()]).optional(),
  response: z.object({ status: z.number(), data: z.unknown() }).optional(),
});

/** BigQuery says `errors[].reason`, other APIs of Google `status`. */
const body = z.object({
  error: z.object({
    message: z.string().default(''),
    status: z.string().default(''),
    errors: z.array(z.object({ reason: z.string().default('') })).default([]),
  }),
});
const tokenBody = z.object({ error: z.string(), error_description: z.string().default('') });

const longestMessage = 500;

/** What a request threw, as an answer or as the lack of one. */
export function restErrorOf(thrown: unknown, request: string): RestError | CollectError {
  if (thrown instanceof CollectError || thrown instanceof RestError) return thrown;
  const { response } = failure.safeParse(thrown).data ?? {};
  const options = { cause: thrown };
  if (response === undefined) {
    const text = messageOf(thrown).slice(0, longestMessage);
    const isLate = /abort|timeout|ETIMEDOUT/i.test(text);
    return new CollectError(isLate ? 'timeout' : 'unreachable', `${request}: no answer: ${text}`, options);
  }
  const { status, data } = response;
  const token = tokenBody.safeParse(data).data;
  if (token !== undefined)
    return new CollectError(
      status >= 500 ? 'unreachable' : 'denied',
      `${request}: no token: ${`${token.error}: ${token.error_description}`.slice(0, longestMessage)}; give a key that is valid, and check the clock`,
      options,
    );
  const api = body.safeParse(data).data?.error;
  const text = (api?.message ?? messageOf(thrown)).slice(0, longestMessage);
  if (status >= 500) return new CollectError('unreachable', `${request}: ${status}: ${text}`, options);
  const reason = api?.errors[0]?.reason ?? api?.status ?? '';
  return new RestError(status, reason, `${request}: ${reason || status}: ${text}`, options);
}

/** Asks for a pause; what was asked for was not done. */
export function isThrottled({ status, reason }: RestError): boolean {
  return status === 429 || /^(?:rateLimitExceeded|userRateLimitExceeded|RESOURCE_EXHAUSTED)$/.test(reason);
}
