import { z } from 'zod';
import type { SqlStatement } from '../split-statements.ts';
import { namesOf, nodesIn, nodesOfKind, rangeVar } from '../syntax-tree.ts';

export type LockLevel = 'ACCESS EXCLUSIVE' | 'SHARE ROW EXCLUSIVE' | 'SHARE';

/** What one statement does to relations, as far as its text says. Names as they stand there: `orders`, `shop.orders`. */
export interface StatementEffects {
  /** Tables and views that it makes. */
  readonly creates: readonly string[];
  /** Relations that it names. */
  readonly names: readonly string[];
  /** Locks that somebody else waits for. */
  readonly locks: readonly { readonly relation: string; readonly level: LockLevel }[];
  /** Why its lock is held for as long as the table is big; undefined where it is over at once. */
  readonly lasts: string | undefined;
  /** Objects that are gone afterwards, with what they hold; a column as `orders.phone`. */
  readonly drops: readonly { readonly name: string; readonly what: string; readonly parts: 1 | 2 }[];
  /** Tables that it deletes rows from. */
  readonly deletes: readonly { readonly table: string; readonly isAll: boolean }[];
  /** Tables whose rows it changes, in any way. */
  readonly writes: readonly string[];
  readonly typeChanges: readonly { readonly table: string; readonly column: string }[];
  readonly notNulls: readonly { readonly table: string; readonly column: string }[];
  /** Functions that it calls by a name that is not one of the server's own. */
  readonly calls: readonly string[];
}

const droppedKinds: ReadonlyMap<string, string> = new Map([
  ['OBJECT_TABLE', 'table'],
  ['OBJECT_FOREIGN_TABLE', 'foreign table'],
  ['OBJECT_MATVIEW', 'materialized view'],
  ['OBJECT_SCHEMA', 'schema'],
  ['OBJECT_SEQUENCE', 'sequence'],
  ['OBJECT_TYPE', 'type'],
  ['OBJECT_EXTENSION', 'extension'],
]);

