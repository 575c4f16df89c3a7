import { CollectError, retryAfterMs } from '../../src/sdk.ts';
import type { HttpAnswer } from './http-client.ts';

/** What Azure says when it refuses. */
export interface Refusal {
  readonly status: number;
  /** `AuthorizationFailed`, `ExpiredAuthenticationToken`, …; empty when it gave none. */
  readonly code: string;
  readonly message: string;
}

/** The error inside an answer: `{ error: { code, message } }`, or the same without the envelope. */
export function refusalOf({ status, body }: HttpAnswer): Refusal {
  const outer = asRecord(parsed(body));
  const error = asRecord(outer['error']);
  const code = text(error['code'] ?? outer['code'] ?? outer['Code']);
  const message = text(error['message'] ?? outer['message'] ?? outer['Message']);
  return { status, code, message: withoutTokens(message).slice(0, longestMessage) };
}

/** A refusal as a CollectError. `what` was asked for, `account` names whose it is. */
export function toServiceError(
  answer: HttpAnswer,
  what: string,
  remedy: string,
  nowMs: number,
): CollectError {
  const { status, code, message } = refusalOf(answer);
  const said = [code, message].filter((part) => part !== '').join(': ');
  if (status === 429 || (status === 503 && answer.headers['retry-after'] !== undefined)) {
    const pauseMs = retryAfter(answer.headers['retry-after'], nowMs);
    return new CollectError(
      'throttled',
      `${what}: Azure asks for a pause${said === '' ? '' : ` (${said})`}`,
      { retryAfterMs: pauseMs },
    );
  }
  if (status === 401) {
    const text =
      'Azure did not accept the token (expired, or of another directory): check identity, and the clock of this machine';
    return new CollectError('denied', `${what}: ${text} (${said})`);
  }
  if (status === 403) return new CollectError('denied', `${what}: permission denied: ${said}: ${remedy}`);
  if (status === 404) {
    return new CollectError('unreachable', `${what}: not there: correct account or resourceId (${said})`);
  }
  if (status === 408 || status === 504)
    return new CollectError('timeout', `${what}: Azure gave up in time (${status} ${said})`);
  if (status >= 500) return new CollectError('unreachable', `${what}: Azure failed (${status} ${said})`);
  if (status === 400) return new CollectError('unsupported', `${what}: Azure refused the question: ${said}`);
  return new CollectError('malformed', `${what}: Azure answered ${status} ${said}`);
}

/** `Retry-After` as seconds or a date; a minute when it is neither, because Azure counts by the minute at least. */
export function retryAfter(header: string | undefined, nowMs: number): number {
  return retryAfterMs(header, nowMs) ?? 60_000;
}

/** Failures that the next question would meet too. */
export const hitsAll: ReadonlySet<string> = new Set(['throttled', 'unreachable', 'timeout']);

/** JSON, or undefined when it is none. */
export function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // what it is instead is the caller's to say
  }
}

const longestMessage = 500;

/** Tokens are removed before a text is cut: what is left of one would not be known for a secret any more. */
function withoutTokens(message: string): string {
  return message.replaceAll(/\beyJ[\w-]+(?:\.[\w-]*)*/g, '[secret]');
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() : '';
}
