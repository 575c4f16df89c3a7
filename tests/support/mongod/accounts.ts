import { type Credential, createCredential } from './scram.ts';

/** `clusterMonitor` stands for `clusterMonitor@admin`; roles of one database are written `read@local`. */
export type RoleName = string;

export interface UserSetup {
  readonly password: string;
  readonly roles: readonly RoleName[];
  /** Authentication database. Default `admin`. */
  readonly database?: string;
}

/** What a command touches: the cluster, a database, or a collection. */
export type Resource =
  | { readonly cluster: true }
  | { readonly database: string; readonly collection: string };

export interface Privilege {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly actions: readonly string[];
}

interface Account {
  readonly credential: Credential;
  roles: readonly RoleName[];
}

const read = [
  'changeStream',
  'collStats',
  'dbHash',
  'dbStats',
  'find',
  'killCursors',
  'listCollections',
  'listIndexes',
  'planCacheRead',
];
const write = [
  'insert',
  'update',
  'remove',
  'createCollection',
  'createIndex',
  'dropCollection',
  'dropIndex',
  'convertToCapped',
];
const admin = [
  'collMod',
  'collStats',
  'dbStats',
  'createIndex',
  'dropIndex',
  'listCollections',
  'listIndexes',
  'renameCollectionSameDB',
  'enableProfiler',
  'validate',
];
const monitorDatabase = ['collStats', 'dbStats', 'getDatabaseVersion', 'getShardVersion', 'indexStats'];
const monitorCluster = [
  'connPoolStats', 'getCmdLineOpts', 'getDefaultRWConcern', 'getLog', 'getParameter', 'getShardMap', 'hostInfo', 'inprog', 'listDatabases',
  'listSessions', 'listShards', 'netstat', 'replSetGetConfig', 'replSetGetStatus', 'serverStatus', 'shardingState', 'top',
]; // biome-ignore format: a word list

const anyAction: readonly string[] = [...new Set([...read, ...write, ...admin, ...monitorDatabase])];

type Scope = 'normal' | 'config' | 'own';

interface Grant {
  readonly cluster?: readonly string[];
  /** Collections that are not system ones, in all databases but local and config; in config; in the role's own database. */
  readonly on?: Partial<Record<Scope, readonly string[]>>;
}

/**
 * The part of the built-in roles that the commands of this double ask for.
 *
 * clusterMonitor is the stingy one of older servers: newer ones add read on config and local to it.
 *
 * @see https://www.mongodb.com/docs/manual/reference/built-in-roles/
 */
const roles: Readonly<Record<string, Grant>> = {
  read: { on: { own: read } },
  readWrite: { on: { own: [...read, ...write] } },
  dbAdmin: { on: { own: admin } },
  readAnyDatabase: { cluster: ['listDatabases'], on: { normal: read } },
  readWriteAnyDatabase: { cluster: ['listDatabases'], on: { normal: [...read, ...write] } },
  dbAdminAnyDatabase: { cluster: ['listDatabases'], on: { normal: admin } },
  clusterMonitor: {
    cluster: monitorCluster,
    on: { normal: monitorDatabase, config: [...monitorDatabase, ...read] },
  },
  clusterManager: {
    cluster: ['listShards', 'replSetGetConfig', 'replSetGetStatus', 'checkMetadataConsistency'],
    on: { config: read },
  },
  directShardOperations: { cluster: ['issueDirectShardOperations'] },
  hostManager: { cluster: ['killop', 'setParameter', 'fsync'] },
};

/** Users, and what they may do. Roles can change under open connections, as on the server. */
export class Accounts {
  readonly #accounts = new Map<string, Account>();

  constructor(users: Readonly<Record<string, UserSetup>>) {
    for (const [name, setup] of Object.entries(users)) this.add(name, setup);
  }

  add(name: string, setup: UserSetup): void {
    this.#accounts.set(`${name}@${setup.database ?? 'admin'}`, {
      credential: createCredential(setup.password),
      roles: setup.roles,
    });
  }

  get isEmpty(): boolean {
    return this.#accounts.size === 0;
  }

  credential(user: string): Credential | undefined {
    return this.#accounts.get(user)?.credential;
  }

  rolesOf(user: string): readonly RoleName[] {
    return this.#accounts.get(user)?.roles ?? [];
  }

  /** Takes effect with the next command, on open connections too. */
  setRoles(name: string, roleNames: readonly RoleName[]): void {
    const account = this.#accounts.get(name.includes('@') ? name : `${name}@admin`);
    if (!account) throw new Error(`no user ${name} in this double`);
    account.roles = roleNames;
  }

  allows(user: string | undefined, resource: Resource, action: string): boolean {
    if (user === undefined) return false;
    return this.rolesOf(user).some((name) => grants(name, resource, action));
  }

  privilegesOf(user: string): readonly Privilege[] {
    return this.rolesOf(user).flatMap(privilegesOf);
  }

  /** Whether any action on the collection is allowed: what listCollections with authorizedCollections asks. */
  allowsAny(user: string | undefined, resource: Resource): boolean {
    return anyAction.some((action) => this.allows(user, resource, action));
  }
}

/** As connectionStatus lists them. */
function privilegesOf(name: RoleName): readonly Privilege[] {
  const { role, db } = splitRole(name);
  if (role === 'root') return [{ resource: { anyResource: true }, actions: ['anyAction'] }];
  if (role.startsWith('privilege:')) {
    const actions = role.slice('privilege:'.length).split('+');
    const dot = db.indexOf('.');
    const resource =
      dot < 0 ? { db, collection: '' } : { db: db.slice(0, dot), collection: db.slice(dot + 1) };
    return [{ resource: db === 'cluster' ? { cluster: true } : resource, actions }];
  }
  const grant = roles[role];
  const scopes = { normal: '', config: 'config', own: db } as const;
  return [
    ...(grant?.cluster ? [{ resource: { cluster: true }, actions: grant.cluster }] : []),
    ...(['normal', 'config', 'own'] as const).flatMap((scope) => {
      const actions = grant?.on?.[scope];
      return actions ? [{ resource: { db: scopes[scope], collection: '' }, actions }] : [];
    }),
  ];
}

export function splitRole(name: RoleName): { readonly role: string; readonly db: string } {
  const [role = name, db = 'admin'] = name.split('@');
  return { role, db };
}

function grants(name: RoleName, resource: Resource, action: string): boolean {
  const { role, db } = splitRole(name);
  if (role === 'root' || role === '__system') return true;
  if (role.startsWith('privilege:')) return custom(role, db, resource, action);
  const grant = roles[role];
  if (!grant) return false;
  if ('cluster' in resource) return grant.cluster?.includes(action) ?? false;
  if (resource.collection.startsWith('system.')) return false;
  if (resource.database === db && grant.on?.own?.includes(action)) return true;
  if (resource.database === 'config') return grant.on?.config?.includes(action) ?? false;
  return resource.database !== 'local' && (grant.on?.normal?.includes(action) ?? false);
}

/** `privilege:collMod+dropIndex@shop.orders`, or `@cluster`: one hand-made privilege, as createRole would give it. */
function custom(role: string, on: string, resource: Resource, action: string): boolean {
  if (!role.slice('privilege:'.length).split('+').includes(action)) return false;
  if ('cluster' in resource) return on === 'cluster';
  return on === resource.database || on === `${resource.database}.${resource.collection}`;
}
