import { setMaxListeners } from 'node:events';
import { CollectError } from '../../../src/sdk.ts';
import type { MemberClient } from '../client.ts';
import type { Deployment } from '../deployment.ts';
import { targetConnect } from '../target-connect.ts';
import { Topology } from '../topology.ts';
import type { MongodbOperationsInput } from './input.ts';

const timeLimitMs = 10_000;

/** Reads every member by the collecting login, apart from the collector's own connections. */
export class ReadingSide {
  readonly #topology: Topology;

  constructor({ options, clock, applicationName }: MongodbOperationsInput) {
    const remembered = new Map<string, string>();
    this.#topology = new Topology({
      connecting: targetConnect(options, { applicationName, timeLimitMs, clock }),
      exclude: options.exclude,
      clock,
      memory: {
        read: (key) => remembered.get(key),
        write: (key, value) => void remembered.set(key, value),
      },
    });
  }

  /** All members as they are now. @throws {CollectError} when none answers. */
  discover(signal: AbortSignal): Promise<Deployment> {
    setMaxListeners(0, signal); // several listeners a member
    return this.#topology.discover(signal);
  }

  close(): Promise<void> {
    return this.#topology.close();
  }
}

/** Whom to ask about the deployment as a whole: mongos, the primary, or the standalone server. @throws {CollectError} */
export function leaderOf({ kind, mongoses, sets, members }: Deployment): MemberClient {
  const leader =
    kind === 'sharded'
      ? mongoses.find(({ hello }) => hello !== undefined)
      : kind === 'replica_set'
        ? sets[0]?.primary
        : members[0];
  if (leader === undefined)
    throw new CollectError(
      'unreachable',
      kind === 'sharded' ? 'no mongos answers' : 'there is no primary now',
    );
  return leader.client;
}
