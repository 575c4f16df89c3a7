import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Evidence } from '../../core/remediation/evidence.ts';
import type { Plan } from '../../core/remediation/plan.ts';
import { evidenceFromJson, planFromJson, toJson } from '../remediation-json.ts';
import { readText } from './row.ts';

/** Plans, and what they rest on. What writes is to be called in a transaction. */
export class RemediationPlans {
  readonly #readPlan: StatementSync;
  readonly #addPlan: StatementSync;
  readonly #readEvidence: StatementSync;
  readonly #addEvidence: StatementSync;

  constructor(database: DatabaseSync) {
    this.#readPlan = database.prepare('SELECT body FROM remediation_plan WHERE hash = ?');
    this.#addPlan = database.prepare(
      'INSERT INTO remediation_plan (hash, run_id, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#readEvidence = database.prepare(
      'SELECT body FROM remediation_evidence WHERE run_id = ? ORDER BY at, rowid',
    );
    this.#addEvidence = database.prepare(
      'INSERT INTO remediation_evidence (id, run_id, at, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
  }

  save(plan: Plan): void {
    this.#addPlan.run(plan.hash, plan.runId, toJson(plan));
  }

  plan(hash: string): Plan | undefined {
    const row = this.#readPlan.get(hash);
    return row === undefined ? undefined : planFromJson(readText(row, 'body'));
  }

  addEvidence(evidence: Evidence): void {
    this.#addEvidence.run(evidence.id, evidence.runId, evidence.at, toJson(evidence));
  }

  evidence(runId: string): readonly Evidence[] {
    return this.#readEvidence.all(runId).map((row) => evidenceFromJson(readText(row, 'body')));
  }
}
