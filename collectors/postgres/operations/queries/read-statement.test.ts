import { describe, expect, it } from 'vitest';
import { readStatement, relationsOf } from './read-statement.ts';

const columns: Readonly<Record<string, readonly string[]>> = {
  orders: ['id', 'customer_id', 'state', 'created_at', 'total'],
  customers: ['id', 'email', 'city'],
};

const read = (text: string) =>
  readStatement(text, ({ name }) => (columns[name] === undefined ? undefined : new Set(columns[name])));

async function first(text: string) {
  const { tables } = await read(text);
  return tables[0];
}

describe('readStatement', () => {
  it.each([
    ['SELECT id FROM orders WHERE customer_id = $1 AND state = $2', { equal: ['customer_id', 'state'] }],
    ['SELECT id FROM orders WHERE $1 = customer_id', { equal: ['customer_id'] }],
    ['SELECT id FROM orders WHERE state IS NULL', { equal: ['state'] }],
    ['SELECT id FROM orders o WHERE o.state IN ($1, $2)', { lists: ['state'] }],
    ['SELECT id FROM orders WHERE state = ANY ($1)', { lists: ['state'] }],
    ['SELECT id FROM orders WHERE created_at >= $1 AND created_at < $2', { ranges: ['created_at'] }],
    ['SELECT id FROM orders WHERE total BETWEEN $1 AND $2', { ranges: ['total'] }],
    ['DELETE FROM orders WHERE customer_id = $1', { equal: ['customer_id'] }],
    ['UPDATE orders SET state = $1 WHERE customer_id = $2', { equal: ['customer_id'] }],
    ['WITH w AS (SELECT id FROM orders WHERE state = $1) SELECT id FROM w', { equal: ['state'] }],
    ['SELECT 1 WHERE EXISTS (SELECT 1 FROM orders WHERE state = $1)', { equal: ['state'] }],
    ['SELECT id FROM (SELECT id FROM orders WHERE state = $1) s', { equal: ['state'] }],
    ['SELECT id FROM orders WHERE state = $1 UNION SELECT id FROM customers', { equal: ['state'] }],
  ])('sees which columns are compared: %s', async (text, expected) => {
    expect(await first(text)).toMatchObject(expected);
  });

  it.each([
    'SELECT id FROM orders WHERE lower(state) = $1',
    'SELECT id FROM orders WHERE state = $1 OR total = $2',
    'SELECT id FROM orders WHERE state <> $1',
    'SELECT id FROM orders WHERE state NOT IN ($1)',
    'SELECT id FROM orders WHERE state LIKE $1',
    'SELECT id FROM orders WHERE total = customer_id',
    'SELECT id FROM orders WHERE NOT state = $1',
  ])('leaves out what no plain index serves: %s', async (text) => {
    expect(await first(text)).toMatchObject({ equal: [], lists: [], joins: [], ranges: [] });
  });

  it('tells the columns of joined tables apart', async () => {
    const { tables } = await read(
      'SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE city = $1 AND o.state = $2',
    );

    expect(tables[0]).toMatchObject({ joins: ['customer_id'], equal: ['state'] });
    expect(tables[1]).toMatchObject({ joins: ['id'], equal: ['city'] });
  });

  it('takes a column of the query around for a value', async () => {
    const { tables } = await read(
      'SELECT id FROM customers c WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = c.id)',
    );

    expect(tables[1]).toMatchObject({ relation: { name: 'orders' }, joins: ['customer_id'] });
  });

  it('takes no name that WITH makes for a table', async () => {
    const { tables } = await read(
      'WITH orders AS (SELECT id, email AS state FROM customers) SELECT id FROM orders WHERE state = $1',
    );

    expect(tables.map(({ relation }) => relation.name)).toEqual(['customers']);
  });

  it('does not guess which table an ambiguous column is of', async () => {
    const { tables } = await read('SELECT 1 FROM orders, customers WHERE id = $1');

    expect(tables.flatMap(({ equal }) => equal)).toEqual([]);
  });

  it.each([
    [
      'ORDER BY created_at DESC LIMIT $1',
      [{ column: 'created_at', descending: true, nulls: undefined }],
      true,
    ],
    ['ORDER BY 2 NULLS FIRST LIMIT 5', [{ column: 'state', descending: false, nulls: 'first' }], true],
    ['ORDER BY s', [{ column: 'state', descending: false, nulls: undefined }], false],
    ['ORDER BY lower(state) LIMIT 5', [], false],
    ['GROUP BY id, state ORDER BY id LIMIT 5', [], false],
  ] as const)('reads the order of rows: %s', async (end, order, limited) => {
    expect(await first(`SELECT id, state AS s FROM orders ${end}`)).toMatchObject({ order, limited });
  });

  it('says what each parameter is compared with', async () => {
    const { parameters } = await read(
      'SELECT id FROM orders WHERE customer_id = $1 AND created_at > $2 AND $3 > total AND state = ANY ($4::text[]) LIMIT $5 OFFSET $6',
    );

    const of = (name: string) => ({ relation: { schema: undefined, name: 'orders' }, name });
    expect(parameters).toEqual([
      { number: 1, role: 'equal', column: of('customer_id') },
      { number: 2, role: 'above', column: of('created_at') },
      { number: 3, role: 'below', column: of('total') },
      { number: 4, role: 'list', column: of('state') },
      { number: 5, role: 'count', column: undefined },
      { number: 6, role: 'skip', column: undefined },
    ]);
  });

  it.each([
    ['SELECT 1', 'reads'],
    ['SELECT id FROM orders FOR UPDATE', 'writes'],
    ['WITH gone AS (DELETE FROM orders WHERE id = $1 RETURNING id) SELECT id FROM gone', 'writes'],
    ['SELECT id INTO copied FROM orders', 'writes'],
    ['UPDATE orders SET state = $1', 'writes'],
    ['INSERT INTO orders VALUES ($1)', 'other'],
    ['VACUUM orders', 'other'],
  ])('knows what changes rows: %s', async (text, kind) => {
    expect((await read(text)).kind).toBe(kind);
  });

  it('refuses two statements at once', async () => {
    await expect(read('SELECT 1; DROP TABLE orders')).rejects.toThrow('not exactly one statement');
  });
});

describe('relationsOf', () => {
  it('names each table once', async () => {
    expect(await relationsOf('SELECT 1 FROM shop.orders, orders, orders o')).toEqual([
      { schema: 'shop', name: 'orders' },
      { schema: undefined, name: 'orders' },
    ]);
  });
});
