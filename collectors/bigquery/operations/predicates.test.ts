import { describe, expect, it } from 'vitest';
import { tableUse, withTable } from './predicates.ts';
import { normalised, splitSql } from './sql-tokens.ts';

const orders = { project: 'double-shop', dataset: 'sales', table: 'orders' };
const columns = ['id', 'at', 'customer', 'amount'];

function prunesBy(sql: string): readonly (readonly string[])[] | undefined {
  return tableUse(sql, orders, columns)?.references.map((each) =>
    each.filter(({ prunes }) => prunes).map(({ column }) => column),
  );
}

describe('filters that a query has on a table', () => {
  it.each([
    ['SELECT id FROM sales.orders WHERE at >= "2026-01-01"', [['at']]],
    [
      'SELECT id FROM `double-shop.sales.orders` AS o WHERE o.at BETWEEN @a AND @b AND o.customer = 1',
      [['at', 'customer']],
    ],
    [
      'SELECT id FROM `double-shop`.sales.`orders` o WHERE (DATE(o.at) = CURRENT_DATE() AND o.amount > 3)',
      [['at', 'amount']],
    ],
    [
      'SELECT id FROM double-shop.sales.orders WHERE DATE(at) > DATE_SUB(CURRENT_DATE(), INTERVAL 7 DAY)',
      [['at']],
    ],
    // Each SELECT for itself.
    ['SELECT id FROM sales.orders WHERE at > @a UNION ALL SELECT id FROM sales.orders', [['at'], []]],
    ['SELECT * FROM (SELECT id, at FROM sales.orders) WHERE at > @a', [[]]],
    // A row decides, or nothing follows from it.
    ['SELECT id FROM sales.orders WHERE at > @a OR customer = 1', [[]]],
    ['SELECT o.id FROM sales.orders o JOIN sales.days d ON o.at = d.day', [[]]],
    ['SELECT o.id FROM sales.orders o, sales.days d WHERE o.at = d.day', [[]]],
    ['SELECT id FROM sales.orders WHERE at = (SELECT MAX(day) FROM sales.days)', [[]]],
    ['SELECT id FROM sales.orders WHERE NOT (at > @a)', [[]]],
    ['SELECT COUNT(*) FROM sales.orders', [[]]],
    ["SELECT id FROM sales.orders WHERE customer = 'x WHERE at > 1' -- AND at > 1", [['customer']]],
    ['DELETE FROM sales.orders WHERE at < "2020-01-01"', [['at']]],
  ])('%s', (sql, expected) => {
    expect(prunesBy(sql)).toEqual(expected);
  });

  it('says nothing of a table that the text does not name, for a view stands between', () => {
    expect(prunesBy('SELECT id FROM reports.orders_view WHERE at > @a')).toBeUndefined();
    expect(prunesBy('SELECT id FROM other.sales.orders')).toBeUndefined();
    expect(prunesBy('FROM sales.orders |> WHERE at > @a')).toBeUndefined();
  });

  it('knows keys of joins, and stars', () => {
    const use = tableUse(
      'SELECT o.* FROM sales.orders o JOIN sales.people p ON o.customer = p.id',
      orders,
      columns,
    );

    expect(use?.references).toEqual([[{ column: 'customer', kind: 'join', prunes: false }]]);
    expect(use?.hasStar).toBe(true);
    expect(tableUse('SELECT COUNT(*), amount * 2 FROM sales.orders', orders, columns)?.hasStar).toBe(false);
  });

  it('puts another table in its place, and keeps literals to itself', () => {
    const sql = "SELECT id FROM sales.orders WHERE customer = 'canary' AND amount > 4711";
    const use = tableUse(sql, orders, columns);

    expect(use && withTable(sql, use, '`p.d.copy`')).toBe(
      "SELECT id FROM `p.d.copy` WHERE customer = 'canary' AND amount > 4711",
    );
    expect(normalised(sql)).toBe('SELECT id FROM sales.orders WHERE customer = ? AND amount > ?');
  });

  it('splits a file by its semicolons, not by those in texts', () => {
    const statements = splitSql("CREATE TABLE a (x INT64);\n-- a; b\nSELECT ';' FROM a;\n");

    expect(statements?.map(({ text, line }) => [line, text])).toEqual([
      [1, 'CREATE TABLE a (x INT64)'],
      [3, "SELECT ';' FROM a"],
    ]);
  });
});
