import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SubjectKey } from '../../core/judgement.ts';
import { type ObjectiveId, objectiveIds } from '../../core/objective.ts';
import type { SavedState } from '../../core/ports/objective-records.ts';
import { checkState } from '../objective-values.ts';
import { PendingRows } from './pending-rows.ts';
import { type Row, readNumber, readText } from './row.ts';
import type { WriteBehind } from './write-behind.ts';

/** A state that is to be written, or (without one) to be deleted. */
interface Change {
  readonly key: SubjectKey;
  readonly state: SavedState | undefined;
}

/** What evaluation saved of each subject. */
export class StateRecords {
  readonly #read: StatementSync;
  readonly #pending: PendingRows<Change>;

  constructor(database: DatabaseSync, writes: WriteBehind) {
    this.#read = database.prepare(
      'SELECT target, objective, subject, at, json FROM objective_state WHERE target = ?',
    );
    const put = database.prepare(
      `INSERT INTO objective_state (target, objective, subject, at, json) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (target, objective, subject) DO UPDATE SET at = excluded.at, json = excluded.json`,
    );
    const drop = database.prepare(
      'DELETE FROM objective_state WHERE target = ? AND objective = ? AND subject = ?',
    );
    this.#pending = new PendingRows(writes, {
      put({ key: { target, objective, subject }, state }) {
        if (state === undefined) drop.run(target, objective, subject);
        else put.run(target, objective, subject, state.at, state.json);
      },
    });
  }

  of(target: string): readonly SavedState[] {
    const states = new Map<string, SavedState>();
    for (const row of this.#read.iterate(target)) {
      const state = readState(row);
      // An objective that is no more has nothing to continue.
      if (state !== undefined) states.set(nameOf(state), state);
    }
    for (const { key, state } of this.#pending.rows()) {
      if (key.target !== target) continue;
      if (state === undefined) states.delete(nameOf(key));
      else states.set(nameOf(state), state);
    }
    return [...states.values()];
  }

  save(state: SavedState): void {
    checkState(state);
    this.#pending.add(nameOf(state), { key: state, state });
  }

  drop(key: SubjectKey): void {
    this.#pending.add(nameOf(key), { key, state: undefined });
  }
}

function nameOf({ target, objective, subject }: SubjectKey): string {
  return JSON.stringify([target, objective, subject]);
}

function readState(row: Row): SavedState | undefined {
  const objective = readText(row, 'objective');
  if (!isObjectiveId(objective)) return undefined;
  return {
    target: readText(row, 'target'),
    objective,
    subject: readText(row, 'subject'),
    at: readNumber(row, 'at'),
    json: readText(row, 'json'),
  };
}

function isObjectiveId(text: string): text is ObjectiveId {
  return objectiveIds.some((id) => id === text);
}
