import { booleanAt, type Document, documentAt, idAt, listAt, numberAt, textAt } from './document.ts';
import type { Hello } from './hello.ts';
import type { MemberFacts } from './member.ts';

/** Who belongs to a replica set, as its configuration says. */
export interface SetConfig {
  readonly name: string | undefined;
  readonly id: string | undefined;
  readonly members: readonly { readonly host: string; readonly facts: Omit<MemberFacts, 'set' | 'shard'> }[];
  /** False when hidden members may be missing. */
  readonly isComplete: boolean;
  readonly heartbeatMs: number;
}

const defaultHeartbeatMs = 2_000;

/**
 * @param me the name by which the member that answered knows itself on this connection. Where that is a name of a horizon (names for
 *   clients outside of the members' own network), all members are called by their names of that horizon.
 * @see https://www.mongodb.com/docs/manual/reference/replica-configuration/
 */
export function parseReplicaConfig(answer: Document, me?: string): SetConfig {
  const members = listAt(answer, 'config.members');
  const horizon = horizonOf(members, me);
  return {
    name: textAt(answer, 'config._id'),
    id: idAt(answer, 'config.settings.replicaSetId'),
    members: members.flatMap((member) => {
      const own = textAt(member, 'host')?.toLowerCase();
      if (own === undefined) return [];
      const outside = horizon === undefined ? undefined : textAt(documentAt(member, 'horizons'), horizon);
      const facts = {
        kind: booleanAt(member, 'arbiterOnly') ? ('arbiter' as const) : ('data' as const),
        ownName: own,
        hidden: booleanAt(member, 'hidden') ?? false,
        delaySeconds: numberAt(member, 'secondaryDelaySecs') ?? numberAt(member, 'slaveDelay') ?? 0,
        priority: numberAt(member, 'priority'),
        votes: numberAt(member, 'votes'),
      };
      return [{ host: outside?.toLowerCase() ?? own, facts }];
    }),
    isComplete: true,
    heartbeatMs: numberAt(answer, 'config.settings.heartbeatIntervalMillis') ?? defaultHeartbeatMs,
  };
}

function horizonOf(members: readonly Document[], me: string | undefined): string | undefined {
  for (const member of members) {
    const horizons = Object.entries(documentAt(member, 'horizons') ?? {});
    const found = horizons.find(([, host]) => typeof host === 'string' && host.toLowerCase() === me);
    if (found !== undefined) return found[0];
  }
  return undefined;
}

/** What hello tells where the configuration is denied: everybody but hidden members. */
export function configOfHello(hello: Hello): SetConfig {
  const unknown = {
    ownName: undefined,
    hidden: false,
    delaySeconds: 0,
    priority: undefined,
    votes: undefined,
  };
  const named = hello.hosts.map((host) => ({
    host: host.toLowerCase(),
    facts: { kind: 'data' as const, ...unknown },
  }));
  const arbiters = hello.arbiters.map((host) => ({
    host: host.toLowerCase(),
    facts: { kind: 'arbiter' as const, ...unknown },
  }));
  const self =
    hello.me !== undefined && ![...named, ...arbiters].some(({ host }) => host === hello.me)
      ? [
          {
            host: hello.me,
            facts: {
              kind: 'data' as const,
              ...unknown,
              hidden: hello.isHidden,
              delaySeconds: hello.delaySeconds,
            },
          },
        ]
      : [];
  return {
    name: hello.set,
    id: undefined,
    members: [...named, ...self, ...arbiters],
    isComplete: false,
    heartbeatMs: defaultHeartbeatMs,
  };
}

/** What mongos tells of a shard none of whose members answers. */
export function configOfHosts(name: string, hosts: readonly string[]): SetConfig {
  const facts = {
    kind: 'data',
    ownName: undefined,
    hidden: false,
    delaySeconds: 0,
    priority: undefined,
    votes: undefined,
  } as const;
  const members = hosts.map((host) => ({ host, facts }));
  return { name, id: undefined, members, isComplete: false, heartbeatMs: defaultHeartbeatMs };
}
