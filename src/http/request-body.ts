import type { IncomingMessage } from 'node:http';
import type { Reply } from './listener.ts';

export interface BodyLimits {
  readonly mostBytes: number;
  readonly deadlineMs: number;
}

export type BodyReading =
  | { readonly kind: 'read'; readonly body: Buffer }
  /** `gone`: the client ended the connection; nobody reads the reply. */
  | { readonly kind: 'too large' | 'late' | 'gone' | 'encoded' };

/**
 * Reads a request's body as it came. Of one that is longer than allowed nothing is kept, but what is left of it is taken up to a point:
 * a sender whose connection is cut before it has sent all sees a broken network, not the refusal, and sends it again.
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<BodyReading> {
  const { mostBytes, deadlineMs } = limits;
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') return { kind: 'encoded' };
  // A length that is not a number is refused by the parser of HTTP.
  if (Number(request.headers['content-length'] ?? 0) > mostBytes * mostTimesTaken)
    return { kind: 'too large' };
  const { promise, resolve } = Promise.withResolvers<BodyReading>();
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  const isTooLarge = () => sizeBytes > mostBytes;
  const take = (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (isTooLarge()) chunks = [];
    else chunks.push(chunk);
    if (sizeBytes > mostBytes * mostTimesTaken) resolve({ kind: 'too large' });
  };
  const end = () =>
    resolve(isTooLarge() ? { kind: 'too large' } : { kind: 'read', body: Buffer.concat(chunks) });
  const leave = () => resolve({ kind: 'gone' });
  const timer = setTimeout(() => resolve({ kind: isTooLarge() ? 'too large' : 'late' }), deadlineMs);
  // The listener for errors stays: one that comes after the reading must not end the process.
  request.on('data', take).once('end', end).once('close', leave).on('error', leave);
  const reading = await promise;
  clearTimeout(timer);
  request.off('data', take).off('end', end).off('close', leave);
  return reading;
}

/** How many times the allowed size is taken before the connection is cut. */
const mostTimesTaken = 16;

/** The reply to a body that was not read, which ends the connection: what is left of the body is not waited for. */
export function refuseBody(kind: Exclude<BodyReading['kind'], 'read'>, limits: BodyLimits): Reply {
  const refusals: Readonly<Record<typeof kind, readonly [number, string]>> = {
    'too large': [413, `the body is larger than ${limits.mostBytes} bytes\n`],
    late: [408, `the body did not arrive within ${limits.deadlineMs} ms\n`],
    gone: [400, 'the body ended early\n'],
    encoded: [415, 'send the body without Content-Encoding\n'],
  };
  const [status, body] = refusals[kind];
  return { status, headers: { connection: 'close' }, body };
}
