import { describe, expect, it } from 'vitest';
import { tellError } from './tell-error.ts';

describe('what is told of an error', () => {
  it('holds no row, key or value', () => {
    const said = `pg_restore: error: COPY failed for table "customer": ERROR:  duplicate key value violates unique constraint "customer_email_key"
DETAIL:  Key (email)=(alice@example.org) already exists.
CONTEXT:  COPY customer, line 2
pg_restore: error: COPY failed for table "n": ERROR:  invalid input syntax for type integer: "alice"
CONTEXT:  COPY n, line 1, column t: "alice"
pg_restore: error: could not execute query: ERROR:  relation "customer" already exists
Command was: CREATE TABLE public.customer (
    email text DEFAULT 'alice'
);
pg_restore: error: could not read from input file: end of file`;

    const told = tellError(said);

    expect(told).not.toContain('alice');
    expect(told.split('\n')).toEqual([
      expect.stringContaining('unique constraint "customer_email_key"'),
      expect.stringContaining('invalid input syntax for type integer: (a value)'),
      expect.stringContaining('relation "customer" already exists'),
      'pg_restore: error: could not read from input file: end of file',
    ]);
  });

  it('holds the details of what ended the server', () => {
    const log = `2026-11-24 03:00:00.000 UTC [12] LOG:  starting PostgreSQL
2026-11-24 03:00:00.000 UTC [12] ERROR:  duplicate key value
2026-11-24 03:00:00.000 UTC [12] DETAIL:  Key (email)=(alice) already exists.
2026-11-24 03:00:00.000 UTC [12] STATEMENT:  SELECT 'alice'
2026-11-24 03:00:00.000 UTC [12] FATAL:  could not locate required checkpoint record
2026-11-24 03:00:00.000 UTC [12] HINT:  If you are restoring from a backup, touch recovery.signal`;

    expect(
      tellError(log)
        .replaceAll(/\S+ \S+ UTC \[12\] /g, '')
        .split('\n'),
    ).toEqual([
      'ERROR:  duplicate key value',
      'FATAL:  could not locate required checkpoint record',
      'HINT:  If you are restoring from a backup, touch recovery.signal',
    ]);
  });
});
