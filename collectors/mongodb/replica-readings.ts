import { type CollectError, toCollectError } from '../../src/sdk.ts';
import type { Deployment, ReplicaSet } from './deployment.ts';
import type { Member } from './member.ts';
import { parseReplicaStatus, type ReplicaStatus } from './replica-status.ts';

/** What each member with data of a set said, or why it said nothing. */
export type SetReadings = ReadonlyMap<Member, ReplicaStatus | CollectError>;

/** replSetGetStatus of all members, once a poll, shared by the groups that need it. */
export class ReplicaReadings {
  readonly #monotonicMs: () => number;
  #latest: { readonly now: number; readonly sets: Map<string, Promise<SetReadings>> } | undefined;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** The readings of the poll that began at `now`; never rejects. */
  of(set: ReplicaSet, now: number, signal: AbortSignal): Promise<SetReadings> {
    if (this.#latest?.now !== now) this.#latest = { now, sets: new Map() };
    const { sets } = this.#latest;
    const name = set.name ?? '';
    const readings = sets.get(name) ?? this.#read(set, signal);
    sets.set(name, readings);
    return readings;
  }

  /**
   * Whoever says it is primary first, then the others all at once: what a replica has applied is then compared with what the primary had
   * a moment before, and the time between the two questions never counts as lag.
   */
  async #read({ members }: ReplicaSet, signal: AbortSignal): Promise<SetReadings> {
    const readings = new Map<Member, ReplicaStatus | CollectError>();
    const data = members.filter(({ facts }) => facts.kind === 'data');
    const isFirst = (member: Member): boolean => member.hello?.isPrimary === true;
    for (const part of [data.filter(isFirst), data.filter((member) => !isFirst(member))]) {
      await Promise.all(part.map(async (member) => readings.set(member, await this.#ask(member, signal))));
    }
    return readings;
  }

  async #ask(member: Member, signal: AbortSignal): Promise<ReplicaStatus | CollectError> {
    if (member.failure !== undefined) return member.failure;
    try {
      const command = { replSetGetStatus: 1 };
      const answer = await member.client.command('admin', command, { signal, group: 'replication' });
      return parseReplicaStatus(answer, member.name, this.#monotonicMs());
    } catch (thrown) {
      return toCollectError(thrown);
    }
  }
}

/** Sets that replicate: a standalone server has none. */
export function replicating({ sets }: Deployment): readonly (ReplicaSet & { readonly name: string })[] {
  return sets.flatMap((set) => (set.name === undefined ? [] : [{ ...set, name: set.name }]));
}