export function effectsOf({ node }: SqlStatement): StatementEffects {
  const effects = {
    creates: [] as string[],
    names: [...new Set([...relationsIn({ [node.kind]: node.fields })])],
    locks: [] as { relation: string; level: LockLevel }[],
    lasts: undefined as string | undefined,
    drops: [] as { name: string; what: string; parts: 1 | 2 }[],
    deletes: [] as { table: string; isAll: boolean }[],
    writes: [] as string[],
    typeChanges: [] as { table: string; column: string }[],
    notNulls: [] as { table: string; column: string }[],
    calls: [...callsIn({ [node.kind]: node.fields })],
  };
  const relation = nameOf(node.fields['relation']);
  const lock = (level: LockLevel, on = relation): void => {
    if (on !== undefined) effects.locks.push({ relation: on, level });
  };
  switch (node.kind) {
    case 'CreateStmt':
      if (relation !== undefined) effects.creates.push(relation);
      for (const { pktable } of nodesOfKind(node.fields, 'Constraint'))
        lock('SHARE ROW EXCLUSIVE', nameOf(pktable));
      break;
    case 'CreateTableAsStmt':
    case 'ViewStmt': {
      const made = nameOf(node.fields['view']) ?? intoOf(node.fields['into']);
      if (made !== undefined) effects.creates.push(made);
      break;
    }
    case 'AlterTableStmt':
      alterations(node.fields, relation ?? '', effects, lock);
      break;
    case 'RenameStmt':
    case 'AlterObjectSchemaStmt':
    case 'RuleStmt':
      lock('ACCESS EXCLUSIVE');
      break;
    case 'IndexStmt':
      if (node.fields['concurrent'] !== true) {
        lock('SHARE');
        effects.lasts = 'it builds an index';
      }
      break;
    case 'CreateTrigStmt':
      lock('SHARE ROW EXCLUSIVE');
      break;
    case 'RefreshMatViewStmt':
      if (node.fields['concurrent'] !== true) {
        lock('ACCESS EXCLUSIVE');
        effects.lasts = 'it computes the view';
      }
      break;
    case 'DropStmt':
      drops(node.fields, effects, lock);
      break;
    case 'TruncateStmt':
      for (const table of relationsIn(node.fields['relations'])) {
        lock('ACCESS EXCLUSIVE', table);
        effects.deletes.push({ table, isAll: true });
        effects.writes.push(table);
      }
      break;
    default:
      break;
  }
  for (const inner of nodesIn({ [node.kind]: node.fields })) {
    const table = nameOf(inner.fields['relation']);
    if (table === undefined) continue;
    if (['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].includes(inner.kind))
      effects.writes.push(table);
    if (inner.kind === 'DeleteStmt')
      effects.deletes.push({ table, isAll: inner.fields['whereClause'] === undefined });
    if (inner.kind === 'MergeStmt' && JSON.stringify(inner.fields).includes('"CMD_DELETE"'))
      effects.deletes.push({ table, isAll: false });
  }
  return effects;
}

type Draft = {
  -readonly [K in keyof StatementEffects]: StatementEffects[K] extends readonly (infer E)[]
    ? E[]
    : StatementEffects[K];
};
type Lock = (level: LockLevel, on?: string) => void;

const column = z.object({ ColumnDef: z.object({ colname: z.string() }) });
const constraint = z.object({
  Constraint: z.object({
    contype: z.string(),
    skip_validation: z.boolean().optional(),
    indexname: z.string().optional(),
    pktable: z.unknown().optional(),
  }),
});

/** Those that let reads and writes go on. */
const gentle = new Set([
  'AT_ValidateConstraint',
  'AT_SetStatistics',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_AttachPartition',
  'AT_ClusterOn',
  'AT_DropCluster',
]);

function alterations(
  fields: Readonly<Record<string, unknown>>,
  table: string,
  effects: Draft,
  lock: Lock,
): void {
  for (const command of nodesOfKind(fields['cmds'], 'AlterTableCmd')) {
    const { subtype, name, def } = command;
    const named = typeof name === 'string' ? name : '';
    if (gentle.has(String(subtype))) continue;
    const added = constraint.safeParse(def);
    if (subtype === 'AT_AddConstraint' && added.success) {
      const { contype, skip_validation: later, indexname, pktable } = added.data.Constraint;
      lock(contype === 'CONSTR_FOREIGN' ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE');
      lock('SHARE ROW EXCLUSIVE', nameOf(pktable));
      if (later !== true && indexname === undefined)
        effects.lasts = 'it looks at every row for the constraint';
      continue;
    }
    lock('ACCESS EXCLUSIVE');
    if (subtype === 'AT_DropColumn')
      effects.drops.push({ name: `${table}.${named}`, what: 'column', parts: 2 });
    if (subtype === 'AT_AlterColumnType') effects.typeChanges.push({ table, column: named });
    if (subtype === 'AT_SetNotNull') effects.notNulls.push({ table, column: named });
    if (subtype === 'AT_SetTableSpace' || subtype === 'AT_SetLogged' || subtype === 'AT_SetUnLogged')
      effects.lasts = 'it writes the whole table anew';
    if (subtype === 'AT_AddColumn' && column.safeParse(def).success && rewrites(def))
      effects.lasts = 'its default differs from row to row, so it writes the whole table anew';
  }
}

/** Defaults that are the same for all rows of one statement; PostgreSQL stores such a one beside the table. */
const stableFunctions = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'current_setting',
  'md5',
  'lower',
  'upper',
]);
const serials = new Set(['serial', 'serial4', 'bigserial', 'serial8', 'smallserial', 'serial2']);

function rewrites(definition: unknown): boolean {
  for (const { contype } of nodesOfKind(definition, 'Constraint'))
    if (contype === 'CONSTR_IDENTITY' || contype === 'CONSTR_GENERATED') return true;
  for (const { names } of nodesOfKind(definition, 'typeName'))
    if (namesOf(names).some((each) => serials.has(each))) return true;
  for (const { funcname } of nodesOfKind(definition, 'FuncCall'))
    if (!stableFunctions.has(namesOf(funcname).at(-1) ?? '')) return true;
  return false;
}

function drops(fields: Readonly<Record<string, unknown>>, effects: Draft, lock: Lock): void {
  const kind = String(fields['removeType']);
  const what = droppedKinds.get(kind);
  const objects = Array.isArray(fields['objects']) ? fields['objects'] : [];
  for (const each of objects) {
    const name = namesOf(each).join('.');
    if (name === '') continue;
    if (kind === 'OBJECT_TABLE' || kind === 'OBJECT_VIEW' || kind === 'OBJECT_MATVIEW') {
      lock('ACCESS EXCLUSIVE', name);
      effects.names.push(name);
    }
    // A trigger, policy or rule is named after its table.
    if (kind === 'OBJECT_TRIGGER' || kind === 'OBJECT_POLICY' || kind === 'OBJECT_RULE') {
      const table = name.split('.').slice(0, -1).join('.');
      lock('ACCESS EXCLUSIVE', table);
      effects.names.push(table);
    }
    if (what !== undefined) effects.drops.push({ name, what, parts: 1 });
  }
}

/** Names of all relations at or below a node. */
export function* relationsIn(value: unknown): Generator<string> {
  for (const { kind, fields } of nodesIn(value)) {
    const isOne =
      kind === 'RangeVar' || kind === 'relation' || kind === 'pktable' || kind === 'view' || kind === 'rel';
    const name = isOne ? nameOf(fields) : undefined;
    if (name !== undefined) yield name;
  }
}

function nameOf(value: unknown): string | undefined {
  const parsed = rangeVar.safeParse(value);
  if (!parsed.success) return undefined;
  const { schemaname, relname } = parsed.data;
  return schemaname === undefined ? relname : `${schemaname}.${relname}`;
}

function intoOf(value: unknown): string | undefined {
  const parsed = z.object({ rel: z.unknown() }).safeParse(value);
  return parsed.success ? nameOf(parsed.data.rel) : undefined;
}

/** Of the server's own, those that a migration may well call; none of them writes rows. */
const knownFunctions: ReadonlySet<string> = new Set([
  ...stableFunctions,
  'count',
  'sum',
  'min',
  'max',
  'avg',
  'coalesce',
  'nullif',
  'length',
  'trim',
  'btrim',
  'substring',
  'substr',
  'replace',
  'concat',
  'round',
  'random',
  'clock_timestamp',
  'gen_random_uuid',
  'generate_series',
  'nextval',
  'setval',
  'currval',
  'to_tsvector',
  'date_trunc',
  'to_char',
  'to_date',
  'to_timestamp',
  'abs',
  'array_agg',
  'string_agg',
  'jsonb_build_object',
  'json_build_object',
  'unnest',
  'split_part',
  'format',
  'extract',
  'greatest',
  'least',
  'row_number',
  'timezone',
  'ceil',
  'floor',
  'left',
  'right',
]);

function* callsIn(value: unknown): Generator<string> {
  for (const { kind, fields } of nodesIn(value)) {
    if (kind !== 'FuncCall' && kind !== 'funccall') continue;
    const parts = namesOf(fields['funcname']);
    if (parts.length > 1 && parts[0] === 'pg_catalog') continue;
    const name = parts.join('.');
    if (name !== '' && !(parts.length === 1 && knownFunctions.has(name))) yield name;
  }
}
