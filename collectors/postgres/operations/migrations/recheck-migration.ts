import { z } from 'zod';
import type { OperationContext, Plan, Refusal } from '../../../../src/sdk.ts';
import type { Connection } from '../../client.ts';
import type { Access } from '../access.ts';
import { ActRefused } from '../act-refused.ts';
import { assertIdentity, identityRow, identitySql } from '../identity.ts';
import { longestTransactionSeconds } from '../queries/server-state.ts';
import { type MigrationFacts, migrationFactsOf } from './migration-facts.ts';
import { readHistory } from './migration-history.ts';
import { readSchema } from './schema-lines.ts';

/** Everything the plan rests on, looked at again. Files of this plan that are applied by now are its own. */
export async function recheckMigration(
  access: Access,
  plan: Plan,
  { signal, evidence }: OperationContext,
): Promise<readonly Refusal[]> {
  const facts = migrationFactsOf(plan);
  return access.reading(facts.database, signal, async (connection) => {
    const [found] = await connection.query(identitySql, identityRow, signal);
    if (found === undefined) return [{ id: 'identity_changed', text: 'the server does not say who it is' }];
    try {
      assertIdentity({ identity: plan.identity, ...facts }, found);
    } catch (thrown) {
      if (thrown instanceof ActRefused) return [thrown.refusal];
      throw thrown;
    }
    const foreign = facts.files.find(({ tool }) => tool !== 'reeve');
    const refusals = [
      ...(foreign === undefined
        ? []
        : [
            {
              id: 'own_tool',
              text: `${foreign.name} is a file of ${foreign.tool}, which has to apply it itself`,
            },
          ]),
      ...(await sameHistory(connection, facts, signal)),
      ...(await noLongTransactions(connection, facts, signal)),
    ];
    evidence({
      kind: 'precheck',
      title:
        refusals.length === 0
          ? 'every precondition still holds'
          : `${refusals.length} preconditions do not hold`,
      body: { refusals: refusals.map(({ id, text }) => ({ id, text })) },
    });
    return refusals;
  });
}

async function sameHistory(
  connection: Connection,
  facts: MigrationFacts,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const history = await readHistory(connection, signal);
  const own = new Set(facts.files.map(({ name }) => name));
  const others = history.filter(({ name }) => !own.has(name));
  const then = facts.history
    .map(({ name, sha256 }) => `${name} ${sha256}`)
    .toSorted()
    .join('\n');
  const now = others
    .map(({ name, sha256 }) => `${name} ${sha256}`)
    .toSorted()
    .join('\n');
  if (then !== now)
    return [
      {
        id: 'history_unchanged',
        text: 'other files were applied or taken back since it was planned: plan again',
      },
    ];
  // The first file of several changes the tables of the next.
  if (others.length !== history.length) return [];
  const lines = await readSchema(connection, signal);
  return facts.tables.flatMap(({ name, lines: planned }) => {
    const is = lines.filter(({ of }) => of === name).map(({ text }) => text);
    return is.join('\n') === planned.join('\n')
      ? []
      : [{ id: 'tables_unchanged', text: `${name} was changed since it was planned: plan again` }];
  });
}

const holderRow = z.object({ pid: z.number(), seconds: z.number(), relation: z.string() });
const holderSql = `
  SELECT a.pid, extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds, l.relation::regclass::text AS relation
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
   WHERE l.locktype = 'relation' AND l.relation = ANY ($1::oid[]) AND a.pid <> pg_backend_pid()
     AND a.xact_start < clock_timestamp() - $2 * interval '1 second'
   ORDER BY a.xact_start LIMIT 1`;

async function noLongTransactions(
  connection: Connection,
  { tables }: MigrationFacts,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const oids = tables.map(({ oid }) => oid);
  const [holder] = await connection.query(holderSql, holderRow, signal, [oids, longestTransactionSeconds]);
  if (holder === undefined) return [];
  return [
    {
      id: 'no_long_transactions',
      text: `a transaction of process ${holder.pid} has used ${holder.relation} and is open for ${Math.round(holder.seconds)} s: the lock would wait for it; end it, or try again when it is over`,
    },
  ];
}
