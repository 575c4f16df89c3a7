import type { Action, ActOutcome, Candidate, Operations } from '../../src/core/remediation/operations.ts';
import type { PlanDraft } from '../../src/core/remediation/plan.ts';

/** A database with one index that nothing uses, in memory. */
export interface MemoryDatabase {
  hasIndex: boolean;
  /** Statements that changed it, in order. */
  readonly changes: string[];
  /** Operations that were closed. */
  closed: number;
}

export function createMemoryDatabase(): MemoryDatabase {
  return { hasIndex: true, changes: [], closed: 0 };
}

const drop = 'DROP INDEX CONCURRENTLY "notes_idx"';
const create = 'CREATE INDEX CONCURRENTLY "notes_idx" ON notes (created)';
const subject = 'app.public.notes_idx';

/** Operations that can drop that index and build it again. */
export function createMemoryOperations(target: string, database: MemoryDatabase): Operations {
  const change = (to: boolean, statement: string): ActOutcome => {
    if (database.hasIndex === to) return { result: 'already', detail: 'nothing was left to do' };
    database.hasIndex = to;
    database.changes.push(statement);
    return { result: 'done', detail: to ? 'it is there again' : 'it is gone' };
  };
  const candidate: Candidate = {
    action: 'drop_unused_index',
    subject,
    title: 'notes_idx is unused',
    facts: {},
  };
  const action: Action = {
    id: 'drop_unused_index',
    pipeline: 'index_management',
    summary: 'Drops an index that nothing uses.',
    undoKind: 'rebuild',
    changelog: 'schema',
    rehearsal: 'required',
    find: async () => (database.hasIndex ? [candidate] : []),
    plan: async (_, { evidence }) => {
      evidence({ kind: 'statistics', title: 'no scan in 120 days', body: { scans: 0 } });
      return draftOf(target);
    },
    rehearse: async () => ({
      on: 'dev',
      verdict: 'passed',
      text: 'dropped and built again',
      rows: { notes: { target: 10, rehearsal: 10 } },
      figures: {},
    }),
    recheck: async () => [],
    inspect: async () => ({ state: database.hasIndex ? 'pending' : 'done', detail: 'as the catalogue says' }),
    apply: async () => change(false, drop),
    undo: async () => change(true, create),
    counters: async () => ({
      at: Date.now(),
      epoch: '1',
      series: { q1: { sum: Date.now(), count: Date.now() } },
    }),
  };
  return {
    actions: [action],
    identify: async () => ({ database: 'app' }),
    check: async () => [
      {
        severity: 'advice',
        subject: 'actor',
        message: 'the login that acts may do more than its actions need',
        remedy: 'REVOKE CREATE',
        groups: [],
      },
    ],
    close: async () => {
      database.closed += 1;
    },
  };
}

function draftOf(target: string): PlanDraft {
  return {
    target,
    engine: 'fake',
    pipeline: 'index_management',
    action: 'drop_unused_index',
    identity: { database: 'app' },
    subject,
    title: 'drop notes_idx, unused for 120 days',
    acts: [
      {
        id: 'drop',
        summary: 'drop notes_idx',
        statement: drop,
        undo: [create],
        undoKind: 'rebuild',
        locks: 'none that anybody waits for',
      },
    ],
    preconditions: [{ id: 'still_unused', text: 'nothing has used it' }],
    blastRadius: { objects: ['index notes_idx'], bytes: 4_096, locks: [], estimatedMs: 10 },
    cost: 'none',
    expectation: { kind: 'gone', byAtLeast: 0, text: 'it is gone' },
    exclusive: ['app.public.notes'],
    warnings: [],
    facts: {},
  };
}
