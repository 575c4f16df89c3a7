import { CollectError } from '../../src/sdk.ts';
import type { Deployment } from './deployment.ts';
import type { Member } from './member.ts';
import { eachMember, statusMembers } from './member-groups.ts';
import type { MongodbContext } from './metrics.ts';
import { replicating } from './replica-readings.ts';
import type { Replication, SetLags } from './replication.ts';
import { valueAt } from './status-fields.ts';

/** What makes a member call an election, as serverStatus names it. */
const reasons = {
  step_up: 'stepUpCmd',
  priority_takeover: 'priorityTakeover',
  catch_up_takeover: 'catchUpTakeover',
  election_timeout: 'electionTimeout',
  freeze_timeout: 'freezeTimeout',
} as const;

/** Who answers, in which state, and whether there is a primary. A member that does not answer is down, and said to be so. */
export async function readAvailability(
  deployment: Deployment,
  context: MongodbContext,
  replication: Replication,
): Promise<void> {
  for (const member of deployment.members) recordMember(member, context);
  for (const set of replicating(deployment)) {
    const found = await replication.of(set, context);
    const labels = { replica_set: set.name };
    if (set.isComplete) context.record('setMembers', set.members.length, labels);
    context.record('setMembersUp', set.members.filter(({ hello }) => hello !== undefined).length, labels);
    recordStates(found, set.name, context);
  }
  for (const shard of deployment.unknownShards) {
    await context.attempt(shard, async () => {
      throw new CollectError('unreachable', `no member of shard ${shard} answers`);
    });
  }
  await eachMember(statusMembers(deployment), context, async (member, inner) => {
    const { status } = await member.status(context.now, context.signal);
    const uptimeMs = valueAt(status, 'uptimeMillis');
    inner.record('uptimeSeconds', uptimeMs === undefined ? valueAt(status, 'uptime') : uptimeMs / 1000, {
      member: member.name,
    });
    for (const [reason, field] of Object.entries(reasons)) {
      inner.record('electionsTotal', valueAt(status, `electionMetrics.${field}.called`), {
        member: member.name,
        reason,
      });
    }
  });
}

function recordMember(member: Member, context: MongodbContext): void {
  const { name, hello, version, facts } = member;
  context.record('memberUp', hello === undefined ? 0 : 1, { member: name });
  if (hello === undefined) return;
  context.record('memberInfo', 1, {
    member: name,
    replica_set: facts.set ?? '',
    shard: facts.shard ?? '',
    kind: facts.kind,
    version: version ?? '',
  });
  if (facts.kind === 'arbiter') context.record('memberState', 1, { member: name, state: 'ARBITER' });
  if (facts.kind === 'data') context.record('isPrimary', Number(hello.isPrimary), { member: name });
}

function recordStates({ readings, primaries }: SetLags, set: string, context: MongodbContext): void {
  const known = [...readings].flatMap(([member, status]) =>
    status instanceof CollectError ? [] : [{ member, status }],
  );
  for (const { member, status } of known) {
    context.record('memberState', 1, { member: member.name, state: status.state });
  }
  // Of a set that nobody may speak for it is unknown whether it has a primary.
  // A primary that does not answer here is one all the same, as long as another member hears it.
  const heard = Number(known.some(({ status }) => status.hearsPrimary));
  if (known.length > 0)
    context.record('setPrimaries', Math.max(primaries.length, heard), { replica_set: set });
  const terms = known.flatMap(({ status }) => status.term ?? []);
  if (terms.length > 0) context.record('setTerm', Math.max(...terms), { replica_set: set });
}
