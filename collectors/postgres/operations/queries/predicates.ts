/** What one statement asks of one table: which of its columns an index could serve. Names are as in the catalogue. */
export interface TablePredicates {
  readonly relation: RelationName;
  /** `= value`, `IS NULL`. */
  readonly equal: readonly string[];
  /** `IN (…)`, `= ANY (…)`. */
  readonly lists: readonly string[];
  /** `= column of another table`. */
  readonly joins: readonly string[];
  /** `<`, `>`, `BETWEEN`. */
  readonly ranges: readonly string[];
  /** The whole ORDER BY of its query, when every key is a column of this table; empty otherwise. */
  readonly order: readonly OrderKey[];
  /** Whether only the first rows of that order are wanted. */
  readonly limited: boolean;
}

export interface RelationName {
  /** Undefined where the statement leaves it to the search path. */
  readonly schema: string | undefined;
  readonly name: string;
}

export interface OrderKey {
  readonly column: string;
  readonly descending: boolean;
  /** Where nulls come; undefined for the default of the direction. */
  readonly nulls: 'first' | 'last' | undefined;
}

/** What a parameter is compared with, so that a value that occurs can be taken. */
export interface ParameterUse {
  readonly number: number;
  /** `equal`: one value; `list`: an array of values; `above`: the column is to be larger; `below`: smaller; `count`, `skip`: of LIMIT, OFFSET. */
  readonly role: 'equal' | 'list' | 'above' | 'below' | 'count' | 'skip';
  /** Undefined for `count` and `skip`. */
  readonly column: { readonly relation: RelationName; readonly name: string } | undefined;
}

export interface StatementShape {
  /** `other`: neither reads nor changes rows of tables by a predicate; nothing to do for an index. */
  readonly kind: 'reads' | 'writes' | 'other';
  /** Whether the outermost query ends early: which rows it gives may not be determined then. */
  readonly limited: boolean;
  /** Each use of a table on its own. */
  readonly tables: readonly TablePredicates[];
  readonly parameters: readonly ParameterUse[];
}

/** Names of the columns of a table in the catalogue; undefined for what is no table of it. */
export type ColumnsOf = (relation: RelationName) => ReadonlySet<string> | undefined;
