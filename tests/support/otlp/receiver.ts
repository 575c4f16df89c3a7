import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { findFreePort } from '../net/free-port.ts';
import { listenOnLoopback, stopListening } from '../net/http-listening.ts';
import { waitUntil } from '../wait-until.ts';
import { decodeMetrics, type MetricPoint, type ResourceMetrics } from './decode-metrics.ts';
import { decodeTraces, type ResourceSpans, type Span } from './decode-traces.ts';

/** What the receiver does with the next exports: keep them, refuse them with a status, or never answer. */
export type ReceiverMode = 'accept' | 'hang' | 400 | 401 | 413 | 429 | 500 | 503;

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Empty when sent as it is. */
  readonly contentEncoding: string;
  /** As it came over the wire. */
  readonly sizeBytes: number;
  /** After gunzip. */
  readonly decodedSizeBytes: number;
  /** 0: left hanging. */
  readonly status: number;
}

/** A local OTLP/HTTP end point for binary protobuf. Lists grow as exports are accepted. */
export interface OtlpReceiver extends AsyncDisposable {
  /** Base: `/v1/metrics` and `/v1/traces` are below. */
  readonly url: string;
  readonly port: number;
  readonly requests: readonly ReceivedRequest[];
  readonly resourceMetrics: readonly ResourceMetrics[];
  readonly resourceSpans: readonly ResourceSpans[];
  /** All data points received, oldest first. */
  points(name?: string): readonly MetricPoint[];
  spans(name?: string): readonly Span[];
  set(mode: ReceiverMode): void;
  /** Resolves with the metric's points as soon as there is one. */
  waitForMetric(name: string, timeoutMs?: number): Promise<readonly MetricPoint[]>;
  waitForSpan(name: string, timeoutMs?: number): Promise<readonly Span[]>;
  clear(): void;
  close(): Promise<void>;
}

/** Starts it on 127.0.0.1, on a free port if none is given. */
export async function startOtlpReceiver(options: { readonly port?: number } = {}): Promise<OtlpReceiver> {
  const received = {
    requests: [] as ReceivedRequest[],
    resourceMetrics: [] as ResourceMetrics[],
    resourceSpans: [] as ResourceSpans[],
  };
  let mode: ReceiverMode = 'accept';
  const port = options.port ?? (await findFreePort());
  const server = createServer((request, response) => {
    // A sender that goes away in the middle rejects this; its own side of the test sees that.
    receive(request, response, mode, received).catch(() => response.destroy());
  });
  await listenOnLoopback(server, port);

  const points = (name?: string): readonly MetricPoint[] =>
    received.resourceMetrics
      .flatMap((group) => group.points)
      .filter((point) => name === undefined || point.name === name);
  const spans = (name?: string): readonly Span[] =>
    received.resourceSpans
      .flatMap((group) => group.spans)
      .filter((span) => name === undefined || span.name === name);
  const close = (): Promise<void> => stopListening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    ...received,
    points,
    spans,
    set(next) {
      mode = next;
    },
    waitForMetric: (name, timeoutMs = 10_000) =>
      waitUntil(`the metric ${name}`, () => nonEmpty(points(name)), { timeoutMs }),
    waitForSpan: (name, timeoutMs = 10_000) =>
      waitUntil(`the span ${name}`, () => nonEmpty(spans(name)), { timeoutMs }),
    clear() {
      for (const list of Object.values(received)) list.length = 0;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Received {
  readonly requests: ReceivedRequest[];
  readonly resourceMetrics: ResourceMetrics[];
  readonly resourceSpans: ResourceSpans[];
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  mode: ReceiverMode,
  received: Received,
): Promise<void> {
  const raw = await buffer(request);
  const contentEncoding = request.headers['content-encoding'] ?? '';
  const body = contentEncoding === 'gzip' ? gunzipSync(raw) : raw;
  const path = request.url ?? '/';
  const status = mode === 'hang' ? 0 : mode === 'accept' ? accept(request, path, body, received) : mode;
  received.requests.push({
    path,
    headers: request.headers,
    contentEncoding,
    sizeBytes: raw.length,
    decodedSizeBytes: body.length,
    status,
  });
  if (status === 0) return;
  response.writeHead(status, { 'content-type': 'application/x-protobuf' });
  response.end(); // an empty Export…ServiceResponse is zero bytes: full success
}

/** Keeps what it can read; answers as the OTLP specification asks otherwise. */
function accept(request: IncomingMessage, path: string, body: Buffer, received: Received): number {
  if (request.headers['content-type'] !== 'application/x-protobuf') return 415;
  try {
    if (path === '/v1/metrics') received.resourceMetrics.push(...decodeMetrics(body));
    else if (path === '/v1/traces') received.resourceSpans.push(...decodeTraces(body));
    else return 404;
  } catch (error) {
    if (error instanceof RangeError) return 400; // not protobuf
    throw error;
  }
  return 200;
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | false {
  return list.length > 0 && list;
}
