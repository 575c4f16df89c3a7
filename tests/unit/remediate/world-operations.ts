import type {
  Action,
  ActOutcome,
  Candidate,
  Inspection,
  Operations,
  Refusal,
} from '../../../src/core/remediation/operations.ts';
import type { PlanDraft, Rehearsal, TargetIdentity } from '../../../src/core/remediation/plan.ts';
import type { FakeClock } from '../../support/fake-clock.ts';
import { backupOperationsOf, type FakeBackups } from './world-backups.ts';

/** What an index of the world is, in the database's own catalogue. */
export type IndexState = 'there' | 'gone' | 'invalid' | 'other';

/** The only database of the world, and what tests turn about it. */
export interface FakeDatabase {
  readonly clock: FakeClock;
  readonly backups: FakeBackups;
  /** Actions of other pipelines. */
  readonly actions: Action[];
  advice: Operations['advise'] | undefined;
  /** By name; what `find` offers is what is there. */
  readonly indexes: Map<string, IndexState>;
  /** Every statement that changed the database, in order. */
  readonly changes: string[];
  identity: TargetIdentity;
  /** Seconds a call of the statement that the change touches takes. */
  meanSeconds: number;
  recheck: readonly Refusal[];
  judged: readonly Refusal[];
  planRefusal: Refusal | undefined;
  rehearsal: Rehearsal;
  findFails: string | undefined;
  /** What the next acts come to, oldest first; then they succeed. */
  readonly nextActs: (ActOutcome['result'] | 'throws' | 'throws after' | 'hangs')[];
  readonly nextUndos: (ActOutcome['result'] | 'throws')[];
  draftChange: Partial<PlanDraft>;
  actionChange: Partial<Action>;
  /** Whether `drop_hidden_index` follows `drop_unused_index`. */
  hasFollowUp: boolean;
}

const day = 86_400_000;

/** Ten calls a second of one statement. */
export function createCounters(world: FakeDatabase): () => { readonly sum: number; readonly count: number } {
  let last = world.clock.now();
  let sum = 1;
  let count = 100;
  return () => {
    const calls = ((world.clock.now() - last) / 1000) * 10;
    last = world.clock.now();
    count += calls;
    sum += calls * world.meanSeconds;
    return { sum, count };
  };
}

function draftOf(world: FakeDatabase, subject: string, action: string): PlanDraft {
  return {
    target: 'orders',
    engine: 'postgres',
    pipeline: 'index_management',
    action,
    identity: world.identity,
    subject,
    title: `drop ${subject}, unused for 120 days`,
    acts: [
      {
        id: 'drop',
        summary: `drop ${subject}`,
        statement: `DROP INDEX CONCURRENTLY ${subject}`,
        undo: [`CREATE INDEX CONCURRENTLY ${subject} ON orders (note)`],
        undoKind: action === 'hide_index' ? 'immediate' : 'rebuild',
        locks: 'SHARE UPDATE EXCLUSIVE',
      },
    ],
    preconditions: [{ id: 'still_unused', text: 'no member used it since' }],
    blastRadius: { objects: [subject], bytes: 1_000, locks: [], estimatedMs: 100 },
    cost: 'nothing',
    expectation: { kind: 'gone', byAtLeast: 0, text: 'the index is gone' },
    exclusive: ['table:orders'],
    warnings: [],
    facts: {},
    ...world.draftChange,
  };
}

const inspections: Readonly<Record<IndexState, Inspection['state']>> = {
  there: 'pending',
  gone: 'done',
  invalid: 'half_applied',
  other: 'other',
};

/** What the world's only database can do. */
export function operationsOf(
  world: FakeDatabase,
  id: string,
  counters: ReturnType<typeof createCounters>,
): Operations | undefined {
  const actionOf = (name: string, change: Partial<Action> = {}): Action => ({
    id: name,
    pipeline: 'index_management',
    summary: name,
    undoKind: 'rebuild',
    changelog: 'schema',
    rehearsal: 'required',
    async find({ only, limit }, { evidence }) {
      if (world.findFails !== undefined) throw new Error(world.findFails);
      evidence({ kind: 'catalogue', title: 'unused indexes', body: { indexes: [...world.indexes.keys()] } });
      return [...world.indexes]
        .filter(([index, state]) => state === 'there' && (only === undefined || only === index))
        .slice(0, limit)
        .map(([subject]): Candidate => ({ action: name, subject, title: `drop ${subject}`, facts: {} }));
    },
    plan: async ({ subject }) => world.planRefusal ?? draftOf(world, subject, name),
    rehearse: async () => world.rehearsal,
    recheck: async () => world.recheck,
    inspect: async ({ subject }) => {
      const state = world.indexes.get(subject) ?? 'gone';
      return { state: inspections[state], detail: `${subject} is ${state}` };
    },
    async apply({ subject }, _act, { assertHeld, signal }) {
      await assertHeld();
      const next = world.nextActs.shift() ?? 'done';
      if (next === 'throws') throw new Error('connection lost before');
      if (next === 'hangs') {
        world.indexes.set(subject, 'invalid');
        await world.clock.sleep(365 * day, signal);
      }
      if (next === 'half_applied') world.indexes.set(subject, 'invalid');
      if (next === 'done' || next === 'throws after') {
        world.indexes.set(subject, 'gone');
        world.changes.push(`drop ${subject}`);
      }
      if (next === 'throws after') throw new Error('connection lost after');
      return { result: next === 'hangs' ? 'half_applied' : next, detail: `act: ${next}` };
    },
    async undo({ subject }, _act, { assertHeld }) {
      await assertHeld();
      const next = world.nextUndos.shift() ?? 'done';
      if (next === 'throws') throw new Error('connection lost in undo');
      if (next === 'done') {
        world.indexes.set(subject, 'there');
        world.changes.push(`rebuild ${subject}`);
      }
      return { result: next, detail: `undo: ${next}` };
    },
    counters: async () => ({ at: world.clock.now(), epoch: 'e', series: { '17': counters() } }),
    ...change,
    ...world.actionChange,
  });
  if (id !== 'orders' && id !== 'orders-dev') return undefined;
  // What was left half done is found by the custodian's action only.
  const leftovers: Action['find'] = async ({ only }, { evidence }) => {
    evidence({ kind: 'catalogue', title: 'invalid indexes', body: {} });
    return [...world.indexes]
      .filter(([index, state]) => state === 'invalid' && (only === undefined || only === index))
      .map(([subject]) => ({ action: 'finish_drop', subject, title: `finish ${subject}`, facts: {} }));
  };
  return {
    actions: [
      { ...actionOf('drop_unused_index'), ...(world.hasFollowUp ? { followUp: 'drop_hidden_index' } : {}) },
      ...(world.hasFollowUp ? [actionOf('drop_hidden_index')] : []),
      { ...actionOf('finish_drop'), find: leftovers },
      ...world.actions,
    ],
    identify: async () => world.identity,
    check: async () => [],
    judge: async () => world.judged,
    ...(world.advice === undefined ? {} : { advise: world.advice }),
    ...(id === 'orders' ? { backups: backupOperationsOf(world.backups, world.clock) } : {}),
    close: async () => undefined,
  };
}
