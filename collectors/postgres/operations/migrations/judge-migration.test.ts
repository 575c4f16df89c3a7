import { describe, expect, it } from 'vitest';
import { compareTypes } from './judge-locks.ts';
import { judgeFile } from './judge-migration.ts';
import { fingerprintOf, pendingFiles } from './migration-files.ts';
import { migrationFile } from './testing/migration-ground.ts';

const down = 'DROP TABLE made_by_up;';

async function refused(up: string, back = down): Promise<readonly string[]> {
  const { refusals } = await judgeFile(migrationFile('0007_x', up, back));
  return refusals.map(({ id }) => id);
}

describe('judgeFile', () => {
  it.each([
    ['ALTER TABLE orders ADD COLUMN a int', []],
    ['ALTER TABLE orders ADD COLUMN a int NOT NULL DEFAULT 1', []],
    ['ALTER TABLE orders ADD COLUMN a int NOT NULL', ['not_null_without_default']],
    ['CREATE TABLE new (a int); ALTER TABLE new ADD COLUMN b int NOT NULL; CREATE INDEX i ON new (b)', []],
    ['CREATE INDEX i ON orders (a)', ['not_concurrently']],
    [
      'ALTER TABLE orders ADD COLUMN a int; CREATE INDEX CONCURRENTLY i ON orders (a)',
      ['lone_both_ways', 'concurrently_alone'],
    ],
    ['ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0)', ['needs_not_valid']],
    ['ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0) NOT VALID', []],
    ['ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES customers (id)', ['needs_not_valid']],
    ['ALTER TABLE orders ADD COLUMN a int REFERENCES customers (id)', ['needs_not_valid']],
    [
      'ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT c',
      ['validated_at_once'],
    ],
    ['ALTER TABLE orders VALIDATE CONSTRAINT c', []],
    ['BEGIN; SELECT 1; COMMIT', ['transaction_control', 'transaction_control']],
    ['VACUUM orders', ['outside_transaction']],
    ['CREATE DATABASE x', ['whole_server']],
    ["ALTER SYSTEM SET work_mem = '1GB'", ['whole_server']],
    ['CREATE ROLE x', ['whole_server']],
    ["COPY orders FROM PROGRAM 'curl x'", ['server_files']],
    ["COPY orders FROM '/etc/passwd'", ['server_files']],
    ["SET lock_timeout = '1h'", ['reserved_setting']],
    ['SET ROLE postgres', ['reserved_setting']],
    ["SELECT set_config('search_path', 'x', false)", ['reserved_setting']],
    ['RESET ALL', ['reserved_setting']],
    [`SET "Lock_Timeout" = '1h'`, ['reserved_setting']],
    ["SELECT dblink_exec('x', 'DELETE FROM orders')", ['escapes']],
    ['SELECT lo_unlink(1)', ['escapes']],
    ["SELECT pg_read_file('/etc/passwd')", ['server_files']],
    ['CREATE TABLE IF NOT EXISTS orders (a int); DELETE FROM orders', ['undeclared_delete']],
    ['CREATE TEMP TABLE orders (a int); DROP TABLE public.orders', ['undeclared_drop']],
    ['CREATE VIEW v AS SELECT * FROM orders', ['select_star']],
    ['TRUNCATE orders', ['undeclared_delete']],
    ['-- reeve: deletes orders 10\nTRUNCATE orders', ['undeclared_delete']],
    ['-- reeve: deletes orders all\nTRUNCATE orders', []],
    ['DELETE FROM orders', ['undeclared_delete']],
    ['DELETE FROM orders WHERE id < 10', ['undeclared_delete']],
    ['-- reeve: deletes public.orders 9\nDELETE FROM orders WHERE id < 10', []],
    [
      'WITH gone AS (DELETE FROM orders WHERE id < 10 RETURNING id) SELECT id FROM gone',
      ['undeclared_delete'],
    ],
    ['MERGE INTO orders o USING gone g ON o.id = g.id WHEN MATCHED THEN DELETE', ['undeclared_delete']],
    ['DROP TABLE orders', ['undeclared_drop']],
    ['-- reeve: drops customers\nDROP TABLE orders', ['undeclared_drop']],
    ['-- reeve: drops orders\nDROP TABLE orders', []],
    ['-- reeve: drops orders\nDROP TABLE orders CASCADE', ['cascade']],
    ['ALTER TABLE orders DROP COLUMN note', ['undeclared_drop']],
    ['-- reeve: drops orders.note\nALTER TABLE orders DROP COLUMN note', []],
    ["SELECT '-- reeve: drops orders'; DROP TABLE orders", ['undeclared_drop']],
    ['-- reeve: forgets orders\nSELECT 1', ['unknown_declaration']],
    ['CREATE TABLE made_by_up (a int', ['unreadable']],
    ['-- nothing', ['empty_up']],
  ])('says of %s: %j', async (up, expected) => {
    expect(await refused(up)).toEqual(expected);
  });

  it('refuses a file without a way back, with its name', async () => {
    const { refusals } = await judgeFile(
      migrationFile('0007_x', 'CREATE TABLE a (b int)', '-- later\n/* perhaps */'),
    );
    const empty = await judgeFile(migrationFile('0008_y', 'CREATE TABLE a (b int)', ''));

    expect(refusals).toEqual([
      {
        id: 'empty_down',
        text: '0007_x: its down file has comments only: nothing is applied that cannot be taken back',
      },
    ]);
    expect(empty.refusals[0]?.text).toContain('0008_y: its down file is empty or missing');
  });

  it('names file, direction and line', async () => {
    const { refusals } = await judgeFile(
      migrationFile(
        '0007_x',
        '-- a comment\n\nALTER TABLE orders\n  DROP COLUMN note;',
        'SELECT 1;\nVACUUM;',
      ),
    );

    expect(refusals.map(({ text }) => text)).toEqual([
      '0007_x up:3: it drops column orders.note with all that is in it: if that is meant, write "-- reeve: drops orders.note" into the file',
      expect.stringContaining('0007_x down:2: VACUUM or ANALYZE: '),
    ]);
  });

  it('warns of what nobody can judge, and of names that running programs use', async () => {
    const { refusals, warnings } = await judgeFile(
      migrationFile(
        '0007_x',
        'DO $$ BEGIN PERFORM 1; END $$; SELECT purge(1); CALL tidy(); ALTER TABLE orders RENAME note TO notes; UPDATE orders SET total = 1',
        'ALTER TABLE orders RENAME notes TO note',
      ),
    );

    expect(refusals).toEqual([]);
    expect(warnings.map((text) => text.replace(/^0007_x (up|down):1: /, '').split(':')[0])).toEqual([
      'DO runs a block of code',
      'it calls purge',
      'it calls tidy',
      'RENAME',
      'UPDATE without a condition',
      'RENAME',
    ]);
  });
});

