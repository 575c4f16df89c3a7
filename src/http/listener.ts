import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';
import { type Admission, createAdmission, mostRequests } from './admission.ts';
import { boundConnections } from './connections.ts';

/** What a handler answers. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written in this order. */
  readonly body: string | readonly Buffer[];
}

/** Answers one request; `path` is without the query. */
export type Handler = (request: IncomingMessage, path: string) => Reply | Promise<Reply>;

/** A server that accepts connections. */
export interface Listener {
  /** What a person types to reach it: `http://127.0.0.1:9464` or the path of the socket. */
  readonly url: string;
  /** The port in use; of interest when port 0 was asked for. Undefined for a unix socket. */
  readonly port: number | undefined;
  /** Accepts nothing new, lets running requests finish for at most this time, then ends every connection. */
  close(deadlineMs?: number): Promise<void>;
}

/** The address cannot be used. The message says which and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Bounds for a server that only ever reads small requests. */
export const serverLimits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  /** Above Prometheus' usual interval of 15 s; who scrapes less often connects anew. */
  keepAliveTimeout: 20_000,
  connectionsCheckingInterval: 5_000,
} as const satisfies ServerOptions;

const mostConnections = 256;
const defaultCloseMs = 5_000;

/** A request listener that turns what a handler returns or throws into a response. */
export function createRequestListener(handle: Handler, log: Log): RequestListener {
  const admission = createAdmission();
  return (request, response) => {
    const verdict = admission.admit(request, response);
    if (verdict === 'pipelined') {
      request.socket.destroy();
      return;
    }
    const answer = verdict === 'full' ? () => tooManyRequests : handle;
    respond(answer, request, response, admission).catch((error: unknown) => {
      log.error('request failed', { error, method: request.method });
      if (response.headersSent) response.destroy();
      else sendReply(request, response, failed, admission);
    });
  };
}

const failed: Reply = { status: 500, body: 'internal error: see the log of reeve\n' };
const tooManyRequests: Reply = {
  status: 503,
  headers: { 'retry-after': '5', connection: 'close' },
  body: `too many requests: ${mostRequests} are under way already, ask again later\n`,
};

/** What the error message says about an address. */
export interface AddressDescription {
  readonly address: string;
  /** What to do when it is refused to us. */
  readonly refused: string;
  readonly advice: string;
}

/** Begins to listen. */
export async function listen(
  server: Server | TlsServer,
  where: { readonly host: string; readonly port: number } | { readonly path: string },
  described: AddressDescription,
  log: Log,
): Promise<void> {
  boundConnections(server, mostConnections, log);
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: Error) =>
      reject(new ListenError(listenMessage(error, described), { cause: error }));
    server.once('error', refuse);
    server.listen({ ...where }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
  // Such as too many open files while accepting; without a listener it would end the process.
  server.on('error', (error) => log.error('connection could not be accepted', { error }));
}

/** Ends a server gracefully, and forcibly after the deadline. */
export async function closeServer(server: Server | TlsServer, deadlineMs = defaultCloseMs): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await closed;
  clearTimeout(timer);
}

/** Only GET and HEAD. */
export function refuseOtherMethods(method: string | undefined): Reply | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  return { status: 405, headers: { allow: 'GET, HEAD' }, body: 'method not allowed: use GET\n' };
}

function listenMessage(error: unknown, { address, refused, advice }: AddressDescription): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return `listen EADDRINUSE ${address}: another process is listening there; ${advice} or stop that process`;
  if (code === 'EACCES') return `listen EACCES ${address}: ${refused}; ${advice}`;
  if (code === 'EADDRNOTAVAIL')
    return `listen EADDRNOTAVAIL ${address}: this machine has no such address; ${advice}`;
  if (code === 'ENOTFOUND') return `listen ENOTFOUND ${address}: the host name is not known here; ${advice}`;
  return `cannot listen on ${address}: ${messageOf(error)}`;
}

async function respond(
  handle: Handler,
  request: IncomingMessage,
  response: ServerResponse,
  admission: Admission,
): Promise<void> {
  const path = (request.url ?? '/').replace(/[?#].*$/, '');
  const reply = await handle(request, path);
  // The client is gone: nothing is to be kept for it.
  if (!response.destroyed) sendReply(request, response, reply, admission);
}

function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  admission: Admission,
): void {
  const chunks = typeof reply.body === 'string' ? [Buffer.from(reply.body)] : reply.body;
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const type = typeof reply.body === 'string' ? { 'content-type': 'text/plain; charset=utf-8' } : {};
  response.writeHead(reply.status, { ...type, ...reply.headers, 'content-length': length });
  if (request.method !== 'HEAD') {
    response.cork();
    for (const chunk of chunks) response.write(chunk);
    response.uncork();
  }
  response.end();
  admission.answered(response);
}
