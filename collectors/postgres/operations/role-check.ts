import { z } from 'zod';
import { type CheckItem, CollectError, messageOf } from '../../../src/sdk.ts';
import type { Connection } from '../client.ts';
import { discoverDatabases } from '../databases.ts';
import { quoteIdentifier } from '../quote.ts';
import type { Access } from './access.ts';
import { ActRefused } from './act-refused.ts';

const row = z.object({
  role: z.string(),
  is_superuser: z.boolean(),
  /** Attributes and memberships that no act needs. */
  powers: z.array(z.string()),
  /** Owners of tables with indexes whose rights the role does not have. */
  missing_owners: z.array(z.string()),
  /** Owners whose rights it has, itself too. */
  owners: z.array(z.string()),
  /** Schemas of tables with indexes in which it may not create. */
  closed_schemas: z.array(z.string()),
  /** Tables that it may change, at most a few. */
  writable: z.array(z.string()),
  /** Whether it can keep the history of migrations where there is a place for it; whether it may make one, each plan says. */
  keeps_history: z.boolean(),
});

type Role = z.infer<typeof row>;

/** Everything about the role of the session, in one database. Rights that everybody has count as its own. */
const sql = `
  WITH own AS (
    SELECT c.oid, n.nspname, c.relname, c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm') AND c.oid >= 16384 AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
  SELECT r.rolname::text AS role, r.rolsuper AS is_superuser,
         ARRAY(SELECT word FROM (VALUES ('CREATEROLE', r.rolcreaterole), ('CREATEDB', r.rolcreatedb),
                                        ('REPLICATION', r.rolreplication), ('BYPASSRLS', r.rolbypassrls)) AS a (word, has) WHERE has
               UNION ALL
               SELECT p.rolname::text FROM pg_roles p
                WHERE p.rolname IN ('pg_write_all_data', 'pg_execute_server_program', 'pg_write_server_files',
                                    'pg_read_server_files', 'pg_maintain')
                  AND pg_has_role(p.oid, 'MEMBER')) AS powers,
         ARRAY(SELECT DISTINCT o.rolname::text FROM own JOIN pg_roles o ON o.oid = relowner
                WHERE NOT pg_has_role(relowner, 'USAGE') ORDER BY 1) AS missing_owners,
         ARRAY(SELECT DISTINCT o.rolname::text FROM own JOIN pg_roles o ON o.oid = relowner
                WHERE pg_has_role(relowner, 'USAGE') ORDER BY 1) AS owners,
         ARRAY(SELECT DISTINCT nspname::text FROM own
                WHERE NOT (has_schema_privilege(nspname, 'USAGE') AND has_schema_privilege(nspname, 'CREATE')) ORDER BY 1) AS closed_schemas,
         ARRAY(SELECT format('%I.%I', nspname, relname) FROM own
                WHERE has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE') ORDER BY 1 LIMIT 3) AS writable,
         coalesce((SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'reeve' AND c.relname = 'migrations'),
                  (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = 'reeve'),
                  true) AS keeps_history
    FROM pg_roles r WHERE r.rolname = current_user`;

/**
 * Both logins, in every database in scope: the one that acts is no superuser, owns what it is to change and may build it again; the
 * collecting one cannot change anything.
 */
export async function checkRoles(access: Access, signal: AbortSignal): Promise<readonly CheckItem[]> {
  const { input } = access;
  const items: CheckItem[] = [];
  const all = await access.reading(undefined, signal, async (connection) => {
    const found = await discoverDatabases(connection, input.options.databases, [], signal);
    return found.databases;
  });
  for (const database of all) {
    items.push(...(await collectingItems(access, database, signal)));
    if (input.credentials !== undefined) items.push(...(await actingItems(access, database, signal)));
  }
  return unique(items);
}

async function collectingItems(
  access: Access,
  database: string,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  try {
    return await access.reading(database, signal, async (connection) => {
      const role = await readRole(connection, signal);
      return role === undefined ? [] : collectingProblems(role, database);
    });
  } catch (thrown) {
    if (!(thrown instanceof CollectError) || signal.aborted) throw thrown;
    // `check` of the collector says what is wrong with this database.
    return [];
  }
}

function collectingProblems(role: Role, database: string): readonly CheckItem[] {
  const user = quoteIdentifier(role.role);
  const items: CheckItem[] = [];
  const able = (message: string, remedy: string): void =>
    void items.push({ severity: 'advice', subject: role.role, message, remedy, groups: [] });
  if (role.is_superuser) {
    able(
      'The collecting role is a superuser: it can change everything, and remediation.credentials separate nothing.',
      `ALTER ROLE ${user} NOSUPERUSER;\nGRANT pg_monitor TO ${user};`,
    );
    return items;
  }
  const powers = role.powers.map((power) =>
    power.startsWith('pg_') ? `REVOKE ${power} FROM ${user};` : `ALTER ROLE ${user} NO${power};`,
  );
  if (powers.length > 0)
    able(`The collecting role has ${role.powers.join(', ')}; it is to read only.`, powers.join('\n'));
  if (role.owners.length > 0) {
    const isOwner = role.owners.includes(role.role);
    const revokes = role.owners
      .filter((owner) => owner !== role.role)
      .map((owner) => `REVOKE ${quoteIdentifier(owner)} FROM ${user};`);
    if (isOwner) revokes.push(`-- in ${database}: REASSIGN OWNED BY ${user} TO <owner>;`);
    able(
      `The collecting role has the rights of the owner of tables in ${database} (${role.owners.join(', ')}): it could drop them.`,
      revokes.join('\n'),
    );
  } else if (role.writable.length > 0) {
    able(
      `The collecting role may change rows in ${database} (${role.writable.join(', ')}, perhaps more).`,
      role.writable
        .map((table) => `REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ${table} FROM ${user}, PUBLIC;`)
        .join('\n'),
    );
  }
  return items;
}

