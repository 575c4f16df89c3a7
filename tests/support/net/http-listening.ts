import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { findFreePort } from './free-port.ts';

export type WebServer = HttpServer | HttpsServer;

/** How often another free port is tried when somebody was faster. */
const mostTries = 10;

/** Resolves with its port when the server listens on 127.0.0.1: on the one given, or on one that is free. */
export async function listenOnLoopback(server: WebServer, wanted?: number): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = wanted ?? (await findFreePort());
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return port;
    } catch (error) {
      if (wanted !== undefined || tries === mostTries) throw error;
    }
  }
}

/** Cuts its connections and resolves when nobody listens any more; nothing to do for one that does not. */
export async function stopListening(server: WebServer): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

/** How many connections are open now. */
export function countConnections(server: WebServer): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  return promise;
}
