import { z } from 'zod';
import { rememberMs } from '../../core/index-usage.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { FirstSeen } from '../../core/ports/history.ts';
import { foldFirstSeen, lastSeenResolutionMs, type SeenScope, type SeenTimes } from '../first-seen.ts';
import type { StoreClient, StoreSession } from './client.ts';
import { sendRows } from './row-sets.ts';
import { fromStored, toStored } from './stored-text.ts';
import type { PendingChanges, TakenChanges, WriteBehind } from './write-behind.ts';

interface KnownScope extends SeenScope {
  readonly name: string;
  /** As it is to be written. */
  lastAt: number;
  askedMs: number;
  /** Keys that are not yet written, and whether the scope itself is not. */
  changed: Set<string>;
  isPending: boolean;
}

/** A scope that nobody asked for in this time is read again: another agent may have taken its target over. */
const idleMs = 900_000;

/** First sight of keys in memory, per scope, loaded when a scope is asked for and not there. */
export class SeenCache implements PendingChanges {
  readonly #client: StoreClient;
  readonly #writes: WriteBehind;
  readonly #clock: Clock;
  readonly #scopes = new Map<string, Promise<KnownScope>>();
  readonly #loaded = new Map<string, KnownScope>();

  constructor(client: StoreClient, writes: WriteBehind, clock: Clock) {
    this.#client = client;
    this.#writes = writes;
    this.#clock = clock;
    writes.add(this);
  }

  async firstSeen(name: string, keys: readonly string[], at: number): Promise<FirstSeen> {
    const scope = await this.#scope(name, at);
    scope.askedMs = this.#clock.monotonicMs();
    const isAged = at - scope.lastAt >= lastSeenResolutionMs;
    if (isAged) scope.lastAt = at;
    const { seen, written, dropped } = foldFirstSeen(scope, keys, at);
    for (const key of [...dropped, ...written]) scope.changed.add(key);
    if (isAged || scope.changed.size > 0) {
      scope.isPending = true;
      this.#writes.wake();
    }
    return seen;
  }

  get size(): number {
    return this.#pending().reduce((sum, { changed }) => sum + 1 + changed.size, 0);
  }

  take(): TakenChanges | undefined {
    this.#evict();
    const pending = this.#pending();
    if (pending.length === 0) return undefined;
    const taken = pending.map((scope) => {
      const { changed } = scope;
      scope.changed = new Set();
      scope.isPending = false;
      // As they are now: what changes while they are written is written in the next round.
      const times = new Map([...changed].map((key) => [key, scope.keys.get(key)]));
      return { scope, head: { ...scope }, times };
    });
    return {
      async write(session) {
        for (const { head, times } of taken) await writeScope(session, head, times);
      },
      done: () => undefined,
      giveBack() {
        for (const { scope, times } of taken) {
          for (const key of times.keys()) scope.changed.add(key);
          scope.isPending = true;
        }
      },
    };
  }

  #evict(): void {
    const beforeMs = this.#clock.monotonicMs() - idleMs;
    for (const [name, { askedMs, isPending }] of this.#loaded) {
      if (askedMs > beforeMs || isPending) continue;
      this.#loaded.delete(name);
      this.#scopes.delete(name);
    }
  }

  #pending(): KnownScope[] {
    return [...this.#loaded.values()].filter(({ isPending }) => isPending);
  }

  async #scope(name: string, at: number): Promise<KnownScope> {
    this.#evict();
    const loading = this.#scopes.get(name) ?? this.#load(name, at);
    this.#scopes.set(name, loading);
    try {
      return await loading;
    } catch (thrown) {
      this.#scopes.delete(name);
      throw thrown;
    }
  }

  async #load(name: string, at: number): Promise<KnownScope> {
    const { head, keys } = await readScope(this.#client, name);
    const lastAt = head?.last_at ?? Number.NEGATIVE_INFINITY;
    const scope: KnownScope = {
      name,
      // Of a scope that is that old some keys may be deleted already; what is not known any more is not new.
      baseline: head !== undefined && at - lastAt < rememberMs ? head.baseline : at,
      lastAt,
      keys,
      askedMs: this.#clock.monotonicMs(),
      changed: new Set(),
      isPending: false,
    };
    this.#loaded.set(name, scope);
    return scope;
  }
}

const scopeRow = z.object({ id: z.string(), baseline: z.number(), last_at: z.number() });
const keyRow = z.object({ key: z.string(), first_at: z.number(), last_at: z.number() });

async function readScope(client: StoreClient, name: string) {
  const [head] = await client.rows(
    scopeRow,
    'SELECT id::text, baseline, last_at FROM reeve.seen_scope WHERE scope = $1',
    [toStored(name)],
  );
  if (head === undefined) return { head, keys: new Map<string, SeenTimes>() };
  const rows = await client.rows(
    keyRow,
    'SELECT key, first_at, last_at FROM reeve.seen_key WHERE scope_id = $1::bigint',
    [head.id],
  );
  const keys = rows.map(({ key, first_at: firstAt, last_at: lastAt }): [string, SeenTimes] => [
    fromStored(key),
    { firstAt, lastAt },
  ]);
  return { head, keys: new Map(keys) };
}

const idRow = z.object({ id: z.string() });

async function writeScope(
  session: StoreSession,
  { name, baseline, lastAt }: Pick<KnownScope, 'name' | 'baseline' | 'lastAt'>,
  times: ReadonlyMap<string, SeenTimes | undefined>,
): Promise<void> {
  const [head] = await session.rows(
    idRow,
    `INSERT INTO reeve.seen_scope (scope, baseline, last_at) VALUES ($1, $2, $3)
     ON CONFLICT (scope) DO UPDATE SET baseline = excluded.baseline, last_at = excluded.last_at RETURNING id::text`,
    [toStored(name), baseline, lastAt],
  );
  const id = head?.id ?? '';
  const rows = [...times].map(([key, known]) => ({
    key: toStored(key),
    first_at: known?.firstAt ?? null,
    last_at: known?.lastAt ?? null,
  }));
  await sendRows(
    session,
    `DELETE FROM reeve.seen_key WHERE scope_id = $2::bigint
       AND key IN (SELECT key FROM json_to_recordset($1::text::json) AS row (key text))`,
    rows.filter(({ first_at }) => first_at === null).map(({ key }) => ({ key })),
    [id],
  );
  await sendRows(
    session,
    `INSERT INTO reeve.seen_key (scope_id, key, first_at, last_at)
     SELECT $2::bigint, key, first_at, last_at FROM json_to_recordset($1::text::json) AS row (key text, first_at float8, last_at float8)
     ON CONFLICT (scope_id, key) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at`,
    rows.filter(({ first_at }) => first_at !== null),
    [id],
  );
}
