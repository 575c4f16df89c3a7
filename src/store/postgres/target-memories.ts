import { z } from 'zod';
import type { Memory } from '../../core/ports/memory.ts';
import { checkValue } from '../memory-value.ts';
import type { StoreClient, StoreSession } from './client.ts';
import { PendingRows } from './pending-rows.ts';
import { sendRows } from './row-sets.ts';
import type { LoadScope, SharedRows } from './shared-rows.ts';
import { fromStored, toStored } from './stored-text.ts';
import type { WriteBehind } from './write-behind.ts';

interface Remembered {
  readonly target: string;
  readonly key: string;
  readonly value: string;
}

const rememberedRow = z.object({ target: z.string(), key: z.string(), value: z.string() });

/** Small values by target and key, all in memory, because they are read without waiting. */
export class TargetMemories implements SharedRows {
  readonly #client: StoreClient;
  readonly #pending: PendingRows<Remembered>;
  readonly #targets = new Map<string, Map<string, string>>();

  constructor(client: StoreClient, writes: WriteBehind, agent: string) {
    this.#client = client;
    this.#pending = new PendingRows(writes, { put: (session, rows) => put(session, rows, agent) });
  }

  of(target: string): Memory {
    return {
      read: (key) => this.#targets.get(target)?.get(key),
      // A server cannot be written to before this returns: `now` means on its way.
      write: (key, value, when) => {
        checkValue(key, value);
        const values = this.#valuesOf(target);
        if (values.get(key) === value) return;
        values.set(key, value);
        const row = { target, key, value };
        if (when === 'now') this.#pending.addNow(nameOf(target, key), row);
        else this.#pending.add(nameOf(target, key), row);
      },
    };
  }

  async load({ where, values }: LoadScope): Promise<void> {
    const sql = `SELECT target, key, value FROM reeve.target_memory WHERE ${where}`;
    for (const row of await this.#client.rows(rememberedRow, sql, values)) {
      const [target, key, value] = [row.target, row.key, row.value].map(fromStored);
      if (target === undefined || key === undefined || value === undefined) continue;
      if (!this.#pending.has(nameOf(target, key))) this.#valuesOf(target).set(key, value);
    }
  }

  #valuesOf(target: string): Map<string, string> {
    const values = this.#targets.get(target) ?? new Map<string, string>();
    this.#targets.set(target, values);
    return values;
  }
}

function nameOf(target: string, key: string): string {
  return JSON.stringify([target, key]);
}

function put(session: StoreSession, rows: readonly Remembered[], agent: string): Promise<void> {
  return sendRows(
    session,
    `INSERT INTO reeve.target_memory (target, key, value, agent)
     SELECT target, key, value, $2 FROM json_to_recordset($1::text::json) AS row (target text, key text, value text)
     ON CONFLICT (target, key) DO UPDATE SET value = excluded.value, agent = excluded.agent, written_at = now()`,
    rows.map(({ target, key, value }) => ({
      target: toStored(target),
      key: toStored(key),
      value: toStored(value),
    })),
    [agent],
  );
}
