import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DisabledAction, Pause } from '../../core/ports/remediation-records.ts';
import { readNumber, readText } from './row.ts';

/** What is switched off. What writes is to be called in a transaction. */
export class RemediationSwitches {
  readonly #disabled: StatementSync;
  readonly #disable: StatementSync;
  readonly #enable: StatementSync;
  readonly #pause: StatementSync;
  readonly #putPause: StatementSync;
  readonly #dropPause: StatementSync;

  constructor(database: DatabaseSync) {
    this.#disabled = database.prepare(
      'SELECT target, action, run_id, at, reason FROM remediation_disabled ORDER BY target, action',
    );
    this.#disable = database.prepare(
      `INSERT INTO remediation_disabled (target, action, run_id, at, reason) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (target, action) DO UPDATE SET run_id = excluded.run_id, at = excluded.at, reason = excluded.reason`,
    );
    this.#enable = database.prepare('DELETE FROM remediation_disabled WHERE target = ? AND action = ?');
    this.#pause = database.prepare('SELECT paused_by, at, reason FROM remediation_pause');
    this.#putPause = database.prepare(
      `INSERT INTO remediation_pause (id, paused_by, at, reason) VALUES (1, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET paused_by = excluded.paused_by, at = excluded.at, reason = excluded.reason`,
    );
    this.#dropPause = database.prepare('DELETE FROM remediation_pause');
  }

  disabled(): readonly DisabledAction[] {
    return this.#disabled.all().map((row) => ({
      target: readText(row, 'target'),
      action: readText(row, 'action'),
      runId: readText(row, 'run_id'),
      at: readNumber(row, 'at'),
      reason: readText(row, 'reason'),
    }));
  }

  disable({ target, action, runId, at, reason }: DisabledAction): void {
    this.#disable.run(target, action, runId, at, reason);
  }

  /** False when it was not disabled. */
  enable(target: string, action: string): boolean {
    return Number(this.#enable.run(target, action).changes) > 0;
  }

  paused(): Pause | undefined {
    const row = this.#pause.get();
    return row === undefined
      ? undefined
      : { by: readText(row, 'paused_by'), at: readNumber(row, 'at'), reason: readText(row, 'reason') };
  }

  setPaused(pause: Pause | undefined): void {
    if (pause === undefined) this.#dropPause.run();
    else this.#putPause.run(pause.by, pause.at, pause.reason);
  }
}
