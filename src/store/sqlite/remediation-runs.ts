import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { RunChange, RunCount, RunFilter } from '../../core/ports/remediation-records.ts';
import type { Approval, Run } from '../../core/remediation/run.ts';
import { isOpen } from '../../core/remediation/run.ts';
import { changed } from '../remediation-filter.ts';
import { approvalFromJson, runFromJson, toJson } from '../remediation-json.ts';
import { readNumber, readText } from './row.ts';
import { selectBodies } from './selection.ts';

/** Runs and decisions. What writes is to be called in a transaction. */
export class RemediationRuns {
  readonly #database: DatabaseSync;
  readonly #read: StatementSync;
  readonly #claim: StatementSync;
  readonly #put: StatementSync;
  readonly #count: StatementSync;
  readonly #readApproval: StatementSync;
  readonly #addApproval: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#read = database.prepare('SELECT body FROM remediation_run WHERE id = ?');
    this.#claim = database.prepare(
      `INSERT INTO remediation_run (id, trigger_key, target, pipeline, state, breach, updated_at, ended_at, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (trigger_key) DO NOTHING`,
    );
    this.#put = database.prepare(
      'UPDATE remediation_run SET state = ?, updated_at = ?, ended_at = ?, body = ? WHERE id = ?',
    );
    this.#count = database.prepare(
      'SELECT pipeline, state, count(*) AS count, min(body) AS body FROM remediation_run GROUP BY pipeline, state',
    );
    this.#readApproval = database.prepare('SELECT body FROM remediation_approval WHERE plan_hash = ?');
    this.#addApproval = database.prepare(
      'INSERT INTO remediation_approval (plan_hash, run_id, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
  }

  claim(run: Run): boolean {
    const { id, trigger, target, pipeline, state, updatedAt } = run;
    const { key, breach = null } = trigger;
    const claimed = this.#claim.run(
      id,
      key,
      target,
      pipeline,
      state,
      breach,
      updatedAt,
      endOf(run),
      toJson(run),
    );
    return Number(claimed.changes) > 0;
  }

  run(id: string): Run | undefined {
    const row = this.#read.get(id);
    return row === undefined ? undefined : runFromJson(readText(row, 'body'));
  }

  find({ target, pipeline, states, breach, limit }: RunFilter): readonly Run[] {
    if (states?.length === 0) return [];
    return selectBodies(this.#database, {
      table: 'remediation_run',
      where: {
        'target = ?': target,
        'pipeline = ?': pipeline,
        'breach = ?': breach,
        'state IN (SELECT value FROM json_each(?))': states && JSON.stringify(states),
      },
      orderBy: 'updated_at DESC, id',
      limit,
    }).map(runFromJson);
  }

  /** Pipeline and state are read from the body of one of them: they are known words there. */
  count(): readonly RunCount[] {
    return this.#count.all().map((row) => {
      const { pipeline, state } = runFromJson(readText(row, 'body'));
      return { pipeline, state, count: readNumber(row, 'count') };
    });
  }

  /** Undefined when its revision is another one by now. */
  current(id: string, revision: number): Run | undefined {
    const run = this.run(id);
    return run?.revision === revision ? run : undefined;
  }

  change(before: Run, change: RunChange): Run {
    const after = changed(before, change);
    this.#put.run(after.state, after.updatedAt, endOf(after), toJson(after), after.id);
    return after;
  }

  approval(planHash: string): Approval | undefined {
    const row = this.#readApproval.get(planHash);
    return row === undefined ? undefined : approvalFromJson(readText(row, 'body'));
  }

  /** False when there is a decision on this plan. */
  approve(approval: Approval): boolean {
    const { planHash, runId } = approval;
    return Number(this.#addApproval.run(planHash, runId, toJson(approval)).changes) > 0;
  }
}

/** When it ended, as far as it did: from then on it grows old. */
function endOf({ state, updatedAt }: Run): number | null {
  return isOpen(state) ? null : updatedAt;
}
