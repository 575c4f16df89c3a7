import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { WebConfig, WebConfigSource } from '../core/ports/web-config.ts';
import { createBasicAuth } from './basic-auth.ts';
import type { Handler, Listener, Reply } from './listener.ts';
import { refuseOtherMethods } from './listener.ts';
import { startWebServer } from './web-server.ts';

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
  return startWebServer({
    ...input,
    webConfig: input.webConfig,
    createHandler: (readConfig) => guard(createRoutes(input, readConfig), readConfig),
    advice: 'change metrics.listen',
  });
}

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

function guard(handle: Handler, readConfig: () => WebConfig): Handler {
  const auth = createBasicAuth();
  return async (request, path) => {
    const { users } = readConfig();
    const verdict =
      users.size === 0 || unguarded.has(path)
        ? 'allowed'
        : await auth.check(request.headers.authorization, users);
    return verdict === 'allowed' ? handle(request, path) : refusals[verdict];
  };
}

const refusals = {
  denied: { status: 401, headers: { 'www-authenticate': 'Basic' }, body: 'unauthorized\n' },
  busy: { status: 429, headers: { 'retry-after': '5' }, body: 'too many logins at once\n' },
} as const satisfies Record<string, Reply>;

function joinHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
