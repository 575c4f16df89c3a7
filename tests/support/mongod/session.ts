import type { Socket } from 'node:net';
import type { ScramExchange } from './scram.ts';

/** One client connection as the server knows it. */
export interface Session {
  readonly id: number;
  readonly socket: Socket;
  readonly client: string;
  /** Fires when the socket is gone. */
  readonly closed: AbortSignal;
  /** From the client's metadata in its first hello. */
  appName: string | undefined;
  /** `user@database` once authenticated. */
  user: string | undefined;
  exchange: ScramExchange | undefined;
  /** Names of commands, the handshake included, oldest first; the oldest are forgotten. */
  commands: string[];
  /** Opened to watch the topology: it has sent nothing but hello. */
  monitoring: boolean;
}

/** What a test may ask about a node's open connections. */
export interface ConnectionView {
  readonly id: number;
  readonly appName: string | undefined;
  readonly user: string | undefined;
  readonly monitoring: boolean;
  readonly commands: readonly string[];
}