describe('the order of files', () => {
  const one = migrationFile('0001_one', 'SELECT 1', 'SELECT 1');
  const two = migrationFile('0002_two', 'SELECT 2', 'SELECT 2');
  const applied = (file: typeof one) => ({
    name: file.name,
    sha256: fingerprintOf(file),
    state: 'applied' as const,
  });

  it('leaves out what is applied', () => {
    expect(pendingFiles([two, one], [applied(one)])).toEqual({ pending: [two], refusals: [] });
  });

  it.each([
    ['changed_file', [{ ...one, down: 'SELECT 3' }], [applied(one)], 'was changed after it was applied'],
    ['missing_file', [two], [applied(one)], '0001_one was applied and is not among the files'],
    ['out_of_order', [one, two], [applied(two)], '0001_one comes before 0002_two'],
    ['unfinished_file', [one], [{ ...applied(one), state: 'applying' as const }], 'is not finished'],
  ])('refuses %s', (id, files, history, text) => {
    const { refusals } = pendingFiles(files, history);

    expect(refusals).toMatchObject([{ id, text: expect.stringContaining(text) }]);
  });
});

describe('compareTypes', () => {
  it.each([
    ['integer', 'bigint', 'wider'],
    ['bigint', 'integer', 'narrows'],
    ['character varying(20)', 'character varying(10)', 'narrows'],
    ['character varying(20)', 'character varying(40)', 'same'],
    ['character varying(20)', 'text', 'same'],
    ['text', 'character varying(40)', 'narrows'],
    ['numeric(10,2)', 'numeric(12,2)', 'same'],
    ['numeric(10,2)', 'numeric(12,4)', 'narrows'],
    ['timestamp with time zone', 'date', 'narrows'],
    ['date', 'timestamp with time zone', 'wider'],
  ])('says of %s to %s: %s', (old, wanted, expected) => {
    expect(compareTypes(old, wanted)).toBe(expected);
  });
});
