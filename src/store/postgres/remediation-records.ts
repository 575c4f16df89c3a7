import { z } from 'zod';
import type { RemediationRecords } from '../../core/ports/remediation-records.ts';
import { evidenceFromJson, planFromJson, toJson } from '../remediation-json.ts';
import { checkEvidence } from '../remediation-values.ts';
import type { StoreClient } from './client.ts';
import { createActRecords } from './remediation-acts.ts';
import { appendAudit, readAudit, readAuditHead } from './remediation-audit.ts';
import { createLeaseRecords } from './remediation-leases.ts';
import { createRunRecords } from './remediation-runs.ts';
import { fromStored, toStored } from './stored-text.ts';

/**
 * What remediation keeps, on PostgreSQL. Each call is one transaction that is committed, or not, when its promise settles; nothing is
 * written behind, and nothing is answered from memory, so that all agents see the same.
 */
export function createRemediationRecords(client: StoreClient): RemediationRecords {
  return {
    ...createRunRecords(client),
    ...createPlanRecords(client),
    ...createActRecords(client),
    ...createSwitches(client),
    ...createLeaseRecords(client),
    appendAudit: (draft) => client.transaction((session) => appendAudit(session, draft)),
    auditHead: () => readAuditHead(client),
    audit: (from, limit) => readAudit(client, from, limit),
  };
}

const bodyRow = z.object({ body: z.string() });

function createPlanRecords(
  client: StoreClient,
): Pick<RemediationRecords, 'savePlan' | 'plan' | 'addEvidence' | 'evidence'> {
  return {
    async savePlan(plan) {
      const sql =
        'INSERT INTO reeve.plan (hash, run_id, body) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING';
      await client.run(sql, [plan.hash, toStored(plan.runId), toJson(plan)]);
    },
    async plan(hash) {
      const [row] = await client.rows(bodyRow, 'SELECT body FROM reeve.plan WHERE hash = $1', [hash]);
      return row && planFromJson(row.body);
    },
    async addEvidence(evidence) {
      checkEvidence(evidence);
      const sql =
        'INSERT INTO reeve.evidence (id, run_id, at, body) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING';
      await client.run(sql, [evidence.id, toStored(evidence.runId), evidence.at, toJson(evidence)]);
    },
    async evidence(runId) {
      const sql = 'SELECT body FROM reeve.evidence WHERE run_id = $1 ORDER BY at, number';
      const rows = await client.rows(bodyRow, sql, [toStored(runId)]);
      return rows.map(({ body }) => evidenceFromJson(body));
    },
  };
}

const text = z.string().transform(fromStored);
const disabledRow = z
  .object({ target: text, action: text, run_id: text, at: z.number(), reason: text })
  .transform(({ run_id: runId, ...rest }) => ({ ...rest, runId }));
const pauseRow = z.object({ by: text, at: z.number(), reason: text });

function createSwitches(
  client: StoreClient,
): Pick<RemediationRecords, 'disableAction' | 'enableAction' | 'disabledActions' | 'paused' | 'setPaused'> {
  return {
    async disableAction({ target, action, runId, at, reason }, draft) {
      await client.transaction(async (session) => {
        await session.run(
          `INSERT INTO reeve.disabled_action (target, action, run_id, at, reason) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (target, action) DO UPDATE SET run_id = excluded.run_id, at = excluded.at, reason = excluded.reason`,
          [toStored(target), toStored(action), toStored(runId), at, toStored(reason)],
        );
        return appendAudit(session, draft);
      });
    },
    enableAction: (target, action, draft) =>
      client.transaction(async (session) => {
        const sql = 'DELETE FROM reeve.disabled_action WHERE target = $1 AND action = $2';
        if ((await session.run(sql, [toStored(target), toStored(action)])) === 0) return false;
        await appendAudit(session, draft);
        return true;
      }),
    disabledActions: () =>
      client.rows(
        disabledRow,
        'SELECT target, action, run_id, at, reason FROM reeve.disabled_action ORDER BY at',
      ),
    async paused() {
      const [row] = await client.rows(pauseRow, 'SELECT paused_by AS by, at, reason FROM reeve.pause');
      return row;
    },
    async setPaused(pause, draft) {
      await client.transaction(async (session) => {
        if (pause === undefined) await session.run('DELETE FROM reeve.pause');
        else
          await session.run(
            `INSERT INTO reeve.pause (id, paused_by, at, reason) VALUES (1, $1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET paused_by = excluded.paused_by, at = excluded.at, reason = excluded.reason`,
            [toStored(pause.by), pause.at, toStored(pause.reason)],
          );
        return appendAudit(session, draft);
      });
    },
  };
}
