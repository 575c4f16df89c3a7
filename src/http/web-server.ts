import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { createServer as createTlsServer } from 'node:https';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { WebConfig, WebConfigSource, WebTlsConfig } from '../core/ports/web-config.ts';
import type { Handler, Listener } from './listener.ts';
import { closeServer, createRequestListener, listen, serverLimits } from './listener.ts';
import { isClientAllowed, secureContextOptions, tlsServerOptions } from './tls.ts';
import { watchWebConfig } from './web-config-watch.ts';

export interface WebServerInput {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Without it there is neither TLS nor authentication. */
  readonly webConfig: WebConfigSource | undefined;
  /** Makes the handler; what it is handed reads the web configuration in force. */
  readonly createHandler: (readConfig: () => WebConfig) => Handler;
  /** What to do when the address cannot be used. */
  readonly advice: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Serves a handler over HTTP, or HTTPS where the web configuration says so, with the headers configured there.
 *
 * @throws {ListenError} when the address cannot be used.
 * @throws {ConfigError} when the web configuration file is broken.
 */
export async function startWebServer(input: WebServerInput): Promise<Listener> {
  const { host, port, clock, log, webConfig } = input;
  const watch = webConfig === undefined ? undefined : watchWebConfig(webConfig, clock, log);
  const readConfig = () => watch?.current() ?? open;
  const handle = input.createHandler(readConfig);
  const listener = createRequestListener(async (request, path) => {
    const { headers } = readConfig();
    const reply = await handle(request, path);
    return { ...reply, headers: { ...headers, ...reply.headers } };
  }, log);
  const { tls } = readConfig();
  const server: Server | TlsServer =
    tls === undefined
      ? createServer(serverLimits, listener)
      : createTlsServerFor(tls, readConfig, listener, log);
  const described = {
    address: joinAddress(host, port),
    refused: 'not permitted; ports below 1024 need a privilege',
    advice: input.advice,
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
