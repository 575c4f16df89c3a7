import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Listener } from '../../../src/http/listener.ts';
import type { MetricsServerInput } from '../../../src/http/metrics-server.ts';
import { startMetricsServer } from '../../../src/http/metrics-server.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { ask } from '../../support/net/http-client.ts';
import { createRecordingLog } from '../../support/recording-log.ts';

const opened: Listener[] = [];
const log = createRecordingLog();

afterEach(async () => {
  for (const listener of opened.splice(0)) await listener.close(0);
});

async function start(more: Partial<MetricsServerInput> = {}): Promise<Listener> {
  const listener = await startMetricsServer({
    host: '127.0.0.1',
    port: 0,
    version: '1.2.3',
    scrape: async () => ({
      status: 200,
      headers: { 'content-type': 'text/plain' },
      chunks: [Buffer.from('a 1\n'), Buffer.from('b 2\n')],
    }),
    awaited: () => [],
    clock: new FakeClock(),
    log,
    ...more,
  });
  opened.push(listener);
  return listener;
}

describe('the metrics listener', () => {
  it('answers a scrape with all chunks, telling what the client accepts', async () => {
    const asked: unknown[] = [];
    const { url } = await start({
      scrape: async (request) => {
        asked.push(request);
        return {
          status: 200,
          headers: { 'content-type': 'text/x' },
          chunks: [Buffer.from('a'), Buffer.from('b')],
        };
      },
    });

    const answer = await ask(`${url}/metrics?x=1`, {
      headers: { accept: 'text/x', 'accept-encoding': 'gzip' },
    });

    expect(answer).toMatchObject({
      status: 200,
      body: 'ab',
      headers: { 'content-type': 'text/x', 'content-length': '2' },
    });
    expect(asked).toEqual([{ accept: 'text/x', acceptEncoding: 'gzip' }]);
  });

  it('answers HEAD with the length and no body', async () => {
    const { url } = await start();

    const answer = await ask(`${url}/metrics`, { method: 'HEAD' });

    expect(answer).toMatchObject({ status: 200, body: '', headers: { 'content-length': '8' } });
  });

  it('says that it is alive', async () => {
    const { url } = await start({ awaited: () => ['target orders'] });

    expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200, body: 'ok\n' });
  });

  it('says what it waits for until it is ready', async () => {
    let awaited = ['target "orders" was not tried yet'];
    const { url } = await start({ awaited: () => awaited });

    const before = await ask(`${url}/readyz`);
    awaited = [];
    const after = await ask(`${url}/readyz`);

    expect(before).toMatchObject({
      status: 503,
      body: 'not ready, waiting for:\n- target "orders" was not tried yet\n',
    });
    expect(after).toMatchObject({ status: 200, body: 'ready\n' });
  });

  it('does not list a thousand reasons', async () => {
    const { url } = await start({
      awaited: () => Array.from({ length: 1_000 }, (_, index) => `target ${index}`),
    });

    const { body } = await ask(`${url}/readyz`);

    expect(body.split('\n')).toHaveLength(23);
    expect(body).toContain('- and 980 more');
  });

  it('links from its first page', async () => {
    const { url } = await start();

    const answer = await ask(url);

    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.body).toContain('href="/metrics"');
    expect(answer.body).toContain('1.2.3');
  });

  it.each(['POST', 'PUT', 'DELETE'])('refuses %s', async (method) => {
    const { url } = await start();

    expect(await ask(`${url}/metrics`, { method })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  });

  it.each(['/metric', '/constructor', '/metrics/x'])('says what there is instead of %s', async (path) => {
    const { url } = await start();

    const answer = await ask(`${url}${path}`);

    expect(answer.status).toBe(404);
    expect(answer.body).toContain('/metrics');
  });

  it('refuses headers without end', async () => {
    const { url } = await start();

    expect(await ask(url, { headers: { cookie: 'x'.repeat(20_000) } })).toMatchObject({ status: 431 });
  });

  it('answers 500 and lives on when a scrape fails', async () => {
    const { url } = await start({ scrape: () => Promise.reject(new Error('bug')) });

    expect(await ask(`${url}/metrics`)).toMatchObject({ status: 500 });
    expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200 });
  });

  it('says who to move when its port is taken', async () => {
    const { port = 0 } = await start();

    await expect(start({ port })).rejects.toThrow(
      `listen EADDRINUSE 127.0.0.1:${port}: another process is listening there; change metrics.listen or stop that process`,
    );
  });

  it('says that this machine lacks the address', async () => {
    await expect(start({ host: '192.0.2.1' })).rejects.toThrow(
      /EADDRNOTAVAIL 192\.0\.2\.1:0.*metrics\.listen/,
    );
  });

  it('lets a running scrape finish when it closes', async () => {
    const { promise: running, resolve: begin } = Promise.withResolvers<void>();
    const { promise: finish, resolve: end } = Promise.withResolvers<void>();
    const listener = await start({
      scrape: async () => {
        begin();
        await finish;
        return { status: 200, headers: {}, chunks: [Buffer.from('done')] };
      },
    });
    const answer = ask(`${listener.url}/metrics`);
    await running;

    const closed = listener.close(10_000);
    end();

    expect(await answer).toMatchObject({ status: 200, body: 'done' });
    await closed;
    await expect(ask(listener.url)).rejects.toThrow('ECONNREFUSED');
  });

  it('closes in bounded time although a scrape hangs', async () => {
    const { promise: running, resolve: begin } = Promise.withResolvers<void>();
    const listener = await start({
      scrape: () => {
        begin();
        return new Promise(() => {});
      },
    });
    const answer = ask(`${listener.url}/metrics`).catch((error: unknown) => error);
    await running;

    await listener.close(20);

    expect(await answer).toBeInstanceOf(Error);
  });

  it('is not brought down by a client that speaks something else', async () => {
    const { url, port = 0 } = await start();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}).resume();
    const ended = new Promise((resolve) => socket.once('close', resolve));

    socket.write('\x16\x03\x01 this is not HTTP\r\n\r\n');
    await ended;

    expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200 });
  });
});

describe('a port that anything else holds', () => {
  it('is named in the error', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    await expect(start({ port })).rejects.toThrow(`127.0.0.1:${port}`);

    other.close();
  });
});
