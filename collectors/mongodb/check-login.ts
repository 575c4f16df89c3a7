import { toCollectError } from '../../src/sdk.ts';
import type { CheckInput, MongodbCheckItem } from './check-item.ts';
import type { Deployment } from './deployment.ts';
import { type Document, listAt, textAt } from './document.ts';
import { createUser, grantRoles, type Role, roles } from './grants.ts';
import type { MongodbGroup } from './groups.ts';
import type { Member } from './member.ts';

interface Probe {
  readonly db: string;
  readonly command: Document;
  /** What the login lacks when this is denied. */
  readonly role: Role;
  /** What stays unknown without it. */
  readonly groups: readonly MongodbGroup[];
  readonly on: 'every' | 'replica' | 'mongos' | 'data';
}

const fromStatus: readonly MongodbGroup[] = [
  'availability',
  'connections',
  'operations',
  'cache',
  'queues',
  'targeting',
  'resources',
];

/** Each command that a role allows, in its cheapest form. */
const probes: readonly Probe[] = [
  {
    db: 'admin',
    command: { serverStatus: 1, metrics: 0, locks: 0 },
    role: roles.monitor,
    groups: fromStatus,
    on: 'every',
  },
  {
    db: 'admin',
    command: { replSetGetStatus: 1 },
    role: roles.monitor,
    groups: ['replication', 'availability'],
    on: 'replica',
  },
  {
    db: 'admin',
    command: { replSetGetConfig: 1 },
    role: roles.monitor,
    groups: ['replication', 'indexes'],
    on: 'replica',
  },
  {
    db: 'admin',
    command: { listDatabases: 1, nameOnly: true },
    role: roles.monitor,
    groups: ['storage', 'indexes'],
    on: 'data',
  },
  {
    db: 'admin',
    command: {
      aggregate: 1,
      // The command of another session is nothing that a check or a recording may hold.
      pipeline: [
        { $currentOp: { allUsers: true, idleConnections: false } },
        { $limit: 1 },
        { $project: { opid: 1, op: 1 } },
      ],
      cursor: {},
    },
    role: roles.monitor,
    groups: ['long_operations'],
    on: 'every',
  },
  { db: 'admin', command: { listShards: 1 }, role: roles.monitor, groups: ['sharding'], on: 'mongos' },
];

/** Roles that allow writing, beside those that are made for it by hand. */
const writing =
  /^(root|__system|readWrite.*|dbOwner|dbAdmin.*|userAdmin.*|clusterAdmin|clusterManager|hostManager|restore)$/;

/** Whether the login may do what the readings need, and whether it may do much more. */
export async function checkLogin(
  member: Member,
  { kind, sets }: Deployment,
  input: CheckInput,
): Promise<readonly MongodbCheckItem[]> {
  const items: MongodbCheckItem[] = [];
  const name = input.username ?? 'reeve';
  const denied: Probe[] = [];
  for (const probe of probes.filter(({ on }) => isMeant(on, member))) {
    if (await isDenied(member, probe, input.signal)) denied.push(probe);
  }
  if (denied.length > 0) items.push(lacking(member, denied, name));
  const wantsDirect =
    kind === 'sharded' && member.facts.kind === 'data' && majorOf(member) >= 8 && sets.length > 1;
  const held = await rolesOf(member, input.signal);
  if (
    wantsDirect &&
    held.length > 0 &&
    !held.some(({ role }) => directRoles.has(role)) &&
    !isConfig(member)
  ) {
    items.push({
      severity: 'blind',
      subject: member.name,
      message:
        'from MongoDB 8.0 on a shard answers about its databases only to mongos, unless the login has the role directShardOperations',
      remedy: `// on the primary of shard ${member.facts.shard ?? ''}\n${grantRoles(name, [roles.direct])}`,
      groups: ['indexes', 'storage'],
    });
  }
  items.push(...checkPower(member, held, input));
  return items;
}

const directRoles = new Set(['directShardOperations', 'root', '__system']);

function checkPower(
  member: Member,
  held: readonly Role[],
  { username }: CheckInput,
): readonly MongodbCheckItem[] {
  const advice = (message: string, remedy: string): MongodbCheckItem => ({
    severity: 'advice',
    subject: member.name,
    message,
    remedy,
    groups: [],
  });
  if (username === undefined && held.length === 0) {
    return [
      advice(
        'the server lets anybody in without a login',
        `// turn access control on (security.authorization) and make a login\n${createUser('reeve')}`,
      ),
    ];
  }
  const tooMuch = held.filter(({ role }) => writing.test(role));
  if (tooMuch.length === 0) return [];
  const names = tooMuch.map(({ role, db }) => `${role}@${db}`).join(', ');
  return [
    advice(`the login may do more than it needs (${names})`, `// a login of its own\n${createUser('reeve')}`),
  ];
}

function isMeant(on: Probe['on'], { facts }: Member): boolean {
  if (on === 'mongos') return facts.kind === 'mongos';
  if (on === 'replica') return facts.kind === 'data' && facts.set !== undefined;
  return on === 'every' || facts.kind === 'data';
}

async function isDenied(member: Member, { db, command }: Probe, signal: AbortSignal): Promise<boolean> {
  try {
    await member.client.command(db, command, { signal, group: 'check' });
    return false;
  } catch (thrown) {
    const error = toCollectError(thrown);
    if (error.code === 'unreachable' || error.code === 'timeout') throw error;
    return error.code === 'denied';
  }
}

function lacking({ name, facts }: Member, denied: readonly Probe[], login: string): MongodbCheckItem {
  const commands = denied.map(({ command }) => Object.keys(command)[0] ?? '').join(', ');
  const missing = [...new Set(denied.map(({ role }) => role))];
  const where = facts.shard === undefined ? '' : `// on the primary of shard ${facts.shard}\n`;
  return {
    severity: 'blind',
    subject: name,
    message: `${commands}: the login may not, for want of ${missing.map(({ role, db }) => `${role}@${db}`).join(', ')}`,
    remedy: `${where}${grantRoles(login, missing)}`,
    groups: [...new Set(denied.flatMap(({ groups }) => groups))],
  };
}

async function rolesOf(member: Member, signal: AbortSignal): Promise<readonly Role[]> {
  const answer = await member.client.command('admin', { connectionStatus: 1 }, { signal, group: 'check' });
  return listAt(answer, 'authInfo.authenticatedUserRoles').flatMap((each) => {
    const [role, db] = [textAt(each, 'role'), textAt(each, 'db')];
    return role === undefined || db === undefined ? [] : [{ role, db }];
  });
}

function isConfig({ facts }: Member): boolean {
  return facts.shard === 'config';
}

function majorOf({ version }: Member): number {
  return Number(version?.split('.')[0] ?? 0);
}
