import { z } from 'zod';
import type { RemediationRecords, RunChange, RunFilter } from '../../core/ports/remediation-records.ts';
import { type Approval, isOpen, type Run } from '../../core/remediation/run.ts';
import { changed } from '../remediation-filter.ts';
import { approvalFromJson, runFromJson, toJson } from '../remediation-json.ts';
import { checkChange, checkRun } from '../remediation-values.ts';
import type { StoreClient, StoreSession } from './client.ts';
import { appendAudit } from './remediation-audit.ts';
import { selectWhere } from './selection.ts';
import { toStored } from './stored-text.ts';

type RunRecords = Pick<
  RemediationRecords,
  'claim' | 'run' | 'runs' | 'countRuns' | 'change' | 'decide' | 'approval'
>;

const bodyRow = z.object({ body: z.string() });
const countRow = bodyRow.extend({ count: z.number() });

/** Runs and the decisions on their plans. */
export function createRunRecords(client: StoreClient): RunRecords {
  return {
    claim: (run) => claim(client, run),
    run: (id) => readRun(client, id),
    runs: (filter) => findRuns(client, filter),
    async countRuns() {
      const sql = `SELECT count(*)::float8 AS count, min(body) AS body FROM reeve.run GROUP BY pipeline, state`;
      const rows = await client.rows(countRow, sql);
      return rows.map(({ count, body }) => {
        // Read from the body of one of them: they are known words there.
        const { pipeline, state } = runFromJson(body);
        return { pipeline, state, count };
      });
    },
    async change(id, revision, change, draft) {
      checkChange(change);
      return client.transaction(async (session) => {
        const before = await lockRun(session, id, revision);
        if (before === undefined) return undefined;
        const after = await putRun(session, before, change);
        if (draft !== undefined) await appendAudit(session, draft);
        return after;
      });
    },
    async decide(approval, { revision, change }, draft) {
      checkChange(change);
      return client.transaction(async (session) => {
        const before = await lockRun(session, approval.runId, revision);
        if (before?.planHash !== approval.planHash || !(await addApproval(session, approval)))
          return undefined;
        const after = await putRun(session, before, change);
        await appendAudit(session, draft);
        return after;
      });
    },
    async approval(planHash) {
      const sql = 'SELECT body FROM reeve.approval WHERE plan_hash = $1';
      const [row] = await client.rows(bodyRow, sql, [planHash]);
      return row && approvalFromJson(row.body);
    },
  };
}

async function claim(client: StoreClient, run: Run): Promise<boolean> {
  checkRun(run);
  const { id, trigger, target, pipeline, state, updatedAt } = run;
  const claimed = await client.run(
    `INSERT INTO reeve.run (id, trigger_key, target, pipeline, state, breach, updated_at, ended_at, body)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (trigger_key) DO NOTHING`,
    [
      id,
      toStored(trigger.key),
      toStored(target),
      pipeline,
      state,
      trigger.breach === undefined ? null : toStored(trigger.breach),
      updatedAt,
      endOf(run),
      toJson(run),
    ],
  );
  return claimed > 0;
}

async function readRun(session: StoreSession, id: string, lock = ''): Promise<Run | undefined> {
  const [row] = await session.rows(bodyRow, `SELECT body FROM reeve.run WHERE id = $1 ${lock}`, [
    toStored(id),
  ]);
  return row && runFromJson(row.body);
}

/** Nobody else changes it until the transaction ends. Undefined when its revision is another one by now. */
async function lockRun(session: StoreSession, id: string, revision: number): Promise<Run | undefined> {
  const run = await readRun(session, id, 'FOR UPDATE');
  return run?.revision === revision ? run : undefined;
}

async function putRun(session: StoreSession, before: Run, change: RunChange): Promise<Run> {
  const after = changed(before, change);
  await session.run(
    'UPDATE reeve.run SET state = $2, updated_at = $3, ended_at = $4, body = $5 WHERE id = $1',
    [after.id, after.state, after.updatedAt, endOf(after), toJson(after)],
  );
  return after;
}

async function addApproval(session: StoreSession, approval: Approval): Promise<boolean> {
  const sql =
    'INSERT INTO reeve.approval (plan_hash, run_id, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
  return (await session.run(sql, [approval.planHash, approval.runId, toJson(approval)])) > 0;
}

async function findRuns(
  client: StoreClient,
  { target, pipeline, states, breach, limit }: RunFilter,
): Promise<readonly Run[]> {
  const { where, values } = selectWhere({
    'target =': target === undefined ? undefined : toStored(target),
    'pipeline =': pipeline,
    'breach =': breach === undefined ? undefined : toStored(breach),
  });
  // States are words of ours.
  const inStates = states === undefined ? '' : `AND state IN (${states.map((state) => `'${state}'`).join()})`;
  if (states?.length === 0) return [];
  const sql = `SELECT body FROM reeve.run WHERE ${where} ${inStates} ORDER BY updated_at DESC, id COLLATE "C"
    ${limit === undefined ? '' : `LIMIT ${Math.max(0, Math.trunc(limit))}`}`;
  return (await client.rows(bodyRow, sql, values)).map(({ body }) => runFromJson(body));
}

/** When it ended, as far as it did: from then on it grows old. */
function endOf({ state, updatedAt }: Run): number | null {
  return isOpen(state) ? null : updatedAt;
}
