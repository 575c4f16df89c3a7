import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { createServer as createTlsServer } from 'node:https';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { WebConfig, WebConfigSource, WebTlsConfig } from '../core/ports/web-config.ts';
import { createBasicAuth } from './basic-auth.ts';
import type { Handler, Listener, Reply } from './listener.ts';
import { closeServer, createRequestListener, listen, refuseOtherMethods, serverLimits } from './listener.ts';
import { isClientAllowed, secureContextOptions, tlsServerOptions } from './tls.ts';
import { watchWebConfig } from './web-config-watch.ts';

/** Answers a scrape; the exporter's `scrape`. */
export type ScrapeHandler = (request: {
  readonly accept?: string | undefined;
  readonly acceptEncoding?: string | undefined;
}) => Promise<{
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: readonly Buffer[];
}>;

export interface MetricsServerInput {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Without it there is neither TLS nor authentication. */
  readonly webConfig?: WebConfigSource | undefined;
  readonly version: string;
  readonly scrape: ScrapeHandler;
  /** What is still awaited before the agent is ready, one line each; empty when it is. */
  readonly awaited: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Serves `/metrics`, `/healthz`, `/readyz` and a page that links to them.
 *
 * @throws {ListenError} when the address cannot be used.
 * @throws {ConfigError} when the web configuration file is broken.
 */
export async function startMetricsServer(input: MetricsServerInput): Promise<Listener> {
  const { host, port, clock, log, webConfig } = input;
  const watch = webConfig === undefined ? undefined : watchWebConfig(webConfig, clock, log);
  const readConfig = () => watch?.current() ?? open;
  const listener = createRequestListener(guard(createRoutes(input, readConfig), readConfig), log);
  const { tls } = readConfig();
  const server: Server | TlsServer =
    tls === undefined
      ? createServer(serverLimits, listener)
      : createTlsServerFor(tls, readConfig, listener, log);
  const described = {
    address: joinAddress(host, port),
    refused: 'not permitted; ports below 1024 need a privilege',
    advice: 'change metrics.listen',
  };
  await listen(server, { host, port }, described, log);
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${joinAddress(host, actualPort)}`,
    port: actualPort,
    close: (deadlineMs) => closeServer(server, deadlineMs),
  };
}

const open: WebConfig = { tls: undefined, headers: {}, users: new Map() };

/** Reasons shown by `/readyz`; with a thousand targets nobody reads all. */
const shownReasons = 20;

function createRoutes(input: MetricsServerInput, readConfig: () => WebConfig): Handler {
  const routes: Readonly<Record<string, (request: IncomingMessage) => Reply | Promise<Reply>>> = {
    '/': () => landingPage(input.version),
    '/metrics': async ({ headers }) => {
      const {
        status,
        headers: replyHeaders,
        chunks,
      } = await input.scrape({
        accept: headers.accept,
        acceptEncoding: joinHeader(headers['accept-encoding']),
      });
      return { status, headers: replyHeaders, body: chunks };
    },
    '/healthz': () => ({ status: 200, body: 'ok\n' }),
    '/readyz': () => readiness(input.awaited(), readConfig().users.size === 0),
  };
  return (request, path) => {
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined)
      return { status: 404, body: `not found; there are ${Object.keys(routes).slice(1).join(', ')}\n` };
    return refuseOtherMethods(request.method) ?? route(request);
  };
}

function readiness(reasons: readonly string[], isOpen: boolean): Reply {
  if (reasons.length === 0) return { status: 200, body: 'ready\n' };
  if (!isOpen) return { status: 503, body: 'not ready\n' };
  const hidden = reasons.length - shownReasons;
  const shown = [...reasons.slice(0, shownReasons), ...(hidden > 0 ? [`and ${hidden} more`] : [])];
  return { status: 503, body: `not ready, waiting for:\n${shown.map((reason) => `- ${reason}\n`).join('')}` };
}

function landingPage(version: string): Reply {
  const links = ['metrics', 'healthz', 'readyz']
    .map((name) => `<li><a href="/${name}">/${name}</a></li>`)
    .join('');
  const body = `<!doctype html><html lang="en"><head><title>Reeve</title></head><body><h1>Reeve ${version}</h1><ul>${links}</ul></body></html>\n`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

/** Probes carry no password; where one is set, these say nothing but yes or no. */
const unguarded: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Authentication before, configured headers after. */
function guard(handle: Handler, readConfig: () => WebConfig): Handler {
  const auth = createBasicAuth();
  return async (request, path) => {
    const { users, headers } = readConfig();
    const verdict =
      users.size === 0 || unguarded.has(path)
        ? 'allowed'
        : await auth.check(request.headers.authorization, users);
    const reply = verdict === 'allowed' ? await handle(request, path) : refusals[verdict];
    return { ...reply, headers: { ...headers, ...reply.headers } };
  };
}

const refusals = {
  denied: { status: 401, headers: { 'www-authenticate': 'Basic' }, body: 'unauthorized\n' },
  busy: { status: 429, headers: { 'retry-after': '5' }, body: 'too many logins at once\n' },
} as const satisfies Record<string, Reply>;

/** As long as the headers of a request may take. */
const handshakeTimeout = serverLimits.headersTimeout;

function createTlsServerFor(
  tls: WebTlsConfig,
  readConfig: () => WebConfig,
  listener: ReturnType<typeof createRequestListener>,
  log: Log,
): TlsServer {
  const server = createTlsServer({ ...serverLimits, handshakeTimeout, ...tlsServerOptions(tls) }, listener);
  let current = tls;
  // Before the handshake of each connection: a renewed certificate serves the next one.
  server.prependListener('connection', () => {
    const next = readConfig().tls;
    if (next === current || next === undefined) return;
    server.setSecureContext(secureContextOptions(next));
    // Whether clients are asked for a certificate is fixed when a server is made.
    if ((next.clientAuth === 'NoClientCert') !== (current.clientAuth === 'NoClientCert'))
      log.warn('client_auth_type between NoClientCert and another needs a restart to take effect');
    current = next;
  });
  server.prependListener('secureConnection', (socket) => {
    if (!isClientAllowed(socket, current)) socket.destroy();
  });
  return server;
}

function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function joinHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
