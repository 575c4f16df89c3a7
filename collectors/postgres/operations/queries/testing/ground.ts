import type { Act, Action, Candidate, Plan, PlanDraft, Rehearsal } from '../../../../../src/sdk.ts';
import { isRefusal } from '../../../../../src/sdk.ts';
import { operationContext, operationsInput } from '../../../../../tests/support/postgres/operations-input.ts';
import { type PostgresServer, startPostgres } from '../../../../../tests/support/postgres/server.ts';
import { createAccess } from '../../access.ts';
import { createIndexAction } from '../create-index.ts';

type Major = Parameters<typeof startPostgres>[0]['major'];

/** A target and a rehearsal target with the same table: `shop.visits`, 40,000 rows, whose owner is `dba`; `reader` collects. */
export interface QueryGround extends AsyncDisposable {
  readonly target: PostgresServer;
  readonly rehearsal: PostgresServer;
  readonly action: Action;
  readonly rehearsalAction: Action;
  /** Runs a statement often enough to cost something, with literals. */
  work(sql: string, times?: number): Promise<void>;
  find(): Promise<readonly Candidate[]>;
  plan(candidate: Candidate): Promise<PlanDraft>;
}

export const shopSchema = `
  CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader;
  CREATE ROLE dba LOGIN;
  CREATE EXTENSION pg_stat_statements;
  CREATE SCHEMA shop AUTHORIZATION dba;
  GRANT USAGE ON SCHEMA shop TO reader;
  CREATE TABLE shop.visits (id bigint PRIMARY KEY, customer_id int NOT NULL, state text NOT NULL, seen_at timestamptz NOT NULL, note text);
  INSERT INTO shop.visits SELECT n, n % 4000, CASE WHEN n % 20 = 0 THEN 'open' ELSE 'closed' END,
         timestamptz '2030-01-01' + n * interval '1 minute', repeat('x', 60) FROM generate_series(1, 40000) n;
  ALTER TABLE shop.visits OWNER TO dba;
  ANALYZE shop.visits;`;

export async function queryGround(major: Major): Promise<QueryGround> {
  const [target, rehearsal] = await Promise.all([startPostgres({ major }), startPostgres({ major })]);
  const close = async (): Promise<void> => {
    await Promise.all([target[Symbol.asyncDispose](), rehearsal[Symbol.asyncDispose]()]);
  };
  try {
    await Promise.all([target.query(shopSchema), rehearsal.query(shopSchema)]);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const action = actionOn(target, 'orders');
  return {
    target,
    rehearsal,
    action,
    rehearsalAction: actionOn(rehearsal, 'orders-dev'),
    work: async (sql, times = 30) => {
      const client = await target.connect();
      try {
        for (let nth = 0; nth < times; nth += 1) await client.query(sql);
      } finally {
        await client.end();
      }
    },
    find: () => action.find({ subject: 'postgres', only: undefined, limit: 5 }, operationContext()),
    plan: async (candidate) => {
      const draft = await action.plan(candidate, operationContext());
      if (isRefusal(draft)) throw new Error(draft.text);
      return draft;
    },
    [Symbol.asyncDispose]: close,
  };
}

export function actionOn(server: PostgresServer, id: string, mayAct = true): Action {
  const input = operationsInput({
    id,
    url: server.url('postgres', 'reader'),
    ...(mayAct ? { actingUrl: server.url('postgres', 'dba') } : {}),
  });
  return createIndexAction(createAccess(input));
}

/** What the pipeline makes of a draft. */
export function planOf(draft: PlanDraft, rehearsal?: Rehearsal): Plan {
  return {
    ...draft,
    runId: 'r-0123456789ab',
    caps: { largestObjectBytes: null, lockTimeoutMs: 1_000, soakMs: 1_000, changesPerDay: 5 },
    rehearsal: rehearsal ?? { on: '', verdict: 'simulated', text: '', rows: {}, figures: {} },
    evidence: [],
    createdAt: 0,
    expiresAt: Number.MAX_SAFE_INTEGER,
    hash: 'test',
  };
}

export const canary = 'canary-5f1d';
export const slow = `SELECT id, note /* ${canary} */ FROM shop.visits WHERE customer_id = 77 AND note <> '${canary}' ORDER BY seen_at DESC LIMIT 5`;

export async function candidateFor(ground: QueryGround, columns: string): Promise<Candidate> {
  const found = await ground.find();
  const candidate = found.find(({ subject }) => subject.endsWith(`(${columns})`));
  if (candidate === undefined)
    throw new Error(`no ${columns} among ${found.map(({ subject }) => subject).join('; ')}`);
  return candidate;
}

export function actOf(plan: Plan): Act {
  const [act] = plan.acts;
  if (act === undefined) throw new Error('a plan without an act');
  return act;
}

export async function indexesOf(
  server: QueryGround['target'],
  table = 'visits',
): Promise<readonly unknown[]> {
  const rows = await server.query(
    `SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
      WHERE t.relname = '${table.replaceAll("'", "''")}' AND NOT i.indisprimary`,
  );
  return rows;
}
