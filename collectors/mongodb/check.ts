import { type CollectError, toCollectError } from '../../src/sdk.ts';
import type { CheckInput, MongodbCheckItem } from './check-item.ts';
import { checkLogin } from './check-login.ts';
import { checkServer } from './check-server.ts';
import type { Deployment, ReplicaSet } from './deployment.ts';
import { createUser, grantRoles, roles } from './grants.ts';
import { type MongodbGroup, mongodbGroups } from './groups.ts';
import type { Member } from './member.ts';

/** Says what each member and the deployment as a whole lack. Reads only; profiling is never turned on. */
export async function checkDeployment(
  deployment: Deployment,
  input: CheckInput,
): Promise<readonly MongodbCheckItem[]> {
  const items: MongodbCheckItem[] = [...checkSets(deployment, input)];
  for (const member of deployment.members) {
    if (member.failure !== undefined) {
      items.push(silent(member, member.failure, deployment, input));
      continue;
    }
    if (member.facts.kind === 'arbiter') continue;
    try {
      items.push(...(await checkLogin(member, deployment, input)), ...(await checkServer(member, input)));
    } catch (thrown) {
      items.push(silent(member, toCollectError(thrown), deployment, input));
    }
  }
  return merged(items);
}

/** Members of a set share users, settings and versions: what is said of several in the same words is said once. */
function merged(items: readonly MongodbCheckItem[]): readonly MongodbCheckItem[] {
  const byText = new Map<string, MongodbCheckItem>();
  for (const item of items) {
    const key = `${item.severity}\n${item.message}\n${item.remedy}`;
    const first = byText.get(key);
    byText.set(key, first === undefined ? item : { ...first, subject: `${first.subject}, ${item.subject}` });
  }
  return [...byText.values()];
}

const everyGroup = Object.keys(mongodbGroups).filter((name): name is MongodbGroup => name in mongodbGroups);

/** A member that does not let itself be read. */
function silent(
  member: Member,
  error: CollectError,
  { kind }: Deployment,
  { username }: CheckInput,
): MongodbCheckItem {
  const where =
    kind === 'sharded' && member.facts.shard !== undefined
      ? `the primary of shard ${member.facts.shard}`
      : 'the primary';
  const isLogin = error.code === 'denied' && username !== undefined;
  return {
    severity: 'blind',
    subject: member.name,
    message: error.message,
    remedy: isLogin
      ? `// on ${where}, if the user does not exist there; otherwise correct the password or authSource\n${createUser(username)}`
      : '// start the member, or correct its name in the configuration of the replica set and the way to it',
    groups: everyGroup,
  };
}

function checkSets(
  { sets, kind, unknownShards }: Deployment,
  input: CheckInput,
): readonly MongodbCheckItem[] {
  const items = sets.flatMap((set) => checkSet(set, input));
  const [alone] = sets;
  if (kind === 'standalone' && alone !== undefined) {
    items.push({
      severity: 'advice',
      subject: alone.members[0]?.name ?? '',
      message:
        'the server is not part of a replica set: it has no oplog, nothing replicates it and transactions do not work',
      remedy: '// restart mongod with --replSet rs0, then in mongosh\nrs.initiate();',
      groups: [],
    });
  }
  for (const shard of unknownShards) {
    items.push({
      severity: 'blind',
      subject: shard,
      message: 'no member of the shard answers, so that nothing is known of it',
      remedy: '// start its members, or open the way to them: every member is read directly',
      groups: everyGroup,
    });
  }
  return items;
}

function checkSet(set: ReplicaSet, { username, exclude }: CheckInput): MongodbCheckItem[] {
  const subject = set.name ?? '';
  const items: MongodbCheckItem[] = [];
  if (!set.isComplete && exclude.length > 0) {
    items.push({
      severity: 'advice',
      subject,
      message:
        'the target excludes members, or hidden ones are not known: no index of the set is ever proven unused',
      remedy: '// take the members out of `exclude`, or accept it',
      groups: ['indexes'],
    });
  } else if (!set.isComplete) {
    items.push({
      severity: 'blind',
      subject,
      message:
        'its configuration could not be read: hidden members are not known, and no index is ever proven unused',
      remedy: grantRoles(username ?? 'reeve', [roles.monitor]),
      groups: ['availability', 'replication', 'indexes'],
    });
  }
  if (set.name !== undefined && set.primary === undefined) {
    const count = set.members.filter(({ hello }) => hello?.isPrimary).length;
    items.push({
      severity: 'blind',
      subject,
      message:
        count === 0
          ? 'no member says that it is primary, so that lag is unknown'
          : 'several members say that they are primary',
      remedy: '// rs.status() on a member says who votes and whom they reach',
      groups: ['replication', 'oplog'],
    });
  }
  return items;
}
