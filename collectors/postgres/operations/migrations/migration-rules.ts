import { z } from 'zod';
import type { SqlStatement } from '../split-statements.ts';
import { namesOf, nodesIn, nodesOfKind, type SyntaxNode } from '../syntax-tree.ts';

/** What no file of a migration may do, whoever approves it, and what to write instead. */
export const migrationRules = {
  transaction_control:
    'leave BEGIN, COMMIT and SAVEPOINT out: each file is one transaction, and Reeve ends it',
  outside_transaction: 'it cannot be taken back together with the rest: a person does that by hand',
  whole_server: 'it reaches beyond this database: a person does that by hand',
  server_files: 'it reads or writes files or runs programs of the server: load the data by a client',
  reserved_setting: 'leave it out: Reeve sets timeouts, role and search_path itself',
  escapes:
    'what it does is not taken back with the transaction, or nobody counts it: leave it out, a person does that by hand',
  concurrently_alone:
    'CONCURRENTLY cannot run in a transaction: make it a file of its own with exactly this one statement',
  not_null_without_default:
    'rows that are there have no value for it: give it a DEFAULT, or add it without NOT NULL, fill it, and set NOT NULL later',
  needs_not_valid:
    'it looks at every row while others wait: add the constraint NOT VALID, and VALIDATE CONSTRAINT in a file of its own',
  validated_at_once:
    'the lock of the ADD CONSTRAINT before it is held while every row is looked at: put VALIDATE CONSTRAINT into a file of its own',
  cascade: 'name each object: nobody can tell what CASCADE takes along',
} as const;
export type MigrationRule = keyof typeof migrationRules;

export interface MigrationBreak {
  readonly rule: MigrationRule;
  readonly found: string;
}

const outside: ReadonlyMap<string, string> = new Map([
  ['VacuumStmt', 'VACUUM or ANALYZE'],
  ['ClusterStmt', 'CLUSTER'],
  ['CheckPointStmt', 'CHECKPOINT'],
  ['CreateSubscriptionStmt', 'CREATE SUBSCRIPTION'],
  ['AlterSubscriptionStmt', 'ALTER SUBSCRIPTION'],
  ['DropSubscriptionStmt', 'DROP SUBSCRIPTION'],
  ['ListenStmt', 'LISTEN'],
  ['PrepareStmt', 'PREPARE'],
  ['ExecuteStmt', 'EXECUTE'],
  ['LoadStmt', 'LOAD'],
  ['DiscardStmt', 'DISCARD'],
]);
const wholeServer: ReadonlyMap<string, string> = new Map([
  ['CreatedbStmt', 'CREATE DATABASE'],
  ['DropdbStmt', 'DROP DATABASE'],
  ['AlterDatabaseStmt', 'ALTER DATABASE'],
  ['AlterDatabaseSetStmt', 'ALTER DATABASE'],
  ['AlterSystemStmt', 'ALTER SYSTEM'],
  ['CreateTableSpaceStmt', 'CREATE TABLESPACE'],
  ['DropTableSpaceStmt', 'DROP TABLESPACE'],
  ['CreateRoleStmt', 'CREATE ROLE'],
  ['AlterRoleStmt', 'ALTER ROLE'],
  ['AlterRoleSetStmt', 'ALTER ROLE'],
  ['DropRoleStmt', 'DROP ROLE'],
  ['GrantRoleStmt', 'GRANT of a role'],
  ['DropOwnedStmt', 'DROP OWNED'],
  ['ReassignOwnedStmt', 'REASSIGN OWNED'],
]);
const reserved =
  /^(role|session_authorization|search_path|\w*_timeout|track_\w+|default_transaction_\w+|transaction_\w+|session_replication_role|transaction|session characteristics)$/i;

/** Other connections, large objects, other sessions, SQL in a text. */
const escapingFunction =
  /^(dblink\w*|lo_\w+|lowrite|pg_terminate_backend|pg_cancel_backend|pg_promote|pg_switch_wal|pg_reload_conf|pg_rotate_logfile|pg_(drop|create)\w*_replication_slot|pg_replication_\w+|pg_logical_emit_message|query_to_xml\w*|cursor_to_xml\w*|pg_advisory_lock\w*)$/;
const serverFileFunction =
  /^(pg_read_(binary_)?file|pg_ls_\w+|pg_stat_file|pg_file_\w+|lo_import|lo_export)$/;

