import { z } from 'zod';
import type { Connection } from '../../client.ts';
import { quoteIdentifier } from '../../quote.ts';
import { nodesOf } from './explain-tree.ts';
import { createStatement, type IndexPlace } from './index-statement.ts';
import { explainTrial, type Trial } from './trial.ts';

type Session = Pick<Connection, 'query'>;

const extensionRow = z.object({ schema: z.string() });
const madeRow = z.object({ name: z.string() });
const anyRow = z.unknown();

/**
 * What the planner expects the first statement to cost that would use the index, asked of HypoPG, which costs next to nothing; false when
 * none would, undefined where the extension is not installed or cannot say.
 *
 * @see https://hypopg.readthedocs.io/
 */
export async function hypotheticalCost(
  session: Session,
  place: IndexPlace,
  trials: readonly Trial[],
  signal: AbortSignal,
): Promise<number | false | undefined> {
  const [extension] = await session.query(
    `SELECT n.nspname::text AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'hypopg'`,
    extensionRow,
    signal,
  );
  if (extension === undefined) return undefined;
  const schema = quoteIdentifier(extension.schema);
  const statement = createStatement(place).replace(' CONCURRENTLY', '');
  try {
    const sql = `SELECT indexname::text AS name FROM ${schema}.hypopg_create_index($1)`;
    const [made] = await session.query(sql, madeRow, signal, [statement]);
    for (const trial of trials) {
      for (const values of trial.values) {
        const { Plan } = await explainTrial(session, trial, values, false, signal);
        if (nodesOf(Plan).some((node) => node['Index Name'] === made?.name)) return Plan['Total Cost'];
      }
    }
    return false;
  } catch {
    // Building it really is the better proof anyway.
    signal.throwIfAborted();
    return undefined;
  } finally {
    await session.query(`SELECT ${schema}.hypopg_reset()`, anyRow, signal).catch(() => undefined);
  }
}
