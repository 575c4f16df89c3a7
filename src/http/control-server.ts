import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import { ownerAccess } from './control-access.ts';
import type { ControlApi } from './control-api.ts';
import { createControlRoutes } from './control-routes.ts';
import type { Listener } from './listener.ts';
import { closeServer, createRequestListener, ListenError, listen, serverLimits } from './listener.ts';

export interface ControlServerInput {
  /** Where the socket is made. The caller holds the lock of the store, so one that lies there is stale. */
  readonly socketPath: string;
  readonly api: ControlApi;
  readonly clock: Clock;
  readonly log: Log;
}

/** Linux's limit for the path of a unix socket, without the final NUL. */
const longestSocketPathBytes = 107;

/**
 * Serves the control interface to this machine's owner of the store.
 *
 * @throws {ListenError} when the socket cannot be made.
 */
export async function startControlServer({
  socketPath,
  api,
  clock,
  log,
}: ControlServerInput): Promise<Listener> {
  const lengthBytes = Buffer.byteLength(socketPath);
  if (lengthBytes > longestSocketPathBytes)
    throw new ListenError(
      `the control socket's path has ${lengthBytes} bytes, the system allows ${longestSocketPathBytes}: ${socketPath}; choose a shorter store.path`,
    );
  await rm(socketPath, { force: true });
  const handle = createControlRoutes({ api, access: ownerAccess, clock, log });
  const server = createServer(serverLimits, createRequestListener(handle, log));
  const described = {
    address: socketPath,
    refused: 'the folder does not exist or is not writable',
    advice: 'choose another store.path',
  };
  await listen(server, { path: socketPath }, described, log);
  await chmod(socketPath, 0o600);
  return { url: socketPath, port: undefined, close: (deadlineMs) => closeServer(server, deadlineMs) };
}
