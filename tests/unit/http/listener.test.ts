import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { mostRequests, takeResponseMs } from '../../../src/http/admission.ts';
import { boundConnections } from '../../../src/http/connections.ts';
import type { Handler } from '../../../src/http/listener.ts';
import { closeServer, createRequestListener, listen, serverLimits } from '../../../src/http/listener.ts';
import { ask } from '../../support/net/http-client.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { createCertificate } from './certificates.ts';

const cleanups: (() => unknown)[] = [];
const advice = { address: 'test', refused: '', advice: '' };
/** More than the buffers of the system on both sides take. */
const large = Buffer.alloc(32 * 1024 * 1024, 'x');

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  vi.useRealTimers();
});

interface Started {
  readonly url: string;
  readonly port: number;
  readonly log: RecordingLog;
}

async function start(handle: Handler, mostConnections?: number): Promise<Started> {
  const log = createRecordingLog();
  const server = createServer(serverLimits, createRequestListener(handle, log));
  if (mostConnections === undefined) await listen(server, { host: '127.0.0.1', port: 0 }, advice, log);
  else {
    boundConnections(server, mostConnections, log);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  cleanups.push(() => closeServer(server, 0));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, port, log };
}

interface Client {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
}

/** Reads nothing until it is resumed. */
async function open(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  cleanups.push(() => socket.destroy());
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, closed };
}

const get = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

/** Begins requests that are all being worked on until the returned function is called. */
function createGate() {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  let entered = 0;
  const handle =
    (count: number): Handler =>
    async () => {
      entered += 1;
      if (entered === count) reach();
      await promise;
      return { status: 200, body: 'done' };
    };
  return { handle, reached, release };
}

describe('requests', () => {
  it('are not worked on while the previous response of their connection is unfinished', async () => {
    let handled = 0;
    const { port, url } = await start(() => {
      handled += 1;
      return { status: 200, body: [Buffer.from('x')] };
    });
    const { socket, closed } = await open(port);

    socket.write(get.repeat(2_000));
    socket.resume();
    await closed;

    expect(handled).toBe(1);
    expect(await ask(url)).toMatchObject({ status: 200 });
  });

  it('may follow one another on a connection', async () => {
    const { port } = await start(() => ({ status: 200, body: 'x' }));
    const { socket } = await open(port);

    for (let round = 0; round < 3; round += 1) {
      const answer = new Promise((resolve) => socket.once('data', (data) => resolve(data.toString())));
      socket.write(get);
      expect(await answer).toMatch(/^HTTP\/1\.1 200/);
    }
  });

  it('beyond those that may be under way are told to come later', async () => {
    const { handle, reached, release } = createGate();
    const { url } = await start(handle(mostRequests));
    const first = Array.from({ length: mostRequests }, () => ask(url));
    await reached;

    const refused = await ask(url);
    release();

    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(refused.body).toContain(`${mostRequests} are under way`);
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual(first.map(() => 200));
    expect(await ask(url)).toMatchObject({ status: 200 });
  });

  it('are served although many clients do not take their responses', async () => {
    const { url, port } = await start((_, path) => ({ status: 200, body: path === '/' ? [large] : 'small' }));
    const clients = await Promise.all(Array.from({ length: mostRequests }, () => open(port)));
    await Promise.all(
      clients.map(({ socket }) => {
        socket.write(get);
        return new Promise((resolve) => socket.once('readable', resolve));
      }),
    );

    expect(await ask(`${url}/small`)).toMatchObject({ status: 200, body: 'small' });
  });

  it('end with their connection when the response is not taken in time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { port } = await start(() => ({ status: 200, body: [large] }));
    const { socket, closed } = await open(port);
    socket.write(get);
    await new Promise((resolve) => socket.once('readable', resolve));

    vi.advanceTimersByTime(takeResponseMs);
    let receivedBytes = 0;
    socket.on('data', (data) => {
      receivedBytes += data.length;
    });
    socket.resume();
    await closed;

    expect(receivedBytes).toBeLessThan(large.length);
  });
});

describe('connections', () => {
  it('that are idle make room for new ones, the oldest first', async () => {
    const { url, port, log } = await start(() => ({ status: 200, body: 'x' }));
    const first = await open(port);
    first.socket.resume();
    const others = await Promise.all(Array.from({ length: 255 }, () => open(port)));

    await first.closed;

    expect(await ask(url)).toMatchObject({ status: 200 });
    expect(others.at(-1)?.socket.destroyed).toBe(false);
    expect(log.events).toEqual([]);
  });

  it('that are idle after a request make room, those with one under way do not', async () => {
    const { handle, reached, release } = createGate();
    const waits = handle(1);
    const { url, port } = await start(
      (request, path) => (path === '/wait' ? waits(request, path) : { status: 200, body: 'x' }),
      3,
    );
    const waiting = ask(`${url}/wait`);
    await reached;
    const idle = await open(port);
    idle.socket.write(get);
    await new Promise((resolve) => idle.socket.once('data', resolve));

    const answer = await ask(url);
    await idle.closed;
    release();

    expect(answer).toMatchObject({ status: 200 });
    expect(await waiting).toMatchObject({ status: 200, body: 'done' });
  });

  it('that are in a TLS handshake make room, those with a request under way do not', async () => {
    const folder = await createTempDir('listener');
    cleanups.push(() => folder.remove());
    const { cert, key } = await createCertificate(folder.path, 'server');
    const log = createRecordingLog();
    const { handle, reached, release } = createGate();
    const server = createTlsServer({ ...serverLimits, cert, key }, createRequestListener(handle(1), log));
    boundConnections(server, 3, log);
    cleanups.push(() => closeServer(server, 0));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const waiting = ask(`https://127.0.0.1:${port}/`, { ca: cert });
    await reached;

    const silent = await open(port);
    silent.socket.resume();
    const answer = ask(`https://127.0.0.1:${port}/`, { ca: cert });
    await silent.closed;
    release();

    expect(await answer).toMatchObject({ status: 200 });
    expect(await waiting).toMatchObject({ status: 200 });
  });

  it('that are dropped are told of once a minute', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { handle, reached, release } = createGate();
    const { url, log } = await start(handle(1), 1);
    const waiting = ask(url).catch(() => undefined);
    await reached;

    await expect(ask(url)).rejects.toThrow();
    await expect(ask(url)).rejects.toThrow();
    const before = [...log.events];
    vi.advanceTimersByTime(60_000);
    await expect(ask(url)).rejects.toThrow();
    release();
    await waiting;

    expect(before).toMatchObject([{ level: 'warn', fields: { dropped: 1, mostConnections: 1 } }]);
    expect(log.events).toMatchObject([{}, { level: 'warn', fields: { dropped: 2 } }]);
  });
});
