import { type CheckItem, type TargetIdentity, toCollectError } from '../../../src/sdk.ts';
import type { MemberClient } from '../client.ts';
import { listAt, textAt, textsAt } from '../document.ts';
import { openActing } from './acting.ts';
import { differences, readIdentity } from './identity.ts';
import type { MongodbOperationsInput } from './input.ts';
import { leaderOf, type ReadingSide } from './reading-side.ts';

/** What acts on indexes need, and nothing else: no document is read, none is written. Migrations and `mongodump` need more, where they are used. */
const needed = [
  { on: 'databases', actions: ['collMod', 'dropIndex', 'createIndex'] },
  { on: 'cluster', actions: ['replSetGetConfig'] },
] as const;
/** What the login that acts has no use for. */
const dangerous = [
  'insert',
  'update',
  'remove',
  'dropCollection',
  'dropDatabase',
  'anyAction',
  'createUser',
  'shutdown',
];
/** What the collecting login must not be able to. */
const changing = ['collMod', 'dropIndex', 'createIndex', ...dangerous];

/** The role and login that act, for mongosh on the primary or on mongos. */
function actingGrants(name: string): string {
  const databases = `{ resource: { db: '', collection: '' }, actions: ['collMod', 'dropIndex', 'createIndex'] }`;
  const cluster = `{ resource: { cluster: true }, actions: ['replSetGetConfig'] }`;
  const version = `{ resource: { db: 'config', collection: 'version' }, actions: ['find'] }`;
  return [
    `db.getSiblingDB('admin').createRole({ role: 'reeveActs', privileges: [`,
    `  // every database; name one in db, or a collection too, to allow less. On a rehearsal target add the action find`,
    `  ${databases},`,
    `  ${cluster}, ${version}`,
    `], roles: [] });`,
    `// where migrations are applied, also on their database: { role: 'readWrite', db: '<database>' }, { role: 'dbAdmin', db: '<database>' }`,
    `// where Reeve takes dumps (reeve drill --take): { role: 'backup', db: 'admin' }`,
    `db.getSiblingDB('admin').createUser({ user: '${name.replaceAll(/['\\]/g, '')}', pwd: '<password>', roles: [{ role: 'reeveActs', db: 'admin' }] });`,
  ].join('\n');
}

/** Verifies both logins by what the server says they may do. Changes nothing. */
export async function checkLogins(
  input: MongodbOperationsInput,
  reading: ReadingSide,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const items: CheckItem[] = [];
  const deployment = await reading.discover(signal);
  const collecting = await privilegesOf(leaderOf(deployment), signal);
  const tooMuch = actionsAmong(collecting, changing);
  if (tooMuch.length > 0)
    items.push(
      item(
        'advice',
        `the collecting login is able to act (${tooMuch.join(', ')}): it should only read`,
        '// give the url of the target a login with clusterMonitor only, and remediation.credentials the one that acts',
      ),
    );
  if (input.credentials === undefined) {
    const message = 'there are no remediation.credentials: plans are made, and none can be applied';
    items.push(
      item(
        'advice',
        message,
        `// then put its connection string into remediation.credentials\n${actingGrants('reeve_acts')}`,
      ),
    );
    return items;
  }
  const identity = await readIdentity(leaderOf(deployment), signal);
  return [...items, ...(await checkActing(input, identity, signal))];
}

async function checkActing(
  input: MongodbOperationsInput,
  identity: TargetIdentity,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  let client: MemberClient | undefined;
  try {
    client = await openActing(input, input.applicationName, signal);
    const held = await privilegesOf(client, signal);
    const missing = missingActions(held);
    // Without them it may not say who it is.
    const here = held.length === 0 || missing.length === 0 ? await readIdentity(client, signal) : identity;
    const found = {
      elsewhere: differences(identity, here, { onlyLasting: true }),
      missing,
      more: actionsAmong(held, dangerous),
    };
    return held.length === 0 ? [openDoor(), ...judge({ ...found, missing: [] })] : judge(found);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const message = `the login that acts cannot be used: ${toCollectError(thrown).message}`;
    return [item('blind', message, `// if it does not exist yet\n${actingGrants('reeve_acts')}`)];
  } finally {
    await client?.close();
  }
}

function openDoor(): CheckItem {
  const remedy = `// turn on security.authorization and make the login\n${actingGrants('reeve_acts')}`;
  return item('advice', 'the server lets anybody act without a login: access control is off', remedy);
}

function judge(found: {
  readonly elsewhere: readonly string[];
  readonly missing: readonly string[];
  readonly more: readonly string[];
}): readonly CheckItem[] {
  const grants = actingGrants('reeve_acts');
  const items = [
    [
      found.elsewhere,
      item(
        'blind',
        `remediation.credentials lead to another deployment than the url of the target: ${found.elsewhere.join('; ')}`,
        '// give the connection string of the same deployment',
      ),
    ],
    [
      found.missing,
      item(
        'blind',
        `the login that acts lacks ${found.missing.join(', ')}: what needs it is refused`,
        grants,
      ),
    ],
    [found.more, item('advice', tooMuchText(found.more), `// a login of its own\n${grants}`)],
  ] as const;
  return items.flatMap(([reasons, each]) => (reasons.length === 0 ? [] : [each]));
}

/** What readWrite and dbAdmin give, as migrations need it. */
const ofMigrations: ReadonlySet<string> = new Set([
  'insert',
  'update',
  'remove',
  'dropCollection',
  'dropDatabase',
]);

function tooMuchText(more: readonly string[]): string {
  const names = more.join(', ');
  return more.every((action) => ofMigrations.has(action))
    ? `the login that acts may write documents (${names}): right where migrations are applied, too much otherwise`
    : `the login that acts may do more than its actions need (${names})`;
}

function missingActions(held: readonly Held[]): readonly string[] {
  const has = (on: Held['on'], action: string): boolean =>
    held.some(
      (each) => each.actions.includes('anyAction') || (each.on === on && each.actions.includes(action)),
    );
  return needed.flatMap(({ on, actions }) => actions.filter((action) => !has(on, action)));
}

interface Held {
  readonly on: 'databases' | 'cluster' | 'own';
  readonly actions: readonly string[];
}

/** Databases of the server itself are nobody's to change; a privilege on one database counts as one on databases. */
async function privilegesOf(client: MemberClient, signal: AbortSignal): Promise<readonly Held[]> {
  const command = { connectionStatus: 1, showPrivileges: true };
  const answer = await client.command('admin', command, { signal, group: 'check' });
  return listAt(answer, 'authInfo.authenticatedUserPrivileges').map((each): Held => {
    const actions = textsAt(each, 'actions');
    const db = textAt(each, 'resource.db');
    if (db === undefined) return { on: actions.includes('anyAction') ? 'databases' : 'cluster', actions };
    const isOwn = db === 'config' || db === 'local' || db === 'admin';
    return { on: isOwn ? 'own' : 'databases', actions };
  });
}

function actionsAmong(held: readonly Held[], wanted: readonly string[]): readonly string[] {
  const all = new Set(held.flatMap(({ on, actions }) => (on === 'own' ? [] : actions)));
  return wanted.filter((action) => all.has(action));
}

function item(severity: CheckItem['severity'], message: string, remedy: string): CheckItem {
  return { severity, subject: '', message, remedy, groups: [] };
}
