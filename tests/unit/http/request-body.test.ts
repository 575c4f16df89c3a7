import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type BodyReading, readBody, refuseBody } from '../../../src/http/request-body.ts';
import { waitUntil } from '../../support/wait-until.ts';

const limits = { mostBytes: 100, deadlineMs: 10_000 };
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Reading {
  readonly request: IncomingMessage;
  readonly outcome: Promise<BodyReading>;
}

interface Sending {
  readonly send: (text: string) => void;
  readonly destroy: () => void;
  /** Once the server has the head of the request. */
  readonly reading: Promise<Reading>;
}

/** Sends a request piece by piece. */
async function startSending(head: string): Promise<Sending> {
  const { promise: reading, resolve } = Promise.withResolvers<Reading>();
  const server = createServer((request) => resolve({ request, outcome: readBody(request, limits) }));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  cleanups.push(() => server.close());
  const address = server.address();
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  cleanups.push(() => socket.destroy());
  socket.on('error', () => {});
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n`);
  return { send: (text) => socket.write(text), destroy: () => socket.destroy(), reading };
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

describe('the body of a request', () => {
  it('is joined from its parts', async () => {
    const { send, reading } = await startSending('transfer-encoding: chunked');
    const { outcome } = await reading;

    send(chunk('hello, '));
    send(chunk('world'));
    send(chunk(''));

    expect(await outcome).toEqual({ kind: 'read', body: Buffer.from('hello, world') });
  });

  it('is too large when it grows beyond the limit, whatever was announced', async () => {
    const { send, reading } = await startSending('transfer-encoding: chunked');
    const { outcome } = await reading;

    send(chunk('x'.repeat(60)));
    send(chunk('x'.repeat(60)));
    send(chunk(''));

    expect(await outcome).toEqual({ kind: 'too large' });
  });

  it('is not taken to its end when it is sixteen times too large', async () => {
    const announced = await startSending('content-length: 1601');
    const streamed = await startSending('transfer-encoding: chunked');
    const { outcome } = await streamed.reading;

    streamed.send(chunk('x'.repeat(1_601)));

    expect(await (await announced.reading).outcome).toEqual({ kind: 'too large' });
    expect(await outcome).toEqual({ kind: 'too large' });
  });

  it.each([
    ['in time', 'x', 'late'],
    ['at all to its end, which is too far', 'x'.repeat(150), 'too large'],
  ])('is not waited for when it does not come %s', async (_, sent, kind) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { send, reading } = await startSending('content-length: 200');
    const { request, outcome } = await reading;
    const headBytes = request.socket.bytesRead;

    send(sent);
    await waitUntil('what was sent', () => request.socket.bytesRead >= headBytes + sent.length);
    vi.advanceTimersByTime(limits.deadlineMs);

    expect(await outcome).toEqual({ kind });
  });

  it('is nothing when the client goes away', async () => {
    const { send, destroy, reading } = await startSending('content-length: 50');
    const { outcome } = await reading;

    send('half');
    destroy();

    expect(await outcome).toEqual({ kind: 'gone' });
  });

  it('must not be compressed', async () => {
    const { reading } = await startSending('content-length: 50\r\ncontent-encoding: gzip');

    expect(await (await reading).outcome).toEqual({ kind: 'encoded' });
  });
});

describe('refuseBody', () => {
  it.each([
    ['too large', 413, 'larger than 100 bytes'],
    ['late', 408, 'within 10000 ms'],
    ['gone', 400, 'ended early'],
    ['encoded', 415, 'Content-Encoding'],
  ] as const)('answers a body that is %s with %d and ends the connection', (kind, status, text) => {
    expect(refuseBody(kind, limits)).toMatchObject({
      status,
      headers: { connection: 'close' },
      body: expect.stringContaining(text),
    });
  });
});
