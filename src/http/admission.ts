import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** `pipelined`: the connection's previous response is unfinished. `full`: too many requests are being worked on. */
export type Verdict = 'admitted' | 'pipelined' | 'full';

/** Decides which requests are worked on, so that clients that ask much and read nothing cost little. */
export interface Admission {
  admit(request: IncomingMessage, response: ServerResponse): Verdict;
  /** The response is written: what is left is the client's part, for which it has a limited time. */
  answered(response: ServerResponse): void;
}

/** Requests under way at once, until their responses are taken. */
export const mostRequests = 32;
/** A response that is not taken by then ends its connection; a slow trickle does not prolong it. */
export const takeResponseMs = 30_000;

export function createAdmission(): Admission {
  const busy = new WeakSet<Socket>();
  const underWay = new Set<ServerResponse>();
  /** Those of them that wait for their clients, oldest first. */
  const untaken = new Set<ServerResponse>();
  const forget = (response: ServerResponse) => {
    underWay.delete(response);
    untaken.delete(response);
  };
  /** Clients that do not read must not turn away those that do. */
  const hasRoom = () => {
    if (underWay.size < mostRequests) return true;
    const [oldest] = untaken;
    if (oldest === undefined) return false;
    forget(oldest);
    oldest.destroy();
    return true;
  };
  return {
    admit({ socket }, response) {
      if (socket.destroyed || busy.has(socket)) return 'pipelined';
      busy.add(socket);
      response.once('close', () => busy.delete(socket));
      if (!hasRoom()) return 'full';
      underWay.add(response);
      response.once('close', () => forget(response));
      return 'admitted';
    },
    answered(response) {
      if (response.closed) return;
      if (underWay.has(response)) untaken.add(response);
      const timer = setTimeout(() => response.destroy(), takeResponseMs);
      timer.unref();
      response.once('close', () => clearTimeout(timer));
    },
  };
}
