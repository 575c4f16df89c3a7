import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ActFilter, RemediationRecords } from '../../core/ports/remediation-records.ts';
import { type ActRecord, type ActResult, actResults } from '../../core/remediation/run.ts';
import { StoreError } from '../store-error.ts';
import { type Row, readNumber, readOptionalNumber, readOptionalText, readText } from './row.ts';
import { selectRows } from './selection.ts';

type Intent = Parameters<RemediationRecords['intend']>[0];

/** The journal of acts. What writes is to be called in a transaction. */
export class RemediationActs {
  readonly #database: DatabaseSync;
  readonly #add: StatementSync;
  readonly #conclude: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#add = database.prepare(
      `INSERT INTO remediation_act (run_id, target, act, direction, statement, fence, intent_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#conclude = database.prepare(
      'UPDATE remediation_act SET outcome = ?, outcome_at = ?, detail = ? WHERE id = ? AND outcome IS NULL',
    );
  }

  add({ runId, target, act, direction, statement, fence, intentAt }: Intent): number {
    const added = this.#add.run(runId, target, act, direction, statement, fence, intentAt);
    return Number(added.lastInsertRowid);
  }

  /** False when it has an outcome, or is not there. */
  conclude(id: number, outcome: ActResult, at: number, detail: string): boolean {
    return Number(this.#conclude.run(outcome, at, detail, id).changes) > 0;
  }

  find({ runId, target, since, unfinished }: ActFilter): readonly ActRecord[] {
    return selectRows(this.#database, {
      table: 'remediation_act',
      where: {
        'run_id = ?': runId,
        'target = ?': target,
        'intent_at >= ?': since,
        'outcome IS NULL AND ?': unfinished === true ? 1 : undefined,
      },
      orderBy: 'id',
      limit: undefined,
    }).map(readAct);
  }
}

function readAct(row: Row): ActRecord {
  return {
    id: readNumber(row, 'id'),
    runId: readText(row, 'run_id'),
    target: readText(row, 'target'),
    act: readText(row, 'act'),
    direction: readWord(row, 'direction', ['apply', 'undo'] as const),
    statement: readText(row, 'statement'),
    fence: readNumber(row, 'fence'),
    intentAt: readNumber(row, 'intent_at'),
    outcome:
      readOptionalText(row, 'outcome') === undefined ? undefined : readWord(row, 'outcome', actResults),
    outcomeAt: readOptionalNumber(row, 'outcome_at'),
    detail: readText(row, 'detail'),
  };
}

function readWord<W extends string>(row: Row, column: string, words: readonly W[]): W {
  const text = readText(row, column);
  const word = words.find((one) => one === text);
  if (word === undefined)
    throw new StoreError('damaged', `the store holds an unknown word in column ${column}`);
  return word;
}
