import type { ColumnRef, RangeVar } from 'libpg-query';
import type { ColumnsOf, OrderKey, ParameterUse, RelationName, TablePredicates } from './predicates.ts';

/** One table in FROM. */
export interface Source {
  readonly alias: string;
  readonly columns: ReadonlySet<string>;
  readonly found: Found;
}

export interface Found extends TablePredicates {
  readonly equal: string[];
  readonly lists: string[];
  readonly joins: string[];
  readonly ranges: string[];
  order: OrderKey[];
  limited: boolean;
}

export interface FoundColumn {
  readonly source: Source;
  readonly name: string;
}

/** One query (of possibly many nested ones): which names it knows. */
export class Level {
  readonly sources: Source[] = [];
  readonly parameters: ParameterUse[];
  readonly #outer: Level | undefined;
  readonly #columnsOf: ColumnsOf;
  readonly #hidden = new Set<string>();

  constructor(outer: Level | undefined, columnsOf: ColumnsOf, parameters: ParameterUse[]) {
    this.#outer = outer;
    this.#columnsOf = columnsOf;
    this.parameters = parameters;
  }

  inner(): Level {
    return new Level(this, this.#columnsOf, this.parameters);
  }

  /** A name made by WITH is no table. */
  hide(name: string): void {
    this.#hidden.add(name);
  }

  addRelation({ schemaname, relname = '', alias }: RangeVar): void {
    if (schemaname === undefined && this.#isHidden(relname)) return;
    const relation: RelationName = { schema: schemaname, name: relname };
    const columns = this.#columnsOf(relation);
    if (columns === undefined) return;
    this.sources.push({
      alias: alias?.aliasname ?? relname,
      columns,
      found: { relation, equal: [], lists: [], joins: [], ranges: [], order: [], limited: false },
    });
  }

  /** The column that a name means; undefined when it is none of a known table, or of several. */
  resolve({ fields = [] }: ColumnRef): FoundColumn | undefined {
    const names = fields.map((field) => ('String' in field ? (field.String.sval ?? '') : ''));
    const name = names.at(-1) ?? '';
    const qualifier = names.length > 1 ? names.at(-2) : undefined;
    const found = this.sources.filter(
      ({ alias, columns }) => columns.has(name) && (qualifier === undefined || alias === qualifier),
    );
    const [source] = found;
    if (source !== undefined) return found.length === 1 ? { source, name } : undefined;
    return this.#outer?.resolve({ fields });
  }

  #isHidden(name: string): boolean {
    return this.#hidden.has(name) || (this.#outer !== undefined && this.#outer.#isHidden(name));
  }
}
