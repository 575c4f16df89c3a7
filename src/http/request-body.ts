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

/** Reads a request's body as it came; keeps nothing of one that is longer than allowed. */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<BodyReading> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') return { kind: 'encoded' };
  // A length that is not a number is refused by the parser of HTTP.
  if (Number(request.headers['content-length'] ?? 0) > limits.mostBytes) return { kind: 'too large' };
  const { promise, resolve } = Promise.withResolvers<BodyReading>();
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const take = (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > limits.mostBytes) resolve({ kind: 'too large' });
    else chunks.push(chunk);
  };
  const end = () => resolve({ kind: 'read', body: Buffer.concat(chunks) });
  const leave = () => resolve({ kind: 'gone' });
  const timer = setTimeout(() => resolve({ kind: 'late' }), limits.deadlineMs);
  // The listener for errors stays: one that comes after the reading must not end the process.
  request.on('data', take).once('end', end).once('close', leave).on('error', leave);
  const reading = await promise;
  clearTimeout(timer);
  request.off('data', take).off('end', end).off('close', leave);
  return reading;
}

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
