import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Log } from '../core/ports/log.ts';

const quietMs = 60_000;

/**
 * Bounds the connections of a server. When it is full the connection that is without a request for longest makes room; where every one
 * has a request under way, new ones are dropped, which the log tells at most once a minute.
 */
export function boundConnections(server: Server | TlsServer, mostConnections: number, log: Log): void {
  const connections = new Map<string | Socket, Socket>();
  /** Without a request under way, the longest first; also those that never sent one or are in the middle of a TLS handshake. */
  const idle = new Set<Socket>();
  const makeRoom = () => {
    const [oldest] = idle;
    if (connections.size < mostConnections || oldest === undefined) return;
    idle.delete(oldest);
    oldest.destroy();
  };
  server.maxConnections = mostConnections;
  server.prependListener('connection', (socket: Socket) => {
    const ends = endsOf(socket);
    connections.set(ends, socket);
    socket.once('close', () => {
      if (connections.get(ends) === socket) connections.delete(ends);
      idle.delete(socket);
    });
    // Before it counts as idle: the new one is not to make room itself.
    makeRoom();
    idle.add(socket);
  });
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const socket = connections.get(endsOf(request.socket));
    if (socket === undefined) return;
    idle.delete(socket);
    response.once('close', () => {
      if (socket.destroyed) return;
      idle.add(socket);
      makeRoom();
    });
  });
  server.on('drop', makeRoom);
  server.on('drop', createDropLog(mostConnections, log));
}

/** Of a TLS connection there are two sockets, and only their ends tell that they belong together. */
function endsOf(socket: Socket): string | Socket {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  // A unix socket, or a client that is gone already.
  if (remotePort === undefined) return socket;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function createDropLog(mostConnections: number, log: Log): () => void {
  let dropped = 0;
  let isQuiet = false;
  return () => {
    dropped += 1;
    if (isQuiet) return;
    log.warn('connections dropped, all that are allowed have a request under way', {
      dropped,
      mostConnections,
    });
    dropped = 0;
    isQuiet = true;
    setTimeout(() => {
      isQuiet = false;
    }, quietMs).unref();
  };
}
