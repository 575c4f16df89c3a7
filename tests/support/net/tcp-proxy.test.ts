import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../wait-until.ts';
import { findFreePort } from './free-port.ts';
import { startBlackHole, startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** A server that sends back what it gets, behind a proxy. */
async function startEcho(): Promise<{ proxy: TcpProxy } & AsyncDisposable> {
  const port = await findFreePort();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startTcpProxy({ targetPort: port });
  const dispose = async (): Promise<void> => {
    await proxy.close();
    server.close();
  };
  return { proxy, [Symbol.asyncDispose]: dispose };
}

async function open(
  proxy: TcpProxy,
): Promise<{ socket: Socket; received: () => string; ended: Promise<string> }> {
  const socket = connect(proxy.port, proxy.host);
  let text = '';
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    socket.on('close', () => resolve('closed'));
  });
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  await Promise.race([once(socket, 'connect'), ended]);
  return { socket, received: () => text, ended };
}

describe('startTcpProxy', () => {
  it('passes bytes both ways and counts them', async () => {
    await using echo = await startEcho();
    const { socket, received } = await open(echo.proxy);

    socket.write('hello');
    await waitUntil('the echo', () => received() === 'hello');

    const { openConnections, acceptedConnections, bytesToServer, bytesToClients } = echo.proxy;
    expect({ openConnections, acceptedConnections, bytesToServer, bytesToClients }).toEqual({
      openConnections: 1,
      acceptedConnections: 1,
      bytesToServer: 5,
      bytesToClients: 5,
    });
    socket.end();
    await waitUntil('the connection to be forgotten', () => echo.proxy.openConnections === 0);
  });

  it('holds every byte while it hangs and delivers them when it passes again', async () => {
    await using echo = await startEcho();
    const old = await open(echo.proxy);
    await echo.proxy.set({ kind: 'hang' });
    const fresh = await open(echo.proxy);

    old.socket.write('old');
    fresh.socket.write('fresh');
    await delay(100);
    const whileHanging = [old.received(), fresh.received()];
    await echo.proxy.set({ kind: 'pass' });
    await waitUntil('both echoes', () => old.received() === 'old' && fresh.received() === 'fresh');

    expect(whileHanging).toEqual(['', '']);
  });

  it('refuses connections and then accepts them on the same port', async () => {
    await using echo = await startEcho();
    const { port } = echo.proxy;
    const old = await open(echo.proxy);

    await echo.proxy.set({ kind: 'refuse' });
    const refused = await open(echo.proxy);
    await echo.proxy.set({ kind: 'pass' });
    const healed = await open(echo.proxy);
    healed.socket.write('again');
    await waitUntil('the echo', () => healed.received() === 'again');

    expect(await old.ended).toBe('closed');
    expect(await refused.ended).toBe('ECONNREFUSED');
    expect(echo.proxy.port).toBe(port);
  });

  it('resets open connections at once', async () => {
    await using echo = await startEcho();
    const { ended } = await open(echo.proxy);
    await waitUntil('the connection', () => echo.proxy.openConnections === 1);

    await echo.proxy.set({ kind: 'reset' });

    expect(await ended).toBe('ECONNRESET');
  });

  it('resets a connection in the middle of an answer', async () => {
    await using echo = await startEcho();
    await echo.proxy.set({ kind: 'reset', afterBytes: 4 });
    const { socket, received, ended } = await open(echo.proxy);

    socket.write('0123456789');

    expect(await ended).toBe('ECONNRESET');
    expect('0123').toContain(received()); // a reset may overtake bytes the client has not read yet
    expect(echo.proxy.bytesToClients).toBe(4);
  });

  it('delays answers and keeps their order', async () => {
    await using echo = await startEcho();
    await echo.proxy.set({ kind: 'delay', delayMs: 150 });
    const { socket, received } = await open(echo.proxy);
    const startMs = performance.now();

    socket.write('a');
    await delay(20);
    await echo.proxy.set({ kind: 'delay', delayMs: 60 });
    socket.write('b');
    await waitUntil('both letters', () => received().length === 2);

    expect(received()).toBe('ab');
    expect(performance.now() - startMs).toBeGreaterThan(75);
  });
});

describe('startBlackHole', () => {
  it('accepts a connection and never answers', async () => {
    await using hole = await startBlackHole();
    const { socket, received } = await open(hole);

    socket.write('anybody there?');
    await delay(100);

    expect(received()).toBe('');
    expect(socket.readyState).toBe('open');
    socket.destroy();
  });
});
