import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below Linux' range of ephemeral ports (32768-60999): no outgoing connection takes a port between our look and the server's bind,
// nor while a server is being restarted on the same port.
const LOWEST = 12_000;
const HIGHEST = 32_000;

/**
 * A TCP port of 127.0.0.1 on which nobody listens at this moment.
 *
 * Another process may take it before you do; starters of servers retry with another one.
 */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free TCP port found between ${LOWEST} and ${HIGHEST}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false; // taken, or not ours to take: either way not free
  } finally {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }
}
