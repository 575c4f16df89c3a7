import { Redis } from 'ioredis';
import { CollectError, messageOf, type Secret } from '../../../src/sdk.ts';

/** A connection to the scratch server, by its socket. */
export interface ScratchClient {
  /** Replies as text. @throws {CollectError} also for an error reply, which never holds the password. */
  call(...words: readonly [string, ...(string | Buffer)[]]): Promise<unknown>;
  /** Replies as bytes. */
  callBytes(...words: readonly [string, ...(string | Buffer)[]]): Promise<unknown>;
  close(): void;
}

const connectLimitMs = 5_000;

/** @throws {CollectError} when nobody listens, or the password is wrong. */
export async function connectScratch(socket: string, password: Secret): Promise<ScratchClient> {
  const redis = new Redis({
    path: socket,
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    connectTimeout: connectLimitMs,
  });
  // The rejected promises say the same.
  redis.on('error', () => undefined);
  const told = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (thrown) {
      throw new CollectError('unreachable', `${what} on the scratch server: ${messageOf(thrown)}`);
    }
  };
  const client: ScratchClient = {
    call: (name, ...rest) => told(name, redis.call(name, ...rest)),
    callBytes: (name, ...rest) => told(name, redis.callBuffer(name, ...rest)),
    close: () => {
      redis.disconnect();
      redis.stream?.destroy();
    },
  };
  try {
    await told('connecting', redis.connect());
    await client.call('AUTH', password.reveal());
    return client;
  } catch (thrown) {
    client.close();
    throw thrown;
  }
}
