import { describe, expect, it } from 'vitest';
import { candidatesFor, estimatedBytes } from './index-candidate.ts';
import type { TablePredicates } from './predicates.ts';
import type { IndexFacts, TableFacts } from './table-facts.ts';

const distinct: Readonly<Record<string, number>> = {
  id: -1,
  customer_id: 5_000,
  state: 3,
  created_at: -0.9,
  total: 900,
};

function table(change: Partial<TableFacts> = {}): TableFacts {
  return {
    oid: '1',
    schema: 'shop',
    name: 'orders',
    kind: 'r',
    is_partition: false,
    is_extension: false,
    is_temporary: false,
    rows: 100_000,
    bytes: 10_000_000,
    inserts: 0,
    updates: 0,
    hot_updates: 0,
    deletes: 0,
    counted_seconds: 1,
    columns: ['id', 'customer_id', 'state', 'created_at', 'total', 'shape'].map((name) => ({
      name,
      width: 8,
      distinct: distinct[name] ?? null,
      sortable: name !== 'shape',
    })),
    indexes: [index('orders_pkey', ['id'], { unique: true })],
    ...change,
  };
}

function index(name: string, columns: readonly string[], change: Partial<IndexFacts> = {}): IndexFacts {
  return {
    name,
    columns: [...columns],
    options: columns.map(() => 0),
    unique: false,
    valid: true,
    plain: true,
    ...change,
  };
}

function asked(change: Partial<TablePredicates>): TablePredicates {
  return {
    relation: { schema: 'shop', name: 'orders' },
    equal: [],
    lists: [],
    joins: [],
    ranges: [],
    order: [],
    limited: false,
    ...change,
  };
}

function names(predicates: Partial<TablePredicates>, change: Partial<TableFacts> = {}): readonly string[] {
  return candidatesFor(asked(predicates), table(change)).map((columns) =>
    columns.map(({ column, descending }) => `${column}${descending ? ' desc' : ''}`).join(','),
  );
}

const down = (column: string) => ({ column, descending: true, nulls: undefined });
const up = (column: string) => ({ column, descending: false, nulls: undefined });

describe('candidatesFor', () => {
  it('puts equality first, the column with most values before the others, and a range last', () => {
    expect(names({ equal: ['state', 'customer_id'], ranges: ['created_at'] })).toEqual([
      'customer_id,state,created_at',
    ]);
  });

  it('puts the order between equality and range where only the first rows are wanted', () => {
    expect(
      names({ equal: ['customer_id'], ranges: ['total'], order: [down('created_at')], limited: true }),
    ).toEqual(['customer_id,created_at', 'customer_id,total']);
  });

  it('leaves out the order of all rows', () => {
    expect(names({ equal: ['customer_id'], order: [down('created_at')] })).toEqual(['customer_id']);
  });

  it('writes out directions that differ, because no index read backwards gives them', () => {
    expect(names({ order: [down('created_at'), up('total')], limited: true })).toEqual([
      'created_at desc,total',
    ]);
  });

  it('takes the column of a join where nothing else narrows the rows', () => {
    expect(names({ joins: ['customer_id'] })).toEqual(['customer_id']);
  });

  it('asks for nothing where a unique index finds the row', () => {
    expect(names({ equal: ['id', 'state'] })).toEqual([]);
  });

  it.each([
    ['with the same columns', index('x', ['customer_id', 'state'])],
    ['with equality columns in another order', index('x', ['state', 'customer_id'])],
    ['with more columns behind them', index('x', ['customer_id', 'state', 'total'])],
  ])('asks for nothing where an index %s serves', (_, existing) => {
    expect(names({ equal: ['customer_id', 'state'] }, { indexes: [existing] })).toEqual([]);
  });

  it.each([
    ['is invalid', index('x', ['customer_id', 'state'], { valid: false })],
    [
      'is partial, of another kind or compares in another way',
      index('x', ['customer_id', 'state'], { plain: false }),
    ],
    ['begins with another column', index('x', ['total', 'customer_id', 'state'])],
  ])('asks for an index where the one that is there %s', (_, existing) => {
    expect(names({ equal: ['customer_id', 'state'] }, { indexes: [existing] })).toEqual([
      'customer_id,state',
    ]);
  });

  it('knows that an index is read backwards, and that mixed directions are not', () => {
    const order = [down('created_at'), down('total')];
    const there = { indexes: [index('x', ['created_at', 'total'])] };

    expect(names({ order, limited: true }, there)).toEqual([]);
    expect(names({ order: [down('created_at'), up('total')], limited: true }, there)).not.toEqual([]);
  });

  it.each([
    ['of few rows', { rows: 500 }],
    ['that is partitioned', { kind: 'p' }],
    ['that is a partition', { is_partition: true }],
    ['of an extension', { is_extension: true }],
    ['that is temporary', { is_temporary: true }],
  ])('asks for nothing on a table %s', (_, change) => {
    expect(names({ equal: ['customer_id'] }, change)).toEqual([]);
  });

  it('leaves out columns that a b-tree cannot hold, and unknown ones', () => {
    expect(names({ equal: ['shape', 'nowhere'] })).toEqual([]);
  });

  it('keeps the order of the statement where no statistics may be read', () => {
    const hidden = table().columns.map((column) => ({ ...column, distinct: null }));

    expect(names({ equal: ['state', 'customer_id'] }, { columns: hidden })).toEqual(['state,customer_id']);
  });
});

describe('estimatedBytes', () => {
  it('is about the size of a b-tree of one bigint', () => {
    const bytes = estimatedBytes([up('id')], table({ rows: 1_000_000 }));

    // Measured on PostgreSQL 16: 22,487,040.
    expect(bytes / 22_487_040).toBeGreaterThan(0.9);
    expect(bytes / 22_487_040).toBeLessThan(1.1);
  });
});
