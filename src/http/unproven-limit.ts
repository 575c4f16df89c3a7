import type { IncomingMessage } from 'node:http';

/**
 * Bounds the requests whose body has to be read before it is known who sends them. Without it, whoever reaches the listener could take all
 * the places of those that are proven, by sending slowly.
 */
export interface UnprovenLimit {
  /** Whether this one may be read now; it counts until it has ended. */
  admit(request: IncomingMessage): boolean;
}

/** At once. A sender delivers one after the other, for each of its groups of alerts. */
export const mostUnprovenOfAddress = 4;
/** Half of what is worked on at once. */
const mostUnproven = 16;

export function createUnprovenLimit(): UnprovenLimit {
  const underWay = new Set<IncomingMessage>();
  return {
    admit(request) {
      const { remoteAddress } = request.socket;
      const own = [...underWay].filter(({ socket }) => socket.remoteAddress === remoteAddress);
      if (underWay.size >= mostUnproven || own.length >= mostUnprovenOfAddress) return false;
      underWay.add(request);
      request.once('close', () => underWay.delete(request));
      return true;
    },
  };
}
