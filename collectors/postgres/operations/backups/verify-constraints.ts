import { z } from 'zod';
import { messageOf } from '../../../../src/sdk.ts';
import type { VerifiedDatabase } from './verified-database.ts';

const mostConstraints = 200;

/**
 * Foreign keys and checks as statements that find a row against them. Foreign keys of partitioned tables stand at each partition too; a
 * check that is `NO INHERIT` or of a parent is asked of the table alone.
 */
const constraintRow = z.object({ name: z.string(), violation: z.string() });
const sql = `
  SELECT n.nspname || '.' || c.relname || '.' || o.conname AS name,
         CASE o.contype
           WHEN 'c' THEN format('SELECT 1 AS one FROM ONLY %I.%I WHERE NOT (%s) LIMIT 1', n.nspname, c.relname,
                                pg_get_expr(o.conbin, o.conrelid))
           ELSE format('SELECT 1 AS one FROM ONLY %I.%I a WHERE %s AND NOT EXISTS (SELECT FROM %I.%I b WHERE %s) LIMIT 1',
                       n.nspname, c.relname, k.given, pn.nspname, p.relname, k.matches)
         END AS violation
    FROM pg_constraint o
    JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_class p ON p.oid = o.confrelid LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace
    LEFT JOIN LATERAL (
      SELECT string_agg(format('a.%I IS NOT NULL', ca.attname), ' AND ' ORDER BY u.place) AS given,
             string_agg(format('b.%I = a.%I', pa.attname, ca.attname), ' AND ' ORDER BY u.place) AS matches
        FROM unnest(o.conkey, o.confkey) WITH ORDINALITY u (child, parent, place)
        JOIN pg_attribute ca ON ca.attrelid = o.conrelid AND ca.attnum = u.child
        JOIN pg_attribute pa ON pa.attrelid = o.confrelid AND pa.attnum = u.parent) k ON o.contype = 'f'
   WHERE o.contype IN ('f', 'c') AND o.convalidated AND c.relkind = 'r' AND n.nspname <> 'information_schema'
   ORDER BY c.relpages DESC, 1 LIMIT ${mostConstraints + 1}`;

const unvalidatedRow = z.object({ count: z.number() });
const unvalidatedSql = `SELECT count(*) AS count FROM pg_constraint WHERE contype IN ('f', 'c') AND NOT convalidated`;

const one = z.object({ one: z.number() });
const mostFaults = 10;

/** Asks the restored rows, not the catalogue, whether foreign keys and checks hold. */
export async function verifyConstraints({
  database,
  server,
  journal,
  isLate,
  signal,
}: VerifiedDatabase): Promise<undefined> {
  await server.reading(database, signal, async (connection) => {
    const found = await connection.query(sql, constraintRow, signal);
    const [unvalidated] = await connection.query(unvalidatedSql, unvalidatedRow, signal);
    const faults: string[] = [];
    let asked = 0;
    for (const { name, violation } of found.slice(0, mostConstraints)) {
      if (isLate() || faults.length >= mostFaults) break;
      asked += 1;
      try {
        const rows = await connection.query(violation, one, signal);
        if (rows.length > 0) faults.push(`${name} does not hold`);
      } catch (thrown) {
        signal.throwIfAborted();
        faults.push(`${name} could not be tested: ${messageOf(thrown)}`);
      }
    }
    const open = unvalidated?.count ?? 0;
    const parts = [
      faults.length === 0 ? `${asked} foreign keys and checks hold for all rows` : faults.join('; '),
      ...(asked < found.length
        ? [`${found.length - asked}${found.length > mostConstraints ? ' or more' : ''} were not tested`]
        : []),
      ...(open === 0 ? [] : [`${open} are NOT VALID there, as they were where the backup was made`]),
    ];
    journal.check(`constraints of ${database}`, faults.length === 0 ? 'passed' : 'failed', parts.join('; '));
  });
  return undefined;
}
