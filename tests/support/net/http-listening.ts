import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';

export type WebServer = HttpServer | HttpsServer;

/** Resolves when the server listens on 127.0.0.1. */
export async function listenOnLoopback(server: WebServer, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
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
