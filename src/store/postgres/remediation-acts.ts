import { z } from 'zod';
import type { RemediationRecords } from '../../core/ports/remediation-records.ts';
import { FenceError, targetLease } from '../../core/remediation/fencing.ts';
import { type ActRecord, actResults } from '../../core/remediation/run.ts';
import { checkIntent, notOpen } from '../remediation-values.ts';
import type { StoreClient } from './client.ts';
import { appendAudit } from './remediation-audit.ts';
import { selectWhere } from './selection.ts';
import { fromStored, toStored } from './stored-text.ts';

type ActRecords = Pick<RemediationRecords, 'intend' | 'conclude' | 'acts'>;

const text = z.string().transform(fromStored);
const actRow = z.object({
  id: z.number(),
  run_id: text,
  target: text,
  act: text,
  direction: z.enum(['apply', 'undo']),
  statement: text,
  fence: z.number(),
  intent_at: z.number(),
  outcome: z.enum(actResults).nullable(),
  outcome_at: z.number().nullable(),
  detail: text,
});
const idRow = z.object({ id: z.number() });
const fenceRow = z.object({ fence: z.number() });

/** The journal of acts. */
export function createActRecords(client: StoreClient): ActRecords {
  return {
    async intend(act, draft) {
      checkIntent(act);
      return client.transaction(async (session) => {
        // Shared: until this is committed nobody takes the lease over.
        const sql = 'SELECT fence FROM reeve.lease WHERE name = $1 FOR SHARE';
        const [lease] = await session.rows(fenceRow, sql, [toStored(targetLease(act.target))]);
        const newest = lease?.fence ?? 0;
        if (newest === 0 || act.fence < newest) throw new FenceError(act.target, act.fence, newest);
        const [row] = await session.rows(
          idRow,
          `INSERT INTO reeve.act (run_id, target, act, direction, statement, fence, intent_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id::float8`,
          [
            toStored(act.runId),
            toStored(act.target),
            toStored(act.act),
            act.direction,
            toStored(act.statement),
            act.fence,
            act.intentAt,
          ],
        );
        await appendAudit(session, draft);
        return row?.id ?? 0;
      });
    },
    async conclude(id, outcome, at, detail, draft) {
      await client.transaction(async (session) => {
        const sql =
          'UPDATE reeve.act SET outcome = $2, outcome_at = $3, detail = $4 WHERE id = $1::bigint AND outcome IS NULL';
        const concluded = await session.run(sql, [String(id), outcome, at, toStored(detail)]);
        if (concluded === 0) throw notOpen(id);
        return appendAudit(session, draft);
      });
    },
    async acts({ runId, target, since, unfinished }) {
      const { where, values } = selectWhere({
        'run_id =': runId === undefined ? undefined : toStored(runId),
        'target =': target === undefined ? undefined : toStored(target),
        'intent_at >=': since,
      });
      const sql = `SELECT id::float8, run_id, target, act, direction, statement, fence, intent_at, outcome, outcome_at, detail
        FROM reeve.act WHERE ${where} ${unfinished === true ? 'AND outcome IS NULL' : ''} ORDER BY reeve.act.id`;
      return (await client.rows(actRow, sql, values)).map(toAct);
    },
  };
}

function toAct({ run_id, intent_at, outcome, outcome_at, ...row }: z.infer<typeof actRow>): ActRecord {
  return {
    ...row,
    runId: run_id,
    intentAt: intent_at,
    outcome: outcome ?? undefined,
    outcomeAt: outcome_at ?? undefined,
  };
}
