import { z } from 'zod';
import type { SqlStatement } from './split-statements.ts';
import { nodesIn, nodesOfKind, type SyntaxNode } from './syntax-tree.ts';

/** Rules of SQL that Reeve runs or accepts, by what they forbid. */
export const sqlRules = {
  do_block: 'Write the statements themselves: nobody can judge what a block of code will do.',
  not_concurrently: 'Write it with CONCURRENTLY, as a statement of its own.',
  select_star: 'Name the columns: a new column changes what this returns and what it costs.',
  delete_without_where: 'Say which rows: without a condition on its columns it deletes them all.',
  update_without_where: 'Say which rows: without a condition on its columns it changes them all.',
  server_command: 'A person does that by hand: it reaches beyond the database.',
  destroys_data: 'Reeve never destroys data; a person does that, with a backup that was restored.',
} as const;
export type SqlRule = keyof typeof sqlRules;

export interface RuleBreak {
  readonly rule: SqlRule;
  /** What was found, without any value of the text. */
  readonly found: string;
}

/** What one statement breaks, wherever in it: in a CTE, under EXPLAIN, in PREPARE. Each rule once. */
export function brokenRules({ node }: SqlStatement): readonly RuleBreak[] {
  const found = new Map<string, RuleBreak>();
  for (const inner of nodesIn({ [node.kind]: node.fields })) {
    for (const each of judges[inner.kind]?.(inner) ?? []) found.set(each.rule, each);
  }
  return [...found.values()];
}

/** Whether it must stand alone, outside of a transaction. */
export function isConcurrent({ node }: SqlStatement): boolean {
  for (const inner of nodesIn({ [node.kind]: node.fields })) {
    if (inner.fields['concurrent'] === true || (inner.kind === 'ReindexStmt' && reindexesConcurrently(inner)))
      return true;
  }
  return false;
}

type Judge = (node: SyntaxNode) => readonly RuleBreak[];

const none: readonly RuleBreak[] = [];

function breaks(rule: SqlRule, found: string): readonly RuleBreak[] {
  return [{ rule, found }];
}

const destroyedKinds: ReadonlyMap<string, string> = new Map([
  ['OBJECT_TABLE', 'DROP TABLE'],
  ['OBJECT_FOREIGN_TABLE', 'DROP FOREIGN TABLE'],
  ['OBJECT_MATVIEW', 'DROP MATERIALIZED VIEW'],
  ['OBJECT_SCHEMA', 'DROP SCHEMA'],
  ['OBJECT_SEQUENCE', 'DROP SEQUENCE'],
  ['OBJECT_TYPE', 'DROP TYPE'],
  ['OBJECT_EXTENSION', 'DROP EXTENSION'],
]);

/** By kind of node, so that the tree is walked once. */
const judges: Readonly<Record<string, Judge>> = {
  DoStmt: () => breaks('do_block', 'DO runs a block of code'),
  A_Star: () => breaks('select_star', 'a star stands for all columns'),
  IndexStmt: ({ fields }) =>
    fields['concurrent'] === true
      ? none
      : breaks('not_concurrently', 'CREATE INDEX blocks writes while it builds'),
  ReindexStmt: (node) =>
    reindexesConcurrently(node) ? none : breaks('not_concurrently', 'REINDEX blocks writes while it builds'),
  DropStmt: ({ fields }) => {
    if (fields['removeType'] === 'OBJECT_INDEX') {
      return fields['concurrent'] === true
        ? none
        : breaks('not_concurrently', 'DROP INDEX blocks reads and writes until it has its lock');
    }
    const what = destroyedKinds.get(String(fields['removeType']));
    return what === undefined ? none : breaks('destroys_data', what);
  },
  AlterTableCmd: ({ fields }) => alterations(fields),
  TruncateStmt: () => breaks('destroys_data', 'TRUNCATE'),
  DropdbStmt: () => breaks('destroys_data', 'DROP DATABASE'),
  DropOwnedStmt: () => breaks('destroys_data', 'DROP OWNED'),
  DropTableSpaceStmt: () => breaks('destroys_data', 'DROP TABLESPACE'),
  SelectStmt: ({ fields }) => wholeRows(fields['fromClause'], fields['targetList']),
  InsertStmt: ({ fields }) => wholeRows(fields['relation'], fields['returningClause']),
  DeleteStmt: ({ fields }) => [
    ...wholeRows(fields['relation'], fields['returningClause']),
    ...(restricts(fields['whereClause'])
      ? none
      : breaks('delete_without_where', 'DELETE without a condition')),
  ],
  UpdateStmt: ({ fields }) => [
    ...wholeRows(fields['relation'], fields['returningClause']),
    ...(restricts(fields['whereClause'])
      ? none
      : breaks('update_without_where', 'UPDATE without a condition')),
  ],
  MergeStmt: ({ fields }) => mergeActions(fields),
  CopyStmt: ({ fields }) =>
    fields['filename'] === undefined
      ? none
      : breaks(
          'server_command',
          `COPY reads or writes ${fields['is_program'] === true ? 'by a program' : 'a file'} of the server`,
        ),
  AlterSystemStmt: () => breaks('server_command', 'ALTER SYSTEM changes the configuration of the server'),
};

