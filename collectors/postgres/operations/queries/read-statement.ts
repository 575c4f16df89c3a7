import { type DeleteStmt, type Node, parse, type SelectStmt, type UpdateStmt } from 'libpg-query';
import { addCondition, addOrder, addUsing, limitParameters } from './conditions.ts';
import type { ColumnsOf, ParameterUse, RelationName, StatementShape } from './predicates.ts';
import { Level, type Source } from './statement-level.ts';

/** Tables that a statement names, without names that WITH makes; each once. */
export async function relationsOf(text: string): Promise<readonly RelationName[]> {
  const seen = new Map<string, RelationName>();
  const note: ColumnsOf = (relation) => {
    seen.set(`${relation.schema ?? ''} ${relation.name}`, relation);
    return undefined;
  };
  await readStatement(text, note);
  return [...seen.values()];
}

/**
 * What a statement asks of each table, from its parse tree: conjunctions of simple comparisons, joins, ORDER BY. Alternatives (OR),
 * expressions and functions of columns are left out, because no plain index serves them.
 *
 * @throws when the parser refuses it, or it is more than one statement.
 */
export async function readStatement(text: string, columnsOf: ColumnsOf): Promise<StatementShape> {
  const { stmts = [] } = await parse(text);
  const [only] = stmts;
  if (only?.stmt === undefined || stmts.length !== 1) throw new Error('it is not exactly one statement');
  const reading = new Reading(columnsOf);
  const root = reading.root(only.stmt);
  return { ...root, tables: reading.sources.map(({ found }) => found), parameters: reading.parameters };
}

class Reading {
  readonly sources: Source[] = [];
  readonly parameters: ParameterUse[] = [];
  readonly #columnsOf: ColumnsOf;

  constructor(columnsOf: ColumnsOf) {
    this.#columnsOf = columnsOf;
  }

  root(node: Node): Pick<StatementShape, 'kind' | 'limited'> {
    const top = new Level(undefined, this.#columnsOf, this.parameters);
    if ('SelectStmt' in node) {
      this.select(node.SelectStmt, top);
      const isLocking = node.SelectStmt.lockingClause !== undefined;
      return {
        kind: isLocking || changesRows(node) ? 'writes' : 'reads',
        limited: node.SelectStmt.limitCount !== undefined,
      };
    }
    if ('UpdateStmt' in node) this.change(node.UpdateStmt, node.UpdateStmt.fromClause, top);
    else if ('DeleteStmt' in node) this.change(node.DeleteStmt, node.DeleteStmt.usingClause, top);
    else return { kind: 'other', limited: false };
    return { kind: 'writes', limited: false };
  }

  select(select: SelectStmt, outer: Level): void {
    const level = outer.inner();
    this.#with(select.withClause?.ctes, level);
    for (const side of [select.larg, select.rarg]) if (side !== undefined) this.select(side, level);
    for (const item of select.fromClause ?? []) this.#from(item, level);
    addCondition(level, select.whereClause);
    addOrder(level, select);
    limitParameters(level, select);
    this.#end(level);
    this.#nested([select.targetList, select.whereClause, select.havingClause, select.valuesLists], level);
  }

  change(statement: UpdateStmt | DeleteStmt, from: readonly Node[] | undefined, outer: Level): void {
    const level = outer.inner();
    this.#with(statement.withClause?.ctes, level);
    if (statement.relation !== undefined) level.addRelation(statement.relation);
    for (const item of from ?? []) this.#from(item, level);
    addCondition(level, statement.whereClause);
    this.#end(level);
    const values = 'targetList' in statement ? statement.targetList : undefined;
    this.#nested([values, statement.whereClause], level);
  }

  #with(ctes: readonly Node[] | undefined, level: Level): void {
    for (const node of ctes ?? []) {
      if (!('CommonTableExpr' in node)) continue;
      const { ctename = '', ctequery } = node.CommonTableExpr;
      level.hide(ctename);
      if (ctequery === undefined) continue;
      if ('SelectStmt' in ctequery) this.select(ctequery.SelectStmt, level);
      else if ('UpdateStmt' in ctequery)
        this.change(ctequery.UpdateStmt, ctequery.UpdateStmt.fromClause, level);
      else if ('DeleteStmt' in ctequery)
        this.change(ctequery.DeleteStmt, ctequery.DeleteStmt.usingClause, level);
    }
  }

  #from(item: Node, level: Level): void {
    if ('RangeVar' in item) level.addRelation(item.RangeVar);
    else if ('RangeSubselect' in item) this.#nested([item.RangeSubselect.subquery], level);
    else if ('JoinExpr' in item) {
      const { larg, rarg, quals, usingClause } = item.JoinExpr;
      const before = level.sources.length;
      for (const side of [larg, rarg]) if (side !== undefined) this.#from(side, level);
      addUsing(usingClause, level.sources.slice(before));
      addCondition(level, quals);
      this.#nested([quals], level);
    }
  }

  #nested(parts: readonly unknown[], level: Level): void {
    for (const part of parts) for (const select of selectsWithin(part)) this.select(select, level);
  }

  #end(level: Level): void {
    this.sources.push(...level.sources);
  }
}

function changesRows(node: Node): boolean {
  return /"(?:Insert|Update|Delete|Merge)Stmt":|"intoClause":/.test(JSON.stringify(node));
}

/** Queries within an expression, outermost only. */
function selectsWithin(part: unknown): readonly SelectStmt[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]: [string, unknown]) =>
    isSelect(key, value) ? [value] : selectsWithin(value),
  );
}

/** The tree is the parser's own JSON: what stands under this key is of this type. */
function isSelect(key: string, value: unknown): value is SelectStmt {
  return key === 'SelectStmt' && typeof value === 'object';
}
