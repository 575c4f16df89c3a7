import { z } from 'zod';
import type { PostgresContext, Session } from './session.ts';

/** Ids are compared modulo 2^32, so half of them lie in the past: the server stops before this age. */
const idsUntilWraparound = 2 ** 31;

const row = z.object({
  database: z.string(),
  xid_age: z.number(),
  mxid_age: z.number(),
  freeze_max_age: z.number(),
  multixact_freeze_max_age: z.number(),
});

/** Every database counts, also those that cannot be connected to: template0 alone can stop the server. */
const sql = `
  SELECT datname AS database, age(datfrozenxid) AS xid_age, mxid_age(datminmxid) AS mxid_age,
         current_setting('autovacuum_freeze_max_age')::int AS freeze_max_age,
         current_setting('autovacuum_multixact_freeze_max_age')::int AS multixact_freeze_max_age
    FROM pg_database`;

/** How near transaction ids and multixact ids are to running out. */
export async function readWraparound(session: Session, context: PostgresContext): Promise<void> {
  const rows = await session.main.query(sql, row, context.signal);
  const [first] = rows;
  if (first === undefined) return;
  for (const { database, xid_age, mxid_age } of rows) {
    if (!session.databases.includes(database)) continue;
    context.record('xidAge', xid_age, { database });
    context.record('multixactAge', mxid_age, { database });
  }
  const oldestXid = Math.max(...rows.map(({ xid_age }) => xid_age));
  const oldestMultixact = Math.max(...rows.map(({ mxid_age }) => mxid_age));
  context.record('wraparoundRatio', oldestXid / idsUntilWraparound, { kind: 'xid' });
  context.record('wraparoundRatio', oldestMultixact / idsUntilWraparound, { kind: 'multixact' });
  context.record('freezeDueRatio', oldestXid / first.freeze_max_age, { kind: 'xid' });
  context.record('freezeDueRatio', oldestMultixact / first.multixact_freeze_max_age, { kind: 'multixact' });
}
