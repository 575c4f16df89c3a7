import { Agent, get, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';

export type Encoding = 'identity' | 'gzip';

export interface Scrape {
  /** From the request to the last byte, in milliseconds. */
  readonly durationMs: number;
  /** Of the body on the wire. */
  readonly bytes: number;
  readonly body: Buffer;
}

/** Scrapes over one kept connection, as Prometheus does. */
export interface Scraper extends Disposable {
  scrape(encoding: Encoding): Promise<Scrape>;
  /** The page as text. */
  read(): Promise<string>;
}

/** @param url Of the page itself. */
export function createScraper(url: string): Scraper {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const scrape = async (encoding: Encoding): Promise<Scrape> => {
    const startedMs = performance.now();
    const response = await request(url, agent, encoding);
    const chunks: Buffer[] = [];
    for await (const chunk of response) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const durationMs = performance.now() - startedMs;
    const body = Buffer.concat(chunks);
    if (response.statusCode !== 200)
      throw new Error(`${url} answered ${response.statusCode}: ${body.toString()}`);
    return { durationMs, bytes: body.length, body };
  };
  return {
    scrape,
    read: async () => gunzip((await scrape('gzip')).body),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

/** A server may answer plainly although gzip was allowed. */
function gunzip(body: Buffer): string {
  return (body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body).toString();
}

function request(url: string, agent: Agent, encoding: Encoding): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { accept: 'text/plain;version=0.0.4', 'accept-encoding': encoding };
  get(url, { agent, headers }, resolve).once('error', reject);
  return promise;
}
