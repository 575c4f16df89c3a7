import { request } from 'node:http';

/** An answer of the daemon's control socket. */
export interface ControlAnswer {
  readonly status: number;
  readonly body: string;
}

export interface AskOptions {
  /** Sent as JSON by POST; without one it is asked by GET. */
  readonly send?: unknown;
}

const answerWithinMs = 15_000;

/**
 * Asks the daemon that has this socket; undefined when none listens there.
 *
 * @throws {Error} when one listens and does not answer.
 */
export function askControl(
  socketPath: string,
  path: string,
  { send }: AskOptions = {},
): Promise<ControlAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(new Error(`the agent at ${socketPath} does not answer: ${reasonOf(error)}`, { cause: error }));
    const signal = AbortSignal.timeout(answerWithinMs);
    const method = send === undefined ? 'GET' : 'POST';
    // No connection is kept: the process ends after the answer.
    const options = { socketPath, path, method, signal, agent: false, headers: { host: 'reeve' } };
    const asked = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', fail);
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else fail(error);
    });
    asked.end(send === undefined ? undefined : JSON.stringify(send));
  });
}

function reasonOf({ name, code, message }: NodeJS.ErrnoException): string {
  if (name === 'AbortError' || name === 'TimeoutError')
    return `nothing came within ${answerWithinMs / 1_000} s`;
  if (code === 'ECONNRESET') return 'it ended the connection in the middle: it is ending, try again';
  if (code === 'EACCES') return 'permission denied: ask as the user that it runs as';
  return message;
}
