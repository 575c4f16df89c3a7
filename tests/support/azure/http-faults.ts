import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a double does instead of answering as it should. */
export type HttpFault =
  /** Any refusal, in the words of the service. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** An object is sent as JSON, a string as it is. */
      readonly body?: unknown;
    }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Closes the connection without an answer; nothing was done. */
  | { readonly kind: 'reset' }
  /** Does what was asked, and closes the connection without an answer. */
  | { readonly kind: 'lost' }
  /** Sends status, headers and half of the body, then nothing: the slow page, without a timer. */
  | { readonly kind: 'stall' }
  /** Sends a body of this size that is no JSON. */
  | { readonly kind: 'flood'; readonly sizeBytes: number };

export interface FaultRule {
  /** Tried on `GET /path?query`, the query decoded. */
  readonly on: RegExp;
  readonly fault: HttpFault;
  /** Default: until removed. */
  readonly times?: number;
}

/** The faults in force at one double. The first rule that fits is taken. */
export class HttpFaults {
  #rules: { readonly rule: FaultRule; left: number }[] = [];

  /** Puts a fault in force; the returned function lifts it. */
  add(rule: FaultRule): () => void {
    const entry = { rule, left: rule.times ?? Number.POSITIVE_INFINITY };
    this.#rules.push(entry);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault for this request, if any; counts as one of its times. */
  take(line: string): HttpFault | undefined {
    const entry = this.#rules.find(({ rule, left }) => left > 0 && rule.on.test(line));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    return entry.rule.fault;
  }
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; absent: an empty body. */
  readonly body?: unknown;
}

/** Sends an answer, or what a fault makes of it. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: HttpAnswer,
  fault?: HttpFault,
): void {
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'reset' || fault?.kind === 'lost') {
    request.socket.destroy();
    return;
  }
  const { status, headers = {}, body } = fault?.kind === 'answer' ? fault : answer;
  const text = fault?.kind === 'flood' ? 'x'.repeat(fault.sizeBytes) : bodyText(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    server: 'reeve-test-double',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  });
  if (fault?.kind === 'stall') response.write(text.slice(0, text.length / 2));
  else response.end(text);
}

function bodyText(body: unknown): string {
  if (body === undefined) return '';
  return typeof body === 'string' ? body : JSON.stringify(body);
}