/** What one statement breaks by itself; `isNew` tells tables that the same file made before. */
export function brokenMigrationRules(
  { node }: SqlStatement,
  isNew: (table: string) => boolean,
): readonly MigrationBreak[] {
  const kind = node.kind;
  if (kind === 'TransactionStmt') return [{ rule: 'transaction_control', found: 'a transaction command' }];
  const alone = outside.get(kind);
  if (alone !== undefined) return [{ rule: 'outside_transaction', found: alone }];
  const far = wholeServer.get(kind);
  if (far !== undefined) return [{ rule: 'whole_server', found: far }];
  const found: MigrationBreak[] = [];
  if (kind === 'CopyStmt')
    found.push({
      rule: 'server_files',
      found: node.fields['is_program'] === true ? 'COPY … PROGRAM' : 'COPY',
    });
  const { name: setting } = node.fields;
  if (kind === 'VariableSetStmt' && typeof setting === 'string' && reserved.test(setting))
    found.push({ rule: 'reserved_setting', found: `SET ${setting}` });
  if (node.fields['behavior'] === 'DROP_CASCADE') found.push({ rule: 'cascade', found: 'CASCADE' });
  if (kind === 'VariableSetStmt' && node.fields['kind'] === 'VAR_RESET_ALL')
    found.push({ rule: 'reserved_setting', found: 'RESET ALL' });
  for (const { funcname } of nodesOfKind({ [kind]: node.fields }, 'FuncCall')) {
    const name = namesOf(funcname).at(-1) ?? '';
    if (name === 'set_config') found.push({ rule: 'reserved_setting', found: name });
    else if (serverFileFunction.test(name)) found.push({ rule: 'server_files', found: name });
    else if (escapingFunction.test(name)) found.push({ rule: 'escapes', found: name });
  }
  if (kind === 'AlterTableStmt') found.push(...alterations(node, isNew));
  return found;
}

/** Whether it has to run outside of a transaction: builds, drops and rebuilds of indexes that block nobody. */
export function isLone({ node }: SqlStatement): boolean {
  if (node.kind === 'IndexStmt' || node.kind === 'DropStmt') return node.fields['concurrent'] === true;
  if (node.kind === 'ReindexStmt') return true;
  for (const inner of nodesIn({ [node.kind]: node.fields }))
    if (inner.kind === 'PartitionCmd' && inner.fields['concurrent'] === true) return true;
  return false;
}

/** A lone statement that Reeve can run and look after: one build or one drop of an index. */
export function isLoneIndexStatement(statement: SqlStatement): boolean {
  const { kind, fields } = statement.node;
  if (!isLone(statement)) return false;
  return (
    (kind === 'IndexStmt' && typeof fields['idxname'] === 'string') ||
    (kind === 'DropStmt' && fields['removeType'] === 'OBJECT_INDEX')
  );
}

const added = z.object({
  Constraint: z.object({
    contype: z.string(),
    skip_validation: z.boolean().optional(),
  }),
});
const target = z.object({ schemaname: z.string().optional(), relname: z.string() });

function alterations({ fields }: SyntaxNode, isNew: (table: string) => boolean): readonly MigrationBreak[] {
  const on = target.safeParse(fields['relation']);
  const table = on.success ? [on.data.schemaname, on.data.relname].filter(Boolean).join('.') : '';
  if (isNew(table)) return [];
  const found: MigrationBreak[] = [];
  for (const { subtype, def, behavior } of nodesOfKind(fields['cmds'], 'AlterTableCmd')) {
    if (behavior === 'DROP_CASCADE') found.push({ rule: 'cascade', found: 'CASCADE' });
    if (subtype === 'AT_AddColumn') {
      const kinds = [...nodesOfKind(def, 'Constraint')].map(({ contype }) => contype);
      const isFilled =
        kinds.some(
          (each) => each === 'CONSTR_DEFAULT' || each === 'CONSTR_IDENTITY' || each === 'CONSTR_GENERATED',
        ) || isSerial(def);
      if (kinds.includes('CONSTR_NOTNULL') && !isFilled)
        found.push({ rule: 'not_null_without_default', found: `ADD COLUMN … NOT NULL on ${table}` });
      if (kinds.includes('CONSTR_CHECK') || kinds.includes('CONSTR_FOREIGN'))
        found.push({ rule: 'needs_not_valid', found: `a column of ${table} with a constraint` });
    }
    const constraint = added.safeParse(def);
    if (subtype === 'AT_AddConstraint' && constraint.success) {
      const { contype, skip_validation: later } = constraint.data.Constraint;
      if ((contype === 'CONSTR_CHECK' || contype === 'CONSTR_FOREIGN') && later !== true)
        found.push({ rule: 'needs_not_valid', found: `ADD CONSTRAINT on ${table}` });
    }
  }
  return found;
}

function isSerial(definition: unknown): boolean {
  return /"sval":"(?:big|small)?serial[248]?"/.test(JSON.stringify(definition ?? {}));
}
