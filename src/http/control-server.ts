import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Log } from '../core/ports/log.ts';
import type { Handler, Listener, Reply } from './listener.ts';
import { closeServer, createRequestListener, ListenError, listen, serverLimits } from './listener.ts';

/** What a reload came to: every problem when it failed, and then the previous configuration stays in force. */
export interface ReloadOutcome {
  readonly ok: boolean;
  /** For the person who asked; ends without a line break. */
  readonly text: string;
}

export interface ControlServerInput {
  /** Where the socket is made. The caller holds the lock of the store, so one that lies there is stale. */
  readonly socketPath: string;
  readonly reload: () => Promise<ReloadOutcome>;
  readonly log: Log;
}

/** Linux's limit for the path of a unix socket, without the final NUL. */
const longestSocketPathBytes = 107;

/**
 * Serves `POST /-/reload` and `GET /-/healthy` to this machine's owner of the store.
 *
 * @throws {ListenError} when the socket cannot be made.
 */
export async function startControlServer({ socketPath, reload, log }: ControlServerInput): Promise<Listener> {
  const lengthBytes = Buffer.byteLength(socketPath);
  if (lengthBytes > longestSocketPathBytes)
    throw new ListenError(
      `the control socket's path has ${lengthBytes} bytes, the system allows ${longestSocketPathBytes}: ${socketPath}; choose a shorter store.path`,
    );
  await rm(socketPath, { force: true });
  const server = createServer(serverLimits, createRequestListener(createControlRoutes(reload), log));
  const described = {
    address: socketPath,
    refused: 'the folder does not exist or is not writable',
    advice: 'choose another store.path',
  };
  await listen(server, { path: socketPath }, described, log);
  await chmod(socketPath, 0o600);
  return { url: socketPath, port: undefined, close: (deadlineMs) => closeServer(server, deadlineMs) };
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly handle: () => Reply | Promise<Reply>;
}

/** The routes of the control interface; the listener on TCP gets the same ones behind tokens. */
function createControlRoutes(reload: ControlServerInput['reload']): Handler {
  const routes: Readonly<Record<string, Route>> = {
    '/-/healthy': { method: 'GET', handle: () => ({ status: 200, body: 'ok\n' }) },
    '/-/reload': {
      method: 'POST',
      handle: async () => {
        const { ok, text } = await reload();
        return { status: ok ? 200 : 400, body: `${text}\n` };
      },
    },
  };
  return (request, path) => {
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined)
      return { status: 404, body: `not found; there are ${Object.keys(routes).join(', ')}\n` };
    if (request.method === route.method) return route.handle();
    return {
      status: 405,
      headers: { allow: route.method },
      body: `method not allowed: use ${route.method}\n`,
    };
  };
}
