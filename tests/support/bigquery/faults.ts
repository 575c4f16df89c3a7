import { ApiError } from './api-error.ts';

/** The surfaces of the double, as a test names them. */
export type Operation =
  | 'token'
  | 'jobs.query'
  | 'jobs.insert'
  | 'jobs.get'
  | 'jobs.cancel'
  | 'jobs.list'
  | 'getQueryResults'
  | 'datasets.list'
  | 'datasets.get'
  | 'tables.list'
  | 'tables.get'
  | 'tables.patch'
  | 'tables.testIamPermissions'
  | 'rowAccessPolicies.list'
  | 'quota.get'
  | 'quota.create'
  | 'quota.patch'
  | 'quota.delete';

export type FaultKind =
  | 'rateLimitExceeded'
  | 'quotaExceeded'
  | 'tooManyRequests'
  | 'accessDenied'
  | 'unauthenticated'
  | 'backendError'
  | 'unavailable'
  /** Somebody changed it since: 412. */
  | 'conditionNotMet'
  /** Takes the request and never answers. */
  | 'hang'
  /** Drops the connection. */
  | 'reset'
  /** Answers 200 with something that is not JSON. */
  | 'garbage'
  /** Answers correctly, `delayMs` later. */
  | 'slow';

export interface Fault {
  readonly kind: FaultKind;
  /** Default: every operation but `token`. */
  readonly on?: Operation | readonly Operation[];
  /** Only requests that concern this region. */
  readonly region?: string;
  /** Only jobs whose SQL contains this. */
  readonly query?: string;
  /** How often; default until it is lifted. */
  readonly times?: number;
  readonly delayMs?: number;
  /** Value of the header Retry-After. */
  readonly retryAfterSeconds?: number;
}

export interface RequestSummary {
  readonly operation: Operation | 'unknown';
  readonly region: string | undefined;
  readonly query: string | undefined;
}

const errors: Partial<Record<FaultKind, ApiError>> = {
  rateLimitExceeded: new ApiError(
    403,
    'rateLimitExceeded',
    'Exceeded rate limits: too many api requests per user per method for this user_method. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas',
  ),
  quotaExceeded: new ApiError(
    403,
    'quotaExceeded',
    'Quota exceeded: Your project exceeded quota for free query bytes scanned.',
  ),
  tooManyRequests: new ApiError(429, 'rateLimitExceeded', 'Resource exhausted: too many requests'),
  accessDenied: new ApiError(
    403,
    'accessDenied',
    'Access Denied: Permission bigquery.jobs.listAll denied on the project (or it may not exist).',
  ),
  unauthenticated: new ApiError(
    401,
    'authError',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  ),
  backendError: new ApiError(
    500,
    'backendError',
    'An internal error occurred and the request could not be completed.',
  ),
  conditionNotMet: new ApiError(412, 'conditionNotMet', 'Precondition Failed'),
  unavailable: new ApiError(503, 'backendError', 'Service unavailable. Please try again.'),
};

export function faultError(kind: FaultKind): ApiError | undefined {
  return errors[kind];
}

/** The faults in force. */
export class Faults {
  #active: { readonly fault: Fault; left: number }[] = [];

  /** Answers a function that lifts it. */
  add(fault: Fault): () => void {
    const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
    this.#active.push(entry);
    return () => {
      this.#active = this.#active.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#active = [];
  }

  /** The first fault that concerns the request, counted as used. */
  take(request: RequestSummary): Fault | undefined {
    const entry = this.#active.find(({ fault, left }) => left > 0 && concerns(fault, request));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    return entry.fault;
  }
}

function concerns({ on, region, query }: Fault, request: RequestSummary): boolean {
  const operations = on === undefined ? undefined : [on].flat();
  if (
    operations === undefined
      ? request.operation === 'token'
      : !operations.some((each) => each === request.operation)
  )
    return false;
  if (query !== undefined && request.query?.includes(query) !== true) return false;
  return region === undefined || request.region === region;
}
