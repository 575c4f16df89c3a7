import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { ApiError, errorBody } from './api-error.ts';
import { type Faults, faultError, type Operation, type RequestSummary } from './faults.ts';
import type { TokenEndpoint } from './token-endpoint.ts';

/** A request as the routes see it. */
export interface ApiRequest {
  readonly project: string;
  /** Who asks; the address of a service account. */
  readonly caller: string;
  /** The parts of the path that the route names. */
  readonly ids: readonly string[];
  readonly parameters: URLSearchParams;
  readonly body: unknown;
  /** The header If-Match. */
  readonly ifMatch: string | undefined;
}

/** Gives the body of the answer, at once or later. */
export type Answer = (request: ApiRequest) => unknown;

export interface Route {
  readonly operation: Operation;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/projects/{project}`; its groups are the ids. */
  readonly path: RegExp;
  /** Of another API than BigQuery's: what stands before `/projects/{project}`. */
  readonly base?: string;
  readonly answer: Answer;
}

export interface RecordedRequest extends RequestSummary {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  /** Whether a bearer token was there; the token itself is not kept. */
  readonly hadToken: boolean;
  /** 0: never answered. */
  status: number;
}

export interface HttpDoubleOptions {
  readonly routes: readonly Route[];
  readonly faults: Faults;
  readonly tokens: TokenEndpoint;
  readonly requests: RecordedRequest[];
  /** False: everybody may come in without a token. */
  readonly requiresToken: boolean;
  readonly anonymousCaller: string;
}

/** Answers one HTTP request; hanging ones stay open until the server closes. */
export async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpDoubleOptions,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://double');
  const raw = await buffer(request);
  const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
  const isToken = url.pathname === '/token';
  const body = isToken ? undefined : parseJson(text);
  const match = isToken ? undefined : findRoute(request.method ?? '', url.pathname, options.routes);
  const recorded = record(request, url, body, isToken ? 'token' : (match?.route.operation ?? 'unknown'));
  options.requests.push(recorded);
  const fault = options.faults.take(recorded);
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (fault?.kind === 'slow') await delay(fault.delayMs ?? 100);
  const send = (status: number, value: unknown): void => {
    recorded.status = status;
    const retryAfter =
      fault?.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
    response.writeHead(status, {
      'content-type': 'application/json; charset=UTF-8',
      'x-double': 'bigquery',
      ...retryAfter,
    });
    response.end(fault?.kind === 'garbage' ? '<html>not json' : JSON.stringify(value));
  };
  try {
    const failure = fault && faultError(fault.kind);
    if (failure !== undefined) throw failure;
    if (isToken) {
      const answer = options.tokens.exchange(new URLSearchParams(text));
      send(answer.status, answer.body);
      return;
    }
    const caller = authenticate(request, options);
    if (match === undefined)
      throw new ApiError(
        404,
        'notFound',
        `the BigQuery double does not serve ${request.method ?? ''} ${url.pathname}`,
      );
    const { project, ids, route } = match;
    const ifMatch = request.headers['if-match'];
    send(200, await route.answer({ project, caller, ids, parameters: url.searchParams, body, ifMatch }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    send(error.status, errorBody(error));
  }
}

function findRoute(
  method: string,
  pathname: string,
  routes: readonly Route[],
): { readonly route: Route; readonly project: string; readonly ids: readonly string[] } | undefined {
  const below = /^(\/bigquery\/v2|\/v1beta1)?\/projects\/([^/]+)(\/.*)$/.exec(pathname);
  if (below === null) return undefined;
  const [, prefix = '', project = '', path = ''] = below;
  for (const route of routes) {
    const isHere = route.base === undefined ? prefix !== '/v1beta1' : prefix === route.base;
    const found = isHere && route.method === method ? route.path.exec(path) : null;
    if (found !== null)
      return { route, project: decodeURIComponent(project), ids: found.slice(1).map(decodeURIComponent) };
  }
  return undefined;
}

function authenticate(
  request: IncomingMessage,
  { tokens, requiresToken, anonymousCaller }: HttpDoubleOptions,
): string {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined && !requiresToken) return anonymousCaller;
  const caller = token === undefined ? undefined : tokens.callerOf(token);
  if (caller !== undefined) return caller;
  throw faultError('unauthenticated') ?? new ApiError(401, 'authError', 'invalid credentials');
}

const jobSchema = z.object({
  query: z.string().optional(),
  location: z.string().optional(),
  jobReference: z.object({ location: z.string().optional() }).optional(),
  configuration: z.object({ query: z.object({ query: z.string() }).optional() }).optional(),
});

function record(
  request: IncomingMessage,
  url: URL,
  body: unknown,
  operation: RecordedRequest['operation'],
): RecordedRequest {
  const job = jobSchema.safeParse(body);
  const query = job.data?.query ?? job.data?.configuration?.query?.query;
  const named = query === undefined ? undefined : /region-([a-z0-9-]+)/i.exec(query)?.[1];
  const location =
    job.data?.location ?? job.data?.jobReference?.location ?? url.searchParams.get('location') ?? named;
  return {
    operation,
    method: request.method ?? '',
    path: url.pathname + url.search,
    body,
    query,
    region: location?.toLowerCase(),
    hadToken: request.headers.authorization !== undefined,
    status: 0,
  };
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError(400, 'parseError', `Parse Error: ${String(cause)}`);
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