async function actingItems(
  access: Access,
  database: string,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const { input } = access;
  const sessionName = `${input.applicationName} check`;
  try {
    return await access.acting(
      { sessionName, place: undefined, database, waitForLockMs: 1_000, signal },
      async (session) => {
        const role = await readRole(session, signal);
        if (role === undefined) return [];
        const collecting = await access.reading(database, signal, (connection) =>
          readRole(connection, signal),
        );
        return actingProblems(role, collecting?.role, database);
      },
    );
  } catch (thrown) {
    if (thrown instanceof ActRefused && ['locked_by_reeve', 'not_primary'].includes(thrown.refusal.id))
      return [];
    if (!(thrown instanceof CollectError || thrown instanceof ActRefused) || signal.aborted) throw thrown;
    const message = `The login that acts cannot be used in ${database}: ${messageOf(thrown)}`;
    return [
      {
        severity: 'blind',
        subject: database,
        message,
        remedy: remediationGrants(database).join('\n'),
        groups: [],
      },
    ];
  }
}

function actingProblems(role: Role, collecting: string | undefined, database: string): readonly CheckItem[] {
  const user = quoteIdentifier(role.role);
  const items: CheckItem[] = [];
  const say = (severity: 'advice' | 'blind', message: string, remedy: string): void =>
    void items.push({ severity, subject: role.role, message, remedy, groups: [] });
  if (role.role === collecting)
    say(
      'advice',
      'The login that acts is the collecting one: give it a role of its own, which nothing else uses.',
      remediationGrants(database).join('\n'),
    );
  if (role.is_superuser) {
    say(
      'advice',
      'The role that acts is a superuser; its acts need far less.',
      remediationGrants(database).join('\n'),
    );
    return items;
  }
  const extra = role.powers.map((power) =>
    power.startsWith('pg_') ? `REVOKE ${power} FROM ${user};` : `ALTER ROLE ${user} NO${power};`,
  );
  if (extra.length > 0)
    say('advice', `The role that acts has ${role.powers.join(', ')}, which no act needs.`, extra.join('\n'));
  if (role.missing_owners.length > 0) {
    const grants = role.missing_owners.map((owner) => `GRANT ${quoteIdentifier(owner)} TO ${user};`);
    const owners = role.missing_owners.join(', ');
    say(
      'blind',
      `The role that acts has not the rights of ${owners} in ${database}: indexes of their tables cannot be changed.`,
      grants.join('\n'),
    );
  }
  if (role.closed_schemas.length > 0) {
    const schemas = role.closed_schemas.map(quoteIdentifier).join(', ');
    say(
      'blind',
      `The role that acts may not create in schema ${role.closed_schemas.join(', ')} of ${database}: a dropped index could not be built again.`,
      `-- in the database ${JSON.stringify(database)}\nGRANT USAGE, CREATE ON SCHEMA ${schemas} TO ${user};`,
    );
  }
  if (!role.keeps_history)
    say(
      'advice',
      `The role that acts cannot keep the history of migrations in ${database}: migrations are refused there.`,
      `-- in the database ${JSON.stringify(database)}\nGRANT USAGE, CREATE ON SCHEMA reeve TO ${user};\nALTER TABLE IF EXISTS reeve.migrations OWNER TO ${user};`,
    );
  return items;
}

/** The login that acts: nothing but the rights of the owners whose indexes it may change. */
export function remediationGrants(database: string): readonly string[] {
  return [
    "CREATE ROLE reeve_remediation LOGIN PASSWORD '<password>' CONNECTION LIMIT 5;",
    `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO reeve_remediation;`,
    'GRANT <owner of the tables> TO reeve_remediation;',
    'GRANT USAGE, CREATE ON SCHEMA <schema> TO reeve_remediation;',
    '-- for migrations: where their history is kept',
    'CREATE SCHEMA reeve AUTHORIZATION reeve_remediation;',
  ];
}

async function readRole(
  connection: Pick<Connection, 'query'>,
  signal: AbortSignal,
): Promise<Role | undefined> {
  const [role] = await connection.query(sql, row, signal);
  return role;
}

/** A role is the same in every database: what is said of it once is enough. */
function unique(items: readonly CheckItem[]): readonly CheckItem[] {
  return [...new Map(items.map((item) => [`${item.subject}\n${item.message}`, item])).values()];
}
