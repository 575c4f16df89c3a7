import type { Clock } from '../core/ports/clock.ts';

export interface FetchedText {
  readonly status: number;
  /** Undefined without one. */
  readonly retryAfter: string | undefined;
  readonly text: string;
}

export interface BoundedFetch {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly longestBytes: number;
}

/** The answer was longer than anything we would read. */
class TooLong extends Error {
  override readonly name = 'TooLong';
}

/** One GET from beginning to end within the time; redirects are not followed, so that the key goes nowhere else. */
export async function fetchText(
  { fetch, clock, timeoutMs, longestBytes }: BoundedFetch,
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<FetchedText> {
  const stop = new AbortController();
  const done = new AbortController();
  const timer = clock.sleep(timeoutMs, done.signal).then(
    () => stop.abort(new Error(`no answer within ${timeoutMs} ms`)),
    () => undefined,
  );
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal: stop.signal });
    const text = await readText(response, longestBytes, stop.signal);
    return { status: response.status, retryAfter: response.headers.get('retry-after') ?? undefined, text };
  } finally {
    done.abort();
    stop.abort();
    await timer;
  }
}

async function readText(response: Response, longestBytes: number, signal: AbortSignal): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body) {
    signal.throwIfAborted();
    bytes += chunk.byteLength;
    if (bytes > longestBytes) throw new TooLong(`the answer is longer than ${longestBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
