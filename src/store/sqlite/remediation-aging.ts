import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../../core/ports/clock.ts';
import { endedRunsKeptMs, mostEndedRuns } from '../remediation-limits.ts';
import type { Sweep } from './housekeeping.ts';
import { readOptionalNumber, readText } from './row.ts';

/** Rows deleted at once. */
const stepRows = 250;

/**
 * Deletes runs that ended long ago, and what belongs to them; a few rows at a time, the run itself last. Old is measured against the
 * latest change and never against a time that is still to come, as in `Aging`. What is open stays, and so does the audit.
 */
export class RemediationAging implements Sweep {
  readonly #clock: Clock;
  readonly #newest: StatementSync;
  readonly #old: StatementSync;
  readonly #excess: StatementSync;
  readonly #dropEvidence: StatementSync;
  readonly #dropRest: readonly StatementSync[];

  constructor(database: DatabaseSync, clock: Clock, most: number = mostEndedRuns) {
    this.#clock = clock;
    this.#newest = database.prepare('SELECT max(updated_at) AS at FROM remediation_run');
    this.#old = database.prepare(
      'SELECT id FROM remediation_run WHERE ended_at <= ? ORDER BY ended_at LIMIT 1',
    );
    this.#excess = database.prepare(
      `SELECT id FROM remediation_run WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1 OFFSET ${most}`,
    );
    this.#dropEvidence = database.prepare(
      `DELETE FROM remediation_evidence
       WHERE rowid IN (SELECT rowid FROM remediation_evidence WHERE run_id = ? LIMIT ${stepRows})`,
    );
    this.#dropRest = [
      'DELETE FROM remediation_act WHERE run_id = ?',
      'DELETE FROM remediation_approval WHERE run_id = ?',
      'DELETE FROM remediation_plan WHERE run_id = ?',
      'DELETE FROM remediation_run WHERE id = ?',
    ].map((sql) => database.prepare(sql));
  }

  step(): boolean {
    const newest = Math.min(readOptionalNumber(this.#newest.get(), 'at') ?? 0, this.#clock.now());
    const row = this.#old.get(newest - endedRunsKeptMs) ?? this.#excess.get();
    if (row === undefined) return false;
    const id = readText(row, 'id');
    if (Number(this.#dropEvidence.run(id).changes) === stepRows) return true;
    for (const drop of this.#dropRest) drop.run(id);
    return true;
  }
}
