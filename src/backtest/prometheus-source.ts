import { z } from 'zod';

/** One series over time: its labels and what it was at each step that has a value. */
export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Unix time in milliseconds and value, oldest first; a step without a sample is not here. */
  readonly points: readonly (readonly [atMs: number, value: number])[];
}

/** Times are Unix time in milliseconds, ends included. */
export interface RangeRequest {
  readonly query: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export interface SeriesSource {
  /** @throws {PrometheusError} when it cannot be reached, refuses, or is no Prometheus. */
  range(request: RangeRequest): Promise<readonly RangeSeries[]>;
}

/** The message says what to do, and never holds a credential. */
class PrometheusError extends Error {
  override readonly name = 'PrometheusError';
}

export interface PrometheusAccess {
  /** Base URL; a path before `/api/v1` and a user with password are heeded. */
  readonly url: URL;
  /** Bearer token. */
  readonly token: string | undefined;
  readonly timeoutMs: number;
}

/**
 * Reads ranges over Prometheus' HTTP API, as Thanos, Mimir and VictoriaMetrics speak it too.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
 */
export function createPrometheusSource({ url, token, timeoutMs }: PrometheusAccess): SeriesSource {
  const endpoint = endpointOf(url);
  const authorization = authorizationOf(url, token);
  return {
    async range({ query, fromMs, toMs, stepMs }) {
      const body = new URLSearchParams({
        query,
        start: String(fromMs / 1_000),
        end: String(toMs / 1_000),
        step: String(stepMs / 1_000),
      });
      const headers = authorization === undefined ? {} : { authorization };
      const signal = AbortSignal.timeout(timeoutMs);
      const fail = (error: unknown): never => {
        throw new PrometheusError(unreachable(endpoint, error, timeoutMs), { cause: error });
      };
      const response = await fetch(endpoint, { method: 'POST', body, headers, signal }).catch(fail);
      return readAnswer(endpoint, response.status, await response.text().catch(fail));
    },
  };
}

/** Put together part by part: a path with two slashes, resolved against the URL, would be another host. */
function endpointOf(url: URL): URL {
  const endpoint = new URL(url.origin);
  endpoint.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/query_range`;
  return endpoint;
}

const answerSchema = z.union([
  z.object({
    status: z.literal('success'),
    data: z.object({
      resultType: z.literal('matrix'),
      result: z.array(
        z.object({
          metric: z.record(z.string(), z.string()),
          values: z.array(z.tuple([z.number(), z.string()])),
        }),
      ),
    }),
  }),
  z.object({ status: z.literal('error'), error: z.string() }),
]);

function readAnswer(endpoint: URL, status: number, body: string): readonly RangeSeries[] {
  const where = `${endpoint.origin}${endpoint.pathname}`;
  if (status === 401 || status === 403)
    throw new PrometheusError(
      `${where} refused with status ${status}: give a user and password in the URL, or a bearer token in REEVE_PROMETHEUS_TOKEN`,
    );
  const answer = answerSchema.safeParse(parseJson(body));
  if (!answer.success)
    throw new PrometheusError(
      `${where} answered with status ${status} and not as Prometheus does: is --prometheus the base URL, such as http://prometheus:9090 ?`,
    );
  if (answer.data.status === 'error') throw new PrometheusError(`${where} said: ${answer.data.error}`);
  return answer.data.data.result.map(({ metric, values }) => ({
    labels: metric,
    points: values.map(([at, value]) => [Math.round(at * 1_000), Number(value)] as const),
  }));
}

/** Undefined when it is not JSON; no answer is. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of an HTTP header; fetch would repeat another value in its error. */
const headerText = /^[\x21-\x7e]+$/;

function authorizationOf(url: URL, token = ''): string | undefined {
  const bearer = token.trim();
  if (bearer !== '') {
    if (headerText.test(bearer)) return `Bearer ${bearer}`;
    throw new PrometheusError(
      'REEVE_PROMETHEUS_TOKEN holds spaces, line breaks or letters beyond ASCII, which no bearer token does',
    );
  }
  if (url.username === '') return undefined;
  const login = `${decoded(url.username)}:${decoded(url.password)}`;
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

/** A percent sign that escapes nothing stands for itself. */
function decoded(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escaped) =>
    Buffer.from(escaped.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

function unreachable(endpoint: URL, error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return `${endpoint.origin} did not answer within ${timeoutMs / 1_000} s: ask for a shorter time (--from) or fewer points (--step)`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  return `${endpoint.origin} cannot be reached: ${cause}`;
}
