/** Why a reading failed. The code becomes a metric label, so the set is closed. */
export const collectErrorCodes = [
  'unreachable',
  'denied',
  'timeout',
  'locked',
  'throttled',
  'unsupported',
  'malformed',
  'internal',
] as const;

export type CollectErrorCode = (typeof collectErrorCodes)[number];

/**
 * A reading that failed for a reason an operator can act on.
 *
 * - `unreachable`: no connection, or it broke; retried with backoff.
 * - `denied`: wrong password or missing privilege; the message holds the statement that mends it where one is known.
 * - `timeout`: the server or the network did not answer within the deadline.
 * - `locked`: a relation was locked and the reading gave way instead of queueing behind it.
 * - `throttled`: the service asked for a pause, or a budget of calls is spent; `retryAfterMs` says how long, where known.
 * - `unsupported`: this server version or setting does not offer the value.
 * - `malformed`: the server answered something this version of Reeve does not understand.
 * - `internal`: a fault of Reeve itself.
 */
export class CollectError extends Error {
  override readonly name = 'CollectError';
  readonly code: CollectErrorCode;
  /** Not to be tried again sooner, in milliseconds; the server said so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: CollectErrorCode,
    message: string,
    options?: ErrorOptions & { readonly retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** Whether a reading that failed so may succeed without anybody acting. */
export function isRetryable(code: CollectErrorCode): boolean {
  return code === 'unreachable' || code === 'timeout' || code === 'locked' || code === 'throttled';
}

/** Anything thrown, as a CollectError: what is not one yet is a fault of Reeve and says so. */
export function toCollectError(thrown: unknown): CollectError {
  if (thrown instanceof CollectError) return thrown;
  return new CollectError('internal', messageOf(thrown), { cause: thrown });
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** One thing wrong in the configuration. */
export interface ConfigProblem {
  /** Where, as in `targets[2].url`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

/** The configuration cannot be used. Holds every problem at once, so that one correction round is enough. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(source: string, problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ path, message }) => `  ${path === '' ? '(file)' : path}: ${message}`);
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(`${source}: ${count}\n${lines.join('\n')}`);
    this.problems = problems;
  }
}
