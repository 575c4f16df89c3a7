import { z } from 'zod';
import { CollectError, messageOf, retryAfterMs } from '../../src/sdk.ts';
import { bindRole, type Role } from './grants.ts';
import { networkAdvice } from './network-advice.ts';

/** What a failed request was about. */
export interface Asked {
  /** `datasets.list`, `jobs.list`, or the name of a query. */
  readonly request: string;
  readonly project: string;
  /** Empty for what belongs to no region. */
  readonly region: string;
  /** The role that allows it, and where it is given. */
  readonly role: Role;
  readonly roleProject: string;
}

const listingRoles = { 'datasets.list': 'metadataViewer', 'jobs.list': 'resourceViewer' } as const;

/** A list of a whole project, as what was asked. */
export function listing(request: keyof typeof listingRoles, project: string): Asked {
  return { request, project, region: '', role: listingRoles[request], roleProject: project };
}

/** The parts of a failure of the HTTP client that are looked at. */
const failure = z.object({
  code: z.union([z.string(), z.number()]).optional(),
  name: z.string().optional(),
  response: z
    .object({
      status: z.number(),
      headers: z.unknown(),
      data: z.unknown(),
    })
    .optional(),
});

const body = z.object({
  error: z.object({
    message: z.string().default(''),
    errors: z.array(z.object({ reason: z.string().default('') })).default([]),
  }),
});

/** Answer of a token endpoint: RFC 6749, 5.2. */
const tokenBody = z.object({ error: z.string(), error_description: z.string().default('') });

const minute = 60_000;
/** Reasons that ask for a pause, and for how long where the answer does not say. */
const pauses: Readonly<Record<string, number>> = {
  rateLimitExceeded: minute,
  userRateLimitExceeded: minute,
  quotaExceeded: 15 * minute,
};
const longestMessage = 500;

/** Anything that a request threw, as a CollectError that says what to do. */
export function toApiError(thrown: unknown, asked: Asked): CollectError {
  if (thrown instanceof CollectError) return thrown;
  const parsed = failure.safeParse(thrown).data;
  const where = `${asked.request} of project "${asked.project}"${asked.region === '' ? '' : ` in ${asked.region}`}`;
  if (parsed?.response === undefined) return withoutAnswer(thrown, parsed, where);
  const { status, headers, data } = parsed.response;
  const token = tokenBody.safeParse(data).data;
  if (token !== undefined) {
    const text = `${token.error}: ${token.error_description}`.slice(0, longestMessage);
    const message = `no token for ${where}: ${text}; give a key that is valid, and check the clock`;
    return new CollectError(status >= 500 ? 'unreachable' : 'denied', message, { cause: thrown });
  }
  const api = body.safeParse(data).data?.error;
  const reason = api?.errors[0]?.reason ?? '';
  const text = (api?.message ?? messageOf(thrown)).slice(0, longestMessage);
  const options = { cause: thrown };
  if (status === 429 || reason in pauses) {
    const pauseMs = askedPauseMs(headers) ?? pauses[reason] ?? minute;
    return new CollectError('throttled', `${where}: ${reason || status}: ${text}`, {
      ...options,
      retryAfterMs: pauseMs,
    });
  }
  if (status === 401) {
    return new CollectError('denied', `${where}: the token was refused: ${text}; give a valid key`, options);
  }
  if (status === 403) {
    const remedy = bindRole(roleOf(text) ?? asked.role, projectOf(text) ?? asked.roleProject);
    return new CollectError('denied', `${where}: ${text}: ${remedy}`, options);
  }
  if (status === 404) {
    return new CollectError('unsupported', `${where}: ${text}; correct project and regions`, options);
  }
  if (reason === 'bytesBilledLimitExceeded') {
    return new CollectError('unsupported', `${where}: ${text}; raise maximumBytesBilled`, options);
  }
  if (status >= 500 || status === 408) return new CollectError('unreachable', `${where}: ${text}`, options);
  return new CollectError('unsupported', `${where}: ${reason || status}: ${text}`, options);
}

/** Which role holds a permission that a refusal names. */
const permissions: readonly (readonly [RegExp, Role])[] = [
  [/bigquery\.jobs\.create/, 'jobUser'],
  [/bigquery\.(?:jobs\.list|reservation|capacityCommitment)/, 'resourceViewer'],
  [/bigquery\.(?:tables|datasets)\./, 'metadataViewer'],
  [/recommender\./, 'recommenderViewer'],
];

function roleOf(message: string): Role | undefined {
  return permissions.find(([pattern]) => pattern.test(message))?.[1];
}

/** `Access Denied: Project <project>: …` */
function projectOf(message: string): string | undefined {
  return /Project ([a-z0-9.:-]*[a-z0-9])(?::|\s|$)/.exec(message)?.[1];
}

function withoutAnswer(
  thrown: unknown,
  parsed: z.infer<typeof failure> | undefined,
  where: string,
): CollectError {
  const text = messageOf(thrown).slice(0, longestMessage);
  const names = `${parsed?.code ?? ''} ${parsed?.name ?? ''}`;
  if (/Abort|Timeout|ETIMEDOUT/i.test(names)) {
    return new CollectError('timeout', `${where}: no answer in time`, { cause: thrown });
  }
  if (/default credentials|credential file|invalid_grant|private key|PEM|DECODER|asn1/i.test(text)) {
    const message = `no credentials for ${where}: ${text}; give keyFile or credentials`;
    return new CollectError('denied', message, { cause: thrown });
  }
  if (
    /ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|EPROTO|EHOST|ENET|socket|network|Premature|TLS|SSL|CERT|self-signed|invalid json/i.test(
      `${names} ${text}`,
    )
  ) {
    const advice = networkAdvice(`${names} ${text}`);
    return new CollectError('unreachable', `${where}: ${text}; ${advice}`, { cause: thrown });
  }
  return new CollectError('malformed', `${where}: ${text}`, { cause: thrown });
}

function askedPauseMs(headers: unknown): number | undefined {
  const text = readableHeaders.safeParse(headers).data?.get('retry-after');
  return retryAfterMs(text ?? undefined, Date.now());
}

/** Headers of the HTTP client's own class. */
const readableHeaders = z.custom<{ get(name: string): string | null }>(
  (value) => typeof value === 'object' && value !== null && 'get' in value,
);
