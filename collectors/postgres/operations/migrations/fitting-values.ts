import { z } from 'zod';
import { quoteIdentifier } from '../../quote.ts';
import type { FileWork } from './file-transaction.ts';
import { compareTypes, newType } from './judge-locks.ts';
import type { JudgedPart } from './judge-migration.ts';

/** Taking back would discard what was written since: nothing was done. */
export class WouldDiscard extends Error {
  override readonly name = 'WouldDiscard';
}

/** The lock for looking could not be had. */
export class LockBusy extends Error {
  override readonly name = 'LockBusy';
  readonly sqlState: string;

  constructor(message: string, sqlState: string) {
    super(message);
    this.sqlState = sqlState;
  }
}

/** Nobody writes there from now to the end of the transaction. `name`: of the file that is taken back. */
export async function lockTable(
  { session, signal, lockTimeoutMs }: FileWork,
  name: string,
  table: string,
): Promise<void> {
  const locked = await session.run(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`, { signal, lockTimeoutMs });
  if (locked.kind === 'failed')
    throw new LockBusy(`${name} down: ${table} is locked by others`, locked.sqlState);
  if (locked.kind !== 'done') throw new LockBusy(`${name} down: it was interrupted`, '');
}

const columnRow = z.object({ table: z.string(), type: z.string() });
const columnSql = `
  SELECT format('%I.%I', n.nspname, c.relname) AS table, format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
   WHERE c.oid = to_regclass($1) AND a.attname = $2 AND NOT a.attisdropped`;
const pathSql = `SELECT set_config('search_path', $1, true) AS set`;
const longSql = `SELECT set_config('statement_timeout', '600000', true) AS set`;
const countRow = z.object({ rows: z.number() });
/** As it stands in a CAST; what is called otherwise is left to the statement itself. */
const plainType = /^[a-z_][a-z0-9_ ]*(\([\d,]+\))?(\[\])?$/;

/** Values that the old type of a column cannot hold were written since: it would round them or cut them off, and say nothing. */
export async function assertFits(work: FileWork, name: string, down: readonly JudgedPart[]): Promise<void> {
  const { session, signal, searchPath } = work;
  for (const part of down) {
    for (const { table: asked, column } of part.effects.typeChanges) {
      const relation = asked.split('.').map(quoteIdentifier).join('.');
      await session.query(pathSql, z.unknown(), signal, [searchPath]);
      const [found] = await session.query(columnSql, columnRow, signal, [relation, column]);
      await session.query(pathSql, z.unknown(), signal, ['pg_catalog']);
      const wanted = newType(part, column);
      if (found === undefined || !plainType.test(wanted) || compareTypes(found.type, wanted) !== 'narrows')
        continue;
      await lockTable(work, name, found.table);
      const rows = await changedBy(work, { ...found, column, wanted });
      if (rows === 0) continue;
      throw new WouldDiscard(
        `${name}: ${rows} values of ${found.table}.${column} do not fit ${wanted}, which it had before: taking it back would change them`,
      );
    }
  }
}

/** How many values would be others after there and back; 0 where the server cannot say: then the statement itself fails, or has its own way. */
async function changedBy(
  { session, signal }: FileWork,
  {
    table,
    type,
    column,
    wanted,
  }: z.infer<typeof columnRow> & { readonly column: string; readonly wanted: string },
): Promise<number> {
  const value = quoteIdentifier(column);
  await session.query(longSql, z.unknown(), signal);
  await session.query('SAVEPOINT reeve_fits', z.unknown(), signal);
  try {
    const [found] = await session.query(
      `SELECT count(*)::float8 AS rows FROM ONLY ${table} WHERE ${value} IS DISTINCT FROM CAST(CAST(${value} AS ${wanted}) AS ${type})`,
      countRow,
      signal,
    );
    return found?.rows ?? 0;
  } catch {
    signal.throwIfAborted();
    await session.query('ROLLBACK TO SAVEPOINT reeve_fits', z.unknown(), signal);
    return 0;
  }
}
