import { Agent, type IncomingHttpHeaders, request as requestHttp, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { listenOnLoopback, stopListening } from '../net/http-listening.ts';

export interface InnerRequest {
  readonly method: string;
  /** As sent, with the query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface InnerAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** @vercel/cosmosdb-server in this process: the wire protocol and the store, without keys, offers, quotas and regions. */
export interface InnerServer extends AsyncDisposable {
  send(request: InnerRequest): Promise<InnerAnswer>;
}

export async function startInnerServer(): Promise<InnerServer> {
  const { createHttpServer } = await loadPackage();
  const server = createHttpServer({ keepAlive: true });
  const port = await listenOnLoopback(server);
  const agent = new Agent({ keepAlive: true });
  const send = ({ method, url, headers, body }: InnerRequest): Promise<InnerAnswer> => {
    const { promise, resolve, reject } = Promise.withResolvers<InnerAnswer>();
    const { 'transfer-encoding': _chunked, connection: _connection, ...kept } = headers;
    const request = requestHttp(
      {
        host: '127.0.0.1',
        port,
        method,
        path: url,
        agent,
        headers: { ...kept, 'content-length': String(body.length) },
      },
      (response) => {
        buffer(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer }),
          reject,
        );
      },
    );
    request.on('error', reject);
    request.end(body);
    return promise;
  };
  return {
    send,
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      await stopListening(server);
    },
  };
}

// A value and not a literal: types and checks of the project do not need the package, which is only in tests/node_modules.
const PACKAGE: string = '@vercel/cosmosdb-server';

type CreateHttpServer = (options: { readonly keepAlive: boolean }) => Server;
const MODULE = z.object({
  createHttpServer: z.custom<CreateHttpServer>((value) => typeof value === 'function'),
});

async function loadPackage() {
  const loaded: unknown = await import(PACKAGE).catch((cause: unknown) => {
    throw new Error(`${PACKAGE} is not installed: run "npm ci --prefix tests"`, { cause });
  });
  return MODULE.parse(loaded);
}
