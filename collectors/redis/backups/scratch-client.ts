import { CollectError, type Secret } from '../../../src/sdk.ts';
import { connectRedis } from '../client.ts';
import type { Command } from '../connection.ts';

/** A connection to the scratch server, by its socket. */
export interface ScratchClient {
  /** Replies as text. @throws {CollectError} also for an error reply. */
  call(...words: Command): Promise<unknown>;
  /** Replies as bytes. */
  callBytes(...words: Command): Promise<unknown>;
  close(): void;
}

/** Of one answer: of a value of some gigabytes too. */
const timeLimitMs = 60_000;

/** @throws {CollectError} when nobody listens; `denied` when the password is wrong. */
export async function connectScratch(
  path: string,
  password: Secret,
  signal: AbortSignal,
): Promise<ScratchClient> {
  const login = { username: undefined, password, tls: undefined };
  const options = { address: { path }, ...login, connectionName: 'reeve-drill', timeLimitMs };
  const connection = await connectRedis(options, signal);
  return {
    call: (...words) => connection.call(words, signal),
    callBytes: async (...words) => {
      const [outcome] = await connection.pipelineBytes([words], signal);
      if (outcome === undefined) throw new CollectError('malformed', `no reply to ${words[0]} from ${path}`);
      if (outcome.error !== undefined) throw outcome.error;
      return outcome.reply;
    },
    close: () => connection.close(),
  };
}
