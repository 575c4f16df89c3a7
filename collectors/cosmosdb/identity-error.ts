import { CollectError, messageOf } from '../../src/sdk.ts';
import type { CosmosdbOptions } from './config.ts';
import { codeOf, connectionError } from './connection-error.ts';
import { retryAfter } from './service-error.ts';

export interface IdentityAsked {
  /** Where tokens come from, `https://…` */
  readonly authority: string;
  readonly identity: CosmosdbOptions['identity'];
}

/** Why there is no token, and what to do about it. The library's error is not kept as `cause`: it may hold the request. */
export function toIdentityError(thrown: unknown, asked: IdentityAsked): CollectError {
  if (thrown instanceof CollectError) return thrown;
  const source = sourceOf(asked);
  const text = reasonOf(thrown);
  const whole = everyMessage(thrown);
  if (brokenConnection.test(codeOf(thrown)))
    return new CollectError('unreachable', `no token: ${connectionError(source, thrown).message}`);
  if (thrown instanceof Error && /AbortError/.test(thrown.name))
    return new CollectError('timeout', `no token from ${source} in time`);
  const status = statusOf(thrown);
  if (status === 429) return refusedForNow(source);
  if ((status ?? 0) >= 500 || failedForNow.test(whole))
    return new CollectError(
      'unreachable',
      `no token: ${source} failed and gave none; it may do so the next time`,
    );
  if (connectionWords.test(whole))
    return new CollectError('unreachable', `no token from ${source}: ${text}: ${remedyFor(asked.identity)}`);
  if (/AADSTS7000215|invalid_client/.test(whole) && asked.identity?.clientSecret !== undefined)
    return new CollectError(
      'denied',
      `no token from ${source}: the secret is wrong or has expired: correct identity.clientSecret.secret`,
    );
  return new CollectError('denied', `no token: ${text}: ${remedyFor(asked.identity)}`);
}

/** Who was to give the token: the authority only knows applications. */
function sourceOf({ authority, identity }: IdentityAsked): string {
  if (identity?.clientSecret !== undefined) return URL.parse(authority)?.host ?? authority;
  return `the ${identity?.managed === undefined ? 'workload or managed' : 'managed'} identity of this machine`;
}

/** An authority that answers this status instead of saying who it knows; undefined when the status is no trouble. */
export function toAuthorityError(status: number, host: string): CollectError | undefined {
  if (status === 200) return undefined;
  if (status === 429) return refusedForNow(host);
  if (status >= 500)
    return new CollectError(
      'unreachable',
      `no token: ${host} failed (${status}); it may give one the next time`,
    );
  return new CollectError(
    'denied',
    `no token: ${host} does not know the directory: correct the tenant (identity.clientSecret.tenant, or AZURE_TENANT_ID of a workload identity; ${status})`,
  );
}

/** What a person changes, by what was configured. */
export function remedyFor(identity: CosmosdbOptions['identity']): string {
  if (identity?.clientSecret !== undefined)
    return 'correct tenant, clientId and secret of identity.clientSecret';
  return identity?.managed === undefined
    ? 'give identity.clientSecret, or give this machine a managed identity'
    : 'give this machine the managed identity that identity.managed names';
}

function refusedForNow(host: string): CollectError {
  // The library does not tell for how long.
  const retryAfterMs = retryAfter(undefined, 0);
  return new CollectError('throttled', `no token: ${host} asks for a pause`, { retryAfterMs });
}

/** By the codes of Node.js. */
const brokenConnection = /^(?:E[A-Z]+|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS)/;
const connectionWords =
  /\b(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EHOSTUNREACH|network_error|socket hang up)\b/i;
const failedForNow = /no "?expiresOn"?|temporarily_unavailable|server_error|service_unavailable/i;

/** The status that the library keeps deep inside; undefined when nothing answered. */
function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  for (const name of ['status', 'statusCode'] as const) {
    const status: unknown = Reflect.get(thrown, name);
    if (typeof status === 'number') return status;
  }
  return hasErrors(thrown)
    ? thrown.errors.map(statusOf).findLast((status) => status !== undefined)
    : statusOf(thrown.cause);
}

/** Of a chain the library keeps every attempt, though in no AggregateError. */
function hasErrors(thrown: Error): thrown is Error & { readonly errors: readonly unknown[] } {
  return 'errors' in thrown && Array.isArray(thrown.errors);
}

function everyMessage(thrown: unknown): string {
  return thrown instanceof Error && hasErrors(thrown)
    ? thrown.errors.map(messageOf).join(' ')
    : messageOf(thrown);
}

/** What the service or the library says, each attempt of a chain in a few words. */
function reasonOf(thrown: unknown): string {
  const attempts = thrown instanceof Error && hasErrors(thrown) ? thrown.errors : [thrown];
  return attempts.map((attempt) => shortened(messageOf(attempt))).join('; ');
}

const longestReason = 200;

/** The words of the service without where to read on, whole words only. */
function shortened(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ').trim();
  const [said = line] = /AADSTS\d+: .*?(?= Trace ID:| - Correlation ID:|$)/.exec(line) ?? [];
  const text = said
    .replace(
      /\s*(?:In DefaultAzureCredential|See the troubleshooting guide|To troubleshoot, visit|See https?:).*$/i,
      '',
    )
    .replace(/[\s.:]+$/, '');
  if (text.length <= longestReason) return text;
  const cut = text.slice(0, longestReason + 1);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), 1))} …`;
}
