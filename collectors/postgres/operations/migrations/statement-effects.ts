import { z } from 'zod';
import type { SqlStatement } from '../split-statements.ts';
import { namesOf, nodesIn, nodesOfKind, rangeVar, type SyntaxNode } from '../syntax-tree.ts';

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

type Draft = {
  -readonly [K in keyof StatementEffects]: StatementEffects[K] extends readonly (infer E)[]
    ? E[]
    : StatementEffects[K];
};
type Lock = (level: LockLevel, on: string | undefined) => void;

/** What one kind of statement does beside writing rows; `table` is its relation, where it has one. */
type Effect = (found: {
  readonly fields: SyntaxNode['fields'];
  readonly table: string | undefined;
  readonly effects: Draft;
  readonly lock: Lock;
}) => void;

const exclusive: Effect = ({ table, lock }) => lock('ACCESS EXCLUSIVE', table);
const makes: Effect = ({ fields, effects }) => {
  const made = nameOf(fields['view']) ?? intoOf(fields['into']);
  if (made !== undefined && fields['if_not_exists'] !== true && fields['replace'] !== true)
    effects.creates.push(ownName(made === nameOf(fields['view']) ? fields : (fields['into'] ?? {}), made));
};

/** A temporary table counts for nothing but itself. */
function ownName(made: unknown, name: string): string {
  return JSON.stringify(made).includes('"relpersistence":"t"') ? `pg_temp.${name}` : name;
}

const byKind: Readonly<Record<string, Effect>> = {
  CreateStmt: ({ fields, table, effects, lock }) => {
    // IF NOT EXISTS may find another one, and a temporary one hides its namesake.
    if (table !== undefined && fields['if_not_exists'] !== true) effects.creates.push(ownName(fields, table));
    for (const { pktable } of nodesOfKind(fields, 'Constraint')) lock('SHARE ROW EXCLUSIVE', nameOf(pktable));
  },
  CreateTableAsStmt: makes,
  ViewStmt: makes,
  AlterTableStmt: alterations,
  RenameStmt: exclusive,
  AlterObjectSchemaStmt: exclusive,
  RuleStmt: exclusive,
  LockStmt: ({ fields, lock }) => {
    for (const each of relationsIn(fields['relations'])) lock('ACCESS EXCLUSIVE', each);
  },
  CreateTrigStmt: ({ table, lock }) => lock('SHARE ROW EXCLUSIVE', table),
  IndexStmt: ({ fields, table, effects, lock }) => {
    if (fields['concurrent'] === true) return;
    lock('SHARE', table);
    effects.lasts = 'it builds an index';
  },
  RefreshMatViewStmt: ({ fields, table, effects, lock }) => {
    if (fields['concurrent'] === true) return;
    lock('ACCESS EXCLUSIVE', table);
    effects.lasts = 'it computes the view';
  },
  DropStmt: drops,
  TruncateStmt: ({ fields, effects, lock }) => {
    for (const each of relationsIn(fields['relations'])) {
      lock('ACCESS EXCLUSIVE', each);
      effects.deletes.push({ table: each, isAll: true });
      effects.writes.push(each);
    }
  },
};

const writers = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

export function effectsOf({ node }: SqlStatement): StatementEffects {
  const tree = { [node.kind]: node.fields };
  const effects: Draft = {
    creates: [],
    names: [...new Set(relationsIn(tree))],
    locks: [],
    lasts: undefined,
    drops: [],
    deletes: [],
    writes: [],
    typeChanges: [],
    notNulls: [],
    calls: [...callsIn(tree)],
  };
  const lock: Lock = (level, on) => {
    if (on !== undefined) effects.locks.push({ relation: on, level });
  };
  const { fields } = node;
  byKind[node.kind]?.({ fields, table: nameOf(fields['relation']), effects, lock });
  for (const { kind, fields: inner } of nodesIn(tree)) {
    const table = writers.has(kind) ? nameOf(inner['relation']) : undefined;
    if (table === undefined) continue;
    effects.writes.push(table);
    if (kind === 'DeleteStmt') effects.deletes.push({ table, isAll: inner['whereClause'] === undefined });
    if (kind === 'MergeStmt' && JSON.stringify(inner).includes('"CMD_DELETE"'))
      effects.deletes.push({ table, isAll: false });
  }
  return effects;
}

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

function alterations({ fields, table = '', effects, lock }: Parameters<Effect>[0]): void {
  for (const command of nodesOfKind(fields['cmds'], 'AlterTableCmd')) {
    const { subtype, name, def } = command;
    const named = typeof name === 'string' ? name : '';
    if (gentle.has(String(subtype))) continue;
    const added = constraint.safeParse(def);
    if (subtype === 'AT_AddConstraint' && added.success) {
      const { contype, skip_validation: later, indexname, pktable } = added.data.Constraint;
      lock(contype === 'CONSTR_FOREIGN' ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE', table);
      lock('SHARE ROW EXCLUSIVE', nameOf(pktable));
      if (later !== true && indexname === undefined)
        effects.lasts = 'it looks at every row for the constraint';
      continue;
    }
    lock('ACCESS EXCLUSIVE', table);
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

function drops({ fields, effects, lock }: Parameters<Effect>[0]): void {
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
function* relationsIn(value: unknown): Generator<string> {
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
