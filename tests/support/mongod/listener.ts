import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { findFreePort } from '../net/free-port.ts';
import type { Session } from './session.ts';
import { FrameReader, parseRequest, type Request } from './wire.ts';

/** PEM texts of the server's certificate and its key. */
export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
}

export type Serve = (session: Session, request: Request) => Promise<void>;

/** A port of 127.0.0.1 that can be closed and opened again. */
export class Listener {
  readonly sessions = new Set<Session>();
  /** Connections accepted since the last start. */
  accepted = 0;
  /** Connections accepted since the beginning, over all starts. */
  acceptedEver = 0;
  readonly #serve: Serve;
  #tls: ServerTls | undefined;
  #server: Server | undefined;
  #port = 0;

  constructor(serve: Serve, tls: ServerTls | undefined) {
    this.#serve = serve;
    this.#tls = tls;
  }

  get port(): number {
    return this.#port;
  }

  get listening(): boolean {
    return this.#server !== undefined;
  }

  /** From the next start on. */
  setTls(tls: ServerTls | undefined): void {
    this.#tls = tls;
  }

  /** On the port it had before, if it had one; a port that is wanted may be taken, and that is an error. */
  async start(wanted = 0): Promise<void> {
    if (this.#server) return;
    if (wanted !== 0) {
      this.#server = await this.#listen(wanted);
      this.#port = wanted;
      return;
    }
    for (let attempt = 0; ; attempt += 1) {
      const port = this.#port === 0 ? await findFreePort() : this.#port;
      try {
        this.#server = await this.#listen(port);
        this.#port = port;
        this.accepted = 0;
        return;
      } catch (error) {
        if (attempt >= 5) throw error;
      }
    }
  }

  async #listen(port: number): Promise<Server> {
    const tls = this.#tls;
    const server = tls
      ? createTlsServer({ cert: tls.certificate, key: tls.key }, (socket) => this.#accept(socket))
      : createServer((socket) => this.#accept(socket));
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.listen({ host: '127.0.0.1', port });
    await once(server, 'listening');
    return server;
  }

  /** Closes the port and resets every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    this.drop();
    await closed;
  }

  /** Resets every connection, as a lost link does; the port stays open. */
  drop(): void {
    for (const session of this.sessions) session.socket.destroy();
  }

  #accept(socket: Socket): void {
    this.accepted += 1;
    this.acceptedEver += 1;
    const ended = new AbortController();
    const session: Session = {
      id: this.acceptedEver,
      socket,
      client: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`,
      closed: ended.signal,
      appName: undefined,
      user: undefined,
      exchange: undefined,
      commands: [],
      monitoring: true,
    };
    this.sessions.add(session);
    const reader = new FrameReader();
    let turn = Promise.resolve();
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.sessions.delete(session);
      ended.abort();
    });
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) {
        turn = turn.then(() => this.#serve(session, parseRequest(frame))).catch(() => void socket.destroy());
      }
    });
  }
}
