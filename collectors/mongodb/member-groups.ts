import { CollectError } from '../../src/sdk.ts';
import type { Deployment } from './deployment.ts';
import type { Member, StatusReading } from './member.ts';
import type { MongodbContext } from './metrics.ts';
import type { Reader } from './readers.ts';

/** Reads one group of one member. */
export type MemberReader = (
  member: Member,
  reading: StatusReading,
  context: MongodbContext,
) => Promise<void> | void;

/** A group that is read from the serverStatus of every member that has one; arbiters say nothing without a login, and hold none. */
export function eachStatus(read: MemberReader): Reader {
  return (deployment, context) =>
    eachMember(statusMembers(deployment), context, async (member, inner) => {
      await read(member, await member.status(context.now, context.signal), inner);
    });
}

/** Reads members at once and records them one by one; one that fails is unknown alone, unless it is the only one. */
export async function eachMember(
  members: readonly Member[],
  context: MongodbContext,
  read: (member: Member, context: MongodbContext) => Promise<void>,
): Promise<void> {
  const [first, ...others] = members;
  if (first === undefined) throw new CollectError('unreachable', 'no member with data is known');
  if (others.length === 0) {
    await read(first, context);
    return;
  }
  for (const member of members) void member.status(context.now, context.signal).catch(() => undefined); // all begin at once
  for (const member of members) await context.attempt(member.name, (inner) => read(member, inner));
}

/** Everybody but arbiters. */
export function statusMembers({ members }: Deployment): readonly Member[] {
  return members.filter(({ facts }) => facts.kind !== 'arbiter');
}
