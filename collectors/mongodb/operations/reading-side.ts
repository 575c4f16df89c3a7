import { setMaxListeners } from 'node:events';
import { CollectError } from '../../../src/sdk.ts';
import type { MemberClient } from '../client.ts';
import type { Deployment } from '../deployment.ts';
import { Member } from '../member.ts';
import { targetConnect } from '../target-connect.ts';
import { Topology } from '../topology.ts';
import type { MongodbOperationsInput } from './input.ts';

const timeLimitMs = 10_000;

/** Reads every member by the collecting login, apart from the collector's own connections. */
export class ReadingSide {
  readonly #topology: Topology;
  readonly #monotonicMs: () => number;
  /** Runs look at the same time; the members are greeted for one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ options, clock, applicationName }: MongodbOperationsInput) {
    this.#monotonicMs = () => clock.monotonicMs();
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

  /** All members as they are now; what is found later does not change it. @throws {CollectError} when none answers. */
  discover(signal: AbortSignal): Promise<Deployment> {
    setMaxListeners(0, signal); // several listeners a member
    const found = this.#last.then(async () => this.#frozen(await this.#topology.discover(signal)));
    this.#last = found.catch(() => undefined);
    return found;
  }

  #frozen(deployment: Deployment): Deployment {
    const copies = new Map(deployment.members.map((member) => [member, this.#copy(member)]));
    const copyOf = (member: Member): Member => copies.get(member) ?? this.#copy(member);
    return {
      ...deployment,
      members: deployment.members.map(copyOf),
      mongoses: deployment.mongoses.map(copyOf),
      sets: deployment.sets.map((set) => ({
        ...set,
        members: set.members.map(copyOf),
        primary: set.primary === undefined ? undefined : copyOf(set.primary),
      })),
    };
  }

  #copy({ name, client, facts, hello, version, failure }: Member): Member {
    const copy = new Member(name, client, facts, this.#monotonicMs);
    copy.hello = hello;
    copy.version = version;
    copy.failure = failure;
    return copy;
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
