import type { SqlType } from './types.ts';

/** `line:column`, both from 1. */
interface Placed {
  readonly at: string;
}

export interface OrderItem {
  readonly expression: Expression;
  readonly descending: boolean;
  /** Undefined: first when ascending, last when descending, as in GoogleSQL. */
  readonly nullsFirst: boolean | undefined;
}

export interface Window {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  /** `ROWS BETWEEN … AND …`: offsets from the current row; null is unbounded. Undefined: the default frame. */
  readonly rows: { readonly from: number | null; readonly to: number | null } | undefined;
}

export interface Call extends Placed {
  readonly node: 'call';
  /** Upper case, with its namespace: `NET.HOST`. */
  readonly name: string;
  readonly arguments: readonly Expression[];
  /** `COUNT(*)`. */
  readonly star: boolean;
  readonly distinct: boolean;
  readonly ignoreNulls: boolean;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Expression | undefined;
  readonly having: { readonly kind: 'MIN' | 'MAX'; readonly expression: Expression } | undefined;
  readonly over: Window | undefined;
}

export type Expression =
  | (Placed & { readonly node: 'literal'; readonly type: SqlType; readonly value: unknown })
  | (Placed & { readonly node: 'parameter'; readonly name: string })
  | (Placed & { readonly node: 'name'; readonly name: string })
  | (Placed & { readonly node: 'field'; readonly base: Expression; readonly name: string })
  | (Placed & {
      readonly node: 'element';
      readonly base: Expression;
      readonly index: Expression;
      readonly from: 0 | 1;
      readonly safe: boolean;
    })
  | (Placed & {
      readonly node: 'unary';
      readonly operator: '-' | '+' | 'NOT' | '~';
      readonly operand: Expression;
    })
  | (Placed & {
      readonly node: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Placed & {
      readonly node: 'is';
      readonly what: 'NULL' | 'TRUE' | 'FALSE';
      readonly not: boolean;
      readonly operand: Expression;
    })
  | (Placed & {
      readonly node: 'between';
      readonly not: boolean;
      readonly operand: Expression;
      readonly low: Expression;
      readonly high: Expression;
    })
  | (Placed & {
      readonly node: 'in';
      readonly not: boolean;
      readonly operand: Expression;
      readonly list: readonly Expression[];
    })
  | (Placed & {
      readonly node: 'in-array';
      readonly not: boolean;
      readonly operand: Expression;
      readonly array: Expression;
    })
  | (Placed & {
      readonly node: 'in-query';
      readonly not: boolean;
      readonly operand: Expression;
      readonly query: Query;
    })
  | (Placed & {
      readonly node: 'case';
      readonly operand: Expression | undefined;
      readonly branches: readonly { readonly when: Expression; readonly result: Expression }[];
      readonly otherwise: Expression | undefined;
    })
  | (Placed & {
      readonly node: 'cast';
      readonly safe: boolean;
      readonly operand: Expression;
      readonly type: SqlType;
    })
  | (Placed & {
      readonly node: 'extract';
      readonly part: string;
      readonly operand: Expression;
      readonly zone: Expression | undefined;
    })
  | (Placed & { readonly node: 'interval'; readonly amount: Expression; readonly part: string })
  | (Placed & {
      readonly node: 'struct';
      readonly fields: readonly { readonly name: string; readonly expression: Expression }[];
      readonly type: SqlType | undefined;
    })
  | (Placed & {
      readonly node: 'array';
      readonly elements: readonly Expression[];
      readonly element: SqlType | undefined;
    })
  | (Placed & {
      readonly node: 'subquery';
      readonly kind: 'scalar' | 'array' | 'exists';
      readonly query: Query;
    })
  | Call;

export type SelectItem =
  | (Placed & {
      readonly item: 'expression';
      readonly expression: Expression;
      readonly alias: string | undefined;
    })
  | (Placed & {
      readonly item: 'star';
      readonly of: Expression | undefined;
      readonly except: readonly string[];
    });

export type Source =
  | (Placed & { readonly source: 'table'; readonly path: string; readonly alias: string })
  | (Placed & { readonly source: 'query'; readonly query: Query; readonly alias: string })
  | (Placed & {
      readonly source: 'unnest';
      readonly array: Expression;
      readonly alias: string;
      readonly offset: string | undefined;
    })
  | (Placed & {
      readonly source: 'join';
      readonly kind: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';
      readonly left: Source;
      readonly right: Source;
      readonly on: Expression | undefined;
      readonly using: readonly string[];
    });

export interface Select extends Placed {
  readonly body: 'select';
  readonly distinct: boolean;
  readonly asStruct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: Source | undefined;
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
  readonly having: Expression | undefined;
  readonly qualify: Expression | undefined;
}

export interface SetOperation extends Placed {
  readonly body: 'set';
  readonly operator: 'UNION ALL' | 'UNION DISTINCT' | 'EXCEPT DISTINCT' | 'INTERSECT DISTINCT';
  readonly left: Select | SetOperation | Query;
  readonly right: Select | SetOperation | Query;
}

export interface Query extends Placed {
  readonly body: 'query';
  readonly with: readonly { readonly name: string; readonly query: Query }[];
  readonly of: Select | SetOperation | Query;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Expression | undefined;
  readonly offset: Expression | undefined;
}
