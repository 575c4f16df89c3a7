import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startBlackHole } from '../../tests/support/net/tcp-proxy.ts';
import { connectRedis } from './client.ts';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

/** Answers whatever it hears with these bytes. */
async function listen(answer: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function connect(port: number, tls?: Readonly<Record<string, string>>): Promise<unknown> {
  const options = { username: undefined, password: undefined, connectionName: 'reeve/test' };
  const address = { host: '127.0.0.1', port };
  return connectRedis(
    { ...options, address, tls, timeLimitMs: tls === undefined ? 5_000 : 300 },
    new AbortController().signal,
  );
}

describe('a port that is not that of Redis', () => {
  it('is called so where HTTP answers', async () => {
    const port = await listen('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');

    await expect(connect(port)).rejects.toMatchObject({
      code: 'malformed',
      message: `127.0.0.1:${port}: what listens there is not Redis: correct the host and port of this target`,
    });
  });

  it('is told to be one with TLS by its alert', async () => {
    const port = await listen('\u0015\u0003\u0003\u0000\u0002\u0002F');

    await expect(connect(port)).rejects.toThrow(/speaks TLS on this port: use rediss:\/\//);
  });

  it('is asked about TLS where nobody answers its greeting', async () => {
    await using hole = await startBlackHole();

    await expect(connect(hole.port, {})).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/does the server speak TLS on this port\?$/),
    });
  });

  it('is asked about TLS where its greeting is answered in plain text', async () => {
    const port = await listen("-ERR unknown command '...'\r\n");

    await expect(connect(port, {})).rejects.toThrow(/does the server speak TLS on this port\?$/);
  });
});
