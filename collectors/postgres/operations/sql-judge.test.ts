import { describe, expect, it } from 'vitest';
import { judgeAct, judgeStatements } from './sql-judge.ts';

/** Ids that the statements of a text break, in order. */
async function broken(text: string): Promise<readonly string[]> {
  return (await judgeStatements(text)).flatMap(({ violations }) => violations.map(({ id }) => id));
}

describe('judgeStatements', () => {
  it.each([
    `SELECT a FROM t WHERE a = 'x' 'canary'`,
    `SELECT 'canary`,
    `SELECT a FROM t WHERE a = $tag$canary\nmore`,
    'SELECT a FROM t /* canary',
    'SELECT "canary',
    'SELECT a FROM t WHERE a = 1 424242',
  ])('keeps literals out of what it says of a text that cannot be read: %s', async (text) => {
    const [judged] = await judgeStatements(text);

    expect(judged?.violations[0]?.text).toContain('at or near a literal or comment');
    expect(JSON.stringify(judged)).not.toMatch(/canary|424242/);
  });

  it('names the bare word or sign where it stopped', async () => {
    const texts = async (text: string) => (await judgeStatements(text))[0]?.violations[0]?.text;

    expect(await texts('SELEC 1')).toContain('at or near "SELEC"');
    expect(await texts('\\d orders')).toContain('at or near "\\"');
    expect(await texts('SELECT a FROM t WHERE = 1')).toContain('at or near "="');
  });

  it('splits a file where PostgreSQL does and says where each statement begins', async () => {
    const judged = await judgeStatements(
      `-- ä first\n\nSELECT id\n  FROM "a;b" WHERE note = 'x;y';;\n/* two */ SELECT $q$;$q$; SELECT 3`,
    );

    expect(judged.map(({ line, text }) => [line, text])).toEqual([
      [3, `SELECT id\n  FROM "a;b" WHERE note = 'x;y'`],
      [5, 'SELECT $q$;$q$'],
      [5, 'SELECT 3'],
    ]);
  });

  it.each([
    ['DO $$ BEGIN DELETE FROM orders WHERE id = 1; END $$', ['do_block']],
    ['SELECT * FROM orders', ['select_star']],
    ['SELECT o.* FROM orders o', ['select_star']],
    ['SELECT (o).* FROM orders o', ['select_star']],
    ['TABLE orders', ['select_star']],
    ['WITH o AS (SELECT * FROM orders) SELECT id FROM o', ['select_star']],
    ['SELECT id FROM (SELECT * FROM orders) o', ['select_star']],
    ['INSERT INTO archive SELECT * FROM orders', ['select_star']],
    ['EXPLAIN ANALYZE SELECT * FROM orders', ['select_star']],
    ['PREPARE p AS SELECT * FROM orders', ['select_star']],
    ['CREATE VIEW v AS SELECT * FROM orders', ['select_star']],
    ['COPY (SELECT * FROM orders) TO STDOUT', ['select_star']],
    ['DELETE FROM orders WHERE id = 1 RETURNING *', ['select_star']],
    ['SELECT count(*) FROM orders', []],
    ['SELECT id, price * 2 FROM orders', []],
    ['DELETE FROM orders', ['delete_without_where']],
    ['DELETE FROM orders WHERE true', ['delete_without_where']],
    ['DELETE FROM orders WHERE 1 = 1', ['delete_without_where']],
    ['EXPLAIN (ANALYZE, BUFFERS) DELETE FROM orders', ['delete_without_where']],
    ['WITH gone AS (DELETE FROM orders RETURNING id) SELECT id FROM gone', ['delete_without_where']],
    ['DELETE FROM orders WHERE id = 1', []],
    ['DELETE FROM orders WHERE EXISTS (SELECT 1 FROM bad)', []],
    ['DELETE FROM orders WHERE id = id', ['delete_without_where']],
    ['DELETE FROM orders WHERE o.id = o.id AND true', ['delete_without_where']],
    ['DELETE FROM orders WHERE id = 1 OR true', ['delete_without_where']],
    ['DELETE FROM orders WHERE id = 1 AND true', []],
    ['DELETE FROM orders WHERE id = total', []],
    ['MERGE INTO orders o USING gone g ON true WHEN MATCHED THEN DELETE', ['delete_without_where']],
    [
      'MERGE INTO orders o USING gone g ON o.id = g.id WHEN NOT MATCHED BY SOURCE THEN DELETE',
      ['delete_without_where'],
    ],
    ['MERGE INTO orders o USING gone g ON o.id = g.id WHEN MATCHED THEN DELETE', []],
    ['SELECT row_to_json(o) FROM orders o', ['select_star']],
    ['SELECT orders FROM orders', ['select_star']],
    ['SELECT to_jsonb(s) FROM (SELECT id FROM orders) s', ['select_star']],
    ['DELETE FROM orders WHERE id = 1 RETURNING orders', ['select_star']],
    ['SELECT o.total, note FROM orders o', []],
    ["COPY orders FROM PROGRAM 'curl canary'", ['server_command']],
    ["COPY orders TO '/tmp/canary'", ['server_command']],
    ['COPY orders (id) TO STDOUT', []],
    ["ALTER SYSTEM SET work_mem = '1GB'", ['server_command']],
    ['UPDATE orders SET total = 0', ['update_without_where']],
    ['EXPLAIN ANALYZE UPDATE orders SET total = 0', ['update_without_where']],
    ['UPDATE orders SET total = 0 WHERE id = 1', []],
    ['CREATE INDEX i ON orders (id)', ['not_concurrently']],
    ['CREATE INDEX CONCURRENTLY i ON orders (id)', []],
    ['CREATE SCHEMA s CREATE TABLE t (id int) CREATE INDEX i ON t (id)', ['not_concurrently']],
    ['DROP INDEX i', ['not_concurrently']],
    ['DROP INDEX CONCURRENTLY i', []],
    ['REINDEX INDEX i', ['not_concurrently']],
    ['REINDEX TABLE CONCURRENTLY orders', []],
    ['REINDEX (CONCURRENTLY false) TABLE orders', ['not_concurrently']],
    ['REINDEX (VERBOSE, CONCURRENTLY) TABLE orders', []],
    ['ALTER TABLE orders ADD UNIQUE (id)', ['not_concurrently']],
    ['ALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX i', []],
    ['ALTER TABLE orders ADD COLUMN code text UNIQUE', ['not_concurrently']],
    ['ALTER TABLE orders ADD COLUMN code text', []],
    ['TRUNCATE orders', ['destroys_data']],
    ['DROP TABLE orders', ['destroys_data']],
    ['DROP SCHEMA s CASCADE', ['destroys_data']],
    ['ALTER TABLE orders DROP COLUMN code', ['destroys_data']],
    ['SELEC 1', ['unreadable']],
    ['SELECT 1\0; DROP TABLE orders', ['unreadable']],
  ])('judges %s', async (text, rules) => {
    expect(await broken(text)).toEqual(rules);
  });

  it('keeps CONCURRENTLY out of transactions', async () => {
    expect(await broken('BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT;')).toEqual([
      'transaction_with_concurrently',
    ]);
    expect(await broken('BEGIN; SELECT 1; COMMIT;')).toEqual([]);
  });
});

describe('judgeAct', () => {
  it.each([
    ['DROP INDEX CONCURRENTLY "public"."i"', []],
    [`COMMENT ON INDEX public.i IS 'x;y'`, []],
    [
      'DROP INDEX CONCURRENTLY i; DROP TABLE t',
      ['destroys_data', 'several_statements', 'not_an_index_statement'],
    ],
    ['BEGIN', ['transaction_control']],
    ['-- nothing', ['no_statement']],
    ['DO $$ BEGIN END $$', ['do_block', 'not_an_index_statement']],
    ['SELECT 1', ['not_an_index_statement']],
    ['COMMENT ON TABLE t IS NULL', ['not_an_index_statement']],
    ['DROP INDEX i', ['not_concurrently']],
    ['', ['no_statement']],
  ])('judges %s', async (text, rules) => {
    expect((await judgeAct(text)).map(({ id }) => id)).toEqual(rules);
  });
});
