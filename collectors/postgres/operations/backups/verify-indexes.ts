import { z } from 'zod';
import { messageOf } from '../../../../src/sdk.ts';
import type { VerifiedDatabase } from './verified-database.ts';

const mostIndexes = 500;
/** Of larger ones the structure is checked, and not that each row is in them. */
const largestCompared = 1_073_741_824;
const mostFaults = 10;

const indexRow = z.object({ oid: z.number(), name: z.string(), bytes: z.number() });
const indexesSql = `
  SELECT i.indexrelid::int8 AS oid, n.nspname || '.' || c.relname AS name, pg_relation_size(c.oid) AS bytes
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_am m ON m.oid = c.relam
   WHERE m.amname = 'btree' AND i.indisvalid AND i.indisready AND c.relkind = 'i' AND c.relpersistence = 'p'
   ORDER BY c.oid < 16384, bytes DESC LIMIT ${mostIndexes + 1}`;

const nothing = z.object({});
const there = z.object({ name: z.string() });

/** Checks B-trees with amcheck, those of the catalogues too, where this machine has the extension. */
export async function verifyIndexes({
  database,
  server,
  journal,
  isLate,
  signal,
}: VerifiedDatabase): Promise<undefined> {
  const name = `indexes of ${database}`;
  await server.writing(database, signal, async (session) => {
    const [available] = await session.query(
      `SELECT name::text FROM pg_available_extensions WHERE name = 'amcheck'`,
      there,
      signal,
    );
    if (available === undefined) {
      journal.check(
        name,
        'not_done',
        'the extension amcheck is not installed with the scratch server (Debian: postgresql-<major>)',
      );
      return;
    }
    await session.execute('CREATE SCHEMA reeve_drill', signal);
    // Of production, in a schema of its own, it serves as well: but where it is, is not known.
    await session.execute('DROP EXTENSION IF EXISTS amcheck', signal);
    await session.execute('CREATE EXTENSION amcheck SCHEMA reeve_drill', signal);
    const indexes = await session.query(indexesSql, indexRow, signal);
    const faults: string[] = [];
    let checked = 0;
    for (const index of indexes.slice(0, mostIndexes)) {
      if (isLate() || faults.length >= mostFaults) break;
      checked += 1;
      try {
        const sql = 'SELECT reeve_drill.bt_index_check($1::oid, $2)';
        await session.query(sql, nothing, signal, [index.oid, index.bytes <= largestCompared]);
      } catch (thrown) {
        signal.throwIfAborted();
        faults.push(`${index.name}: ${messageOf(thrown)}`);
      }
    }
    const left = indexes.length - checked;
    journal.check(
      name,
      faults.length === 0 ? 'passed' : 'failed',
      [
        faults.length === 0
          ? `amcheck found ${checked} B-trees in order, and all rows in them`
          : faults.join('; '),
        ...(left > 0 ? [`${left}${indexes.length > mostIndexes ? ' or more' : ''} were not checked`] : []),
      ].join('; '),
    );
  });
  return undefined;
}
