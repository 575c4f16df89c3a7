import { z } from 'zod';
import type { SubjectKey } from '../../core/judgement.ts';
import { objectiveIds } from '../../core/objective.ts';
import type { SavedState } from '../../core/ports/objective-records.ts';
import { checkState } from '../objective-values.ts';
import type { StoreClient, StoreSession } from './client.ts';
import { PendingRows } from './pending-rows.ts';
import { sendRows } from './row-sets.ts';
import type { LoadScope, SharedRows } from './shared-rows.ts';
import { fromStored, toStored } from './stored-text.ts';
import type { WriteBehind } from './write-behind.ts';

/** A state that is to be written, or (without one) to be deleted. */
interface Change {
  readonly key: SubjectKey;
  readonly state: SavedState | undefined;
}

const stateRow = z.object({
  target: z.string().transform(fromStored),
  objective: z.string(),
  subject: z.string().transform(fromStored),
  at: z.number(),
  json: z.string().transform(fromStored),
});

const objectiveId = z.enum(objectiveIds);

/** What evaluation saved of each subject, in memory. */
export class StateRecords implements SharedRows {
  readonly #client: StoreClient;
  readonly #pending: PendingRows<Change>;
  readonly #targets = new Map<string, Map<string, SavedState>>();

  constructor(client: StoreClient, writes: WriteBehind, agent: string) {
    this.#client = client;
    this.#pending = new PendingRows(writes, { put: (session, rows) => put(session, rows, agent) });
  }

  of(target: string): readonly SavedState[] {
    return [...(this.#targets.get(target)?.values() ?? [])];
  }

  save(state: SavedState): void {
    checkState(state);
    this.#set(state);
    this.#pending.add(nameOf(state), { key: state, state });
  }

  drop(key: SubjectKey): void {
    this.#targets.get(key.target)?.delete(nameOf(key));
    this.#pending.add(nameOf(key), { key, state: undefined });
  }

  async load({ where, values }: LoadScope): Promise<void> {
    const sql = `SELECT target, objective, subject, at, json FROM reeve.objective_state WHERE ${where}`;
    for (const row of await this.#client.rows(stateRow, sql, values)) {
      const objective = objectiveId.safeParse(row.objective);
      // An objective that is no more has nothing to continue.
      if (!objective.success) continue;
      const state = { ...row, objective: objective.data };
      if (!this.#pending.has(nameOf(state))) this.#set(state);
    }
  }

  #set(state: SavedState): void {
    const states = this.#targets.get(state.target) ?? new Map<string, SavedState>();
    this.#targets.set(state.target, states.set(nameOf(state), state));
  }
}

function nameOf({ target, objective, subject }: SubjectKey): string {
  return JSON.stringify([target, objective, subject]);
}

async function put(session: StoreSession, changes: readonly Change[], agent: string): Promise<void> {
  const rows = changes.map(({ key, state }) => ({
    target: toStored(key.target),
    objective: key.objective,
    subject: toStored(key.subject),
    at: state?.at ?? null,
    json: state === undefined ? null : toStored(state.json),
  }));
  await sendRows(
    session,
    `DELETE FROM reeve.objective_state AS state
     USING json_to_recordset($1::text::json) AS row (target text, objective text, subject text)
     WHERE state.target = row.target AND state.objective = row.objective AND state.subject = row.subject`,
    rows
      .filter(({ at }) => at === null)
      .map(({ target, objective, subject }) => ({ target, objective, subject })),
  );
  await sendRows(
    session,
    `INSERT INTO reeve.objective_state (target, objective, subject, at, json, agent)
     SELECT target, objective, subject, at, json, $2
     FROM json_to_recordset($1::text::json) AS row (target text, objective text, subject text, at float8, json text)
     ON CONFLICT (target, objective, subject) DO UPDATE SET at = excluded.at, json = excluded.json, agent = excluded.agent,
       written_at = now()`,
    rows.filter(({ at }) => at !== null),
    [agent],
  );
}