const constraint = z.object({
  contype: z.enum(['CONSTR_PRIMARY', 'CONSTR_UNIQUE', 'CONSTR_EXCLUSION']),
  indexname: z.undefined().optional(),
});
const constraintDefinition = z.object({ Constraint: constraint });

function alterations(fields: SyntaxNode['fields']): readonly RuleBreak[] {
  if (fields['subtype'] === 'AT_DropColumn') return breaks('destroys_data', 'DROP COLUMN');
  if (fields['subtype'] === 'AT_AddConstraint' && constraintDefinition.safeParse(fields['def']).success) {
    return breaks(
      'not_concurrently',
      'the constraint builds its index under a lock: CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX',
    );
  }
  if (fields['subtype'] !== 'AT_AddColumn') return none;
  for (const inner of nodesOfKind(fields['def'], 'Constraint')) {
    if (constraint.safeParse(inner).success)
      return breaks('not_concurrently', 'the column brings a constraint that builds its index under a lock');
  }
  return none;
}

const concurrently = z.object({
  defname: z.literal('concurrently'),
  arg: z.unknown().optional(),
});
const offValues = new Set(['false', 'off', 'no', '0']);

/** `(CONCURRENTLY off)` is a way to write that it does not. The last one counts. */
function reindexesConcurrently({ fields }: SyntaxNode): boolean {
  let is = false;
  for (const parameter of nodesOfKind(fields['params'], 'DefElem')) {
    const parsed = concurrently.safeParse(parameter);
    if (parsed.success) is = !isOff(parsed.data.arg);
  }
  return is;
}

function isOff(argument: unknown): boolean {
  if (argument === undefined) return false;
  for (const { fields } of nodesIn(argument)) {
    const value = fields['sval'] ?? fields['ival'] ?? fields['boolval'];
    if (typeof value === 'string' && offValues.has(value.toLowerCase())) return true;
    // The tree leaves out what is 0, false or empty.
    if (value === undefined) return true;
  }
  return false;
}

/** By WHEN clauses: what is matched is restricted by the join, what is not by its own condition alone. */
function mergeActions(fields: SyntaxNode['fields']): readonly RuleBreak[] {
  const found: RuleBreak[] = [];
  for (const { commandType, matchKind, condition } of nodesOfKind(
    fields['mergeWhenClauses'],
    'MergeWhenClause',
  )) {
    const isJoined = matchKind === 'MERGE_WHEN_MATCHED' && restricts(fields['joinCondition']);
    if (isJoined || restricts(condition)) continue;
    if (commandType === 'CMD_DELETE')
      found.push(...breaks('delete_without_where', 'MERGE … DELETE without a condition'));
    if (commandType === 'CMD_UPDATE')
      found.push(...breaks('update_without_where', 'MERGE … UPDATE without a condition'));
  }
  return found;
}

const columnReference = z.object({ fields: z.tuple([z.object({ String: z.object({ sval: z.string() }) })]) });

/** A name of a table where a value stands is its whole row: `row_to_json(o)`. */
function wholeRows(from: unknown, values: unknown): readonly RuleBreak[] {
  const names = new Set<string>();
  // RETURNING belongs to a table that stands there without its kind.
  for (const { kind, fields } of nodesIn(from, 'RangeVar')) {
    if (kind !== 'RangeVar' && kind !== 'RangeSubselect') continue;
    const aliases = [...nodesOfKind({ alias: fields['alias'] }, 'alias')].map(({ aliasname }) => aliasname);
    const name = aliases[0] ?? fields['relname'];
    if (typeof name === 'string') names.add(name);
  }
  for (const reference of nodesOfKind(values, 'ColumnRef')) {
    const parsed = columnReference.safeParse(reference);
    const name = parsed.data?.fields[0].String.sval;
    if (name !== undefined && names.has(name))
      return breaks('select_star', 'the name of a table stands for all its columns');
  }
  return none;
}

const boolean = z.object({
  BoolExpr: z.object({ boolop: z.string(), args: z.array(z.unknown()) }),
});
const comparison = z.object({ A_Expr: z.object({ lexpr: z.unknown(), rexpr: z.unknown() }) });

/** A condition that mentions no column and asks no subquery holds for all rows or none; so does what compares a value with itself. */
function restricts(where: unknown): boolean {
  if (where === undefined) return false;
  const { data: logic } = boolean.safeParse(where);
  if (logic?.BoolExpr.boolop === 'OR_EXPR') return logic.BoolExpr.args.every(restricts);
  if (logic !== undefined) return logic.BoolExpr.args.some(restricts);
  const { data: compared } = comparison.safeParse(where);
  if (compared !== undefined && isSameExpression(compared.A_Expr.lexpr, compared.A_Expr.rexpr)) return false;
  for (const { kind } of nodesIn(where)) {
    if (kind === 'ColumnRef' || kind === 'CurrentOfExpr' || kind === 'SubLink') return true;
  }
  return false;
}

function isSameExpression(one: unknown, other: unknown): boolean {
  return one !== undefined && withoutPlaces(one) === withoutPlaces(other);
}

function withoutPlaces(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => (key === 'location' ? undefined : inner)) ?? '';
}
