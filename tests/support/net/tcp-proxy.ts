import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { findFreePort } from './free-port.ts';
import type { LinkFault } from './link-fault.ts';
import { ProxiedConnection } from './proxied-connection.ts';

export interface TcpProxyOptions {
  readonly targetPort: number;
  /** Default 127.0.0.1. */
  readonly targetHost?: string;
  /** Default: a free one. */
  readonly port?: number;
}

export interface TcpProxy extends AsyncDisposable {
  readonly host: string;
  /** Stays the same through `refuse` and back. */
  readonly port: number;
  readonly fault: LinkFault;
  /** Client connections open now. */
  readonly openConnections: number;
  /** Client connections accepted since the start. */
  readonly acceptedConnections: number;
  /** Bytes that clients sent and that were handed to the server. */
  readonly bytesToServer: number;
  /** Bytes of answers that were handed to clients. */
  readonly bytesToClients: number;
  /** Switches for open and new connections; resolved means it is in force. */
  set(fault: LinkFault): Promise<void>;
  close(): Promise<void>;
}

/** A loopback proxy in front of any TCP port whose link can be made to fail and to heal. */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const { targetPort, targetHost = '127.0.0.1' } = options;
  const traffic = { toServer: 0, toClients: 0, accepted: 0 };
  const connections = new Set<ProxiedConnection>();
  let fault: LinkFault = { kind: 'pass' };

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    traffic.accepted += 1;
    const dial = (): Socket =>
      connect({ host: targetHost, port: targetPort, allowHalfOpen: true, noDelay: true });
    const connection = new ProxiedConnection(client, dial, traffic);
    connections.add(connection);
    client.once('close', () => connections.delete(connection));
    connection.apply(fault);
  });
  const port = await listen(server, options.port);

  const set = async (next: LinkFault): Promise<void> => {
    fault = next;
    for (const connection of connections) connection.apply(next);
    if (next.kind === 'refuse' && server.listening) await closed(server);
    if (next.kind !== 'refuse' && !server.listening) await listen(server, port);
  };
  const close = (): Promise<void> => set({ kind: 'refuse' });
  return {
    host: '127.0.0.1',
    port,
    get fault() {
      return fault;
    },
    get openConnections() {
      return connections.size;
    },
    get acceptedConnections() {
      return traffic.accepted;
    },
    get bytesToServer() {
      return traffic.toServer;
    },
    get bytesToClients() {
      return traffic.toClients;
    },
    set,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A port that accepts connections and never says a word, as a frozen server or a firewall that drops does. */
export async function startBlackHole(): Promise<TcpProxy> {
  const proxy = await startTcpProxy({ targetPort: 9 });
  await proxy.set({ kind: 'hang' }); // a connection that hangs from the start never dials its target
  return proxy;
}

async function listen(server: Server, wanted: number | undefined): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted ?? (await findFreePort());
    try {
      server.listen({ port, host: '127.0.0.1', exclusive: true });
      await once(server, 'listening');
      return port;
    } catch (error) {
      if (wanted !== undefined || attempt === 5) throw error;
    }
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
