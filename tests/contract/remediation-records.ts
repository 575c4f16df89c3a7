import type { AuditDraft } from '../../src/core/remediation/audit.ts';
import type { Evidence } from '../../src/core/remediation/evidence.ts';
import type { Plan } from '../../src/core/remediation/plan.ts';
import type { ActRecord, Approval, Run } from '../../src/core/remediation/run.ts';
import { newYear } from './objective-records.ts';

/** A run as it is claimed; its trigger's key is made of its id unless the test says otherwise. */
export function run(part: Partial<Run> = {}): Run {
  const id = part.id ?? 'r-000000000001';
  return {
    id,
    pipeline: 'index_management',
    target: 'orders',
    engine: 'postgres',
    trigger: { kind: 'schedule', key: `schedule:${id}`, text: 'index review of 2026-01-01' },
    requestedBy: 'reeve',
    state: 'preparing',
    reason: 'it begins',
    step: 'observe',
    action: undefined,
    subject: undefined,
    planHash: undefined,
    createdAt: newYear,
    updatedAt: newYear,
    since: newYear,
    revision: 1,
    retries: 0,
    ...part,
  };
}

/** One with everything set, and names that are hostile. */
export function plan(part: Partial<Plan> = {}): Plan {
  const subject = `orders.public."o'\\\n${'ж'.repeat(31)}"`;
  return {
    target: 'orders',
    engine: 'postgres',
    pipeline: 'index_management',
    action: 'drop_unused_index',
    identity: { systemIdentifier: '7300000000000000001', timeline: '1', database: 'shop', role: 'primary' },
    subject,
    title: `drop ${subject}: unused for 120 days`,
    acts: [
      {
        id: 'drop',
        summary: 'drops the index',
        statement: 'DROP INDEX CONCURRENTLY "public"."order_notes_created_idx"',
        undo: [
          'CREATE INDEX CONCURRENTLY order_notes_created_idx ON public.order_notes USING btree (created)',
        ],
        undoKind: 'rebuild',
        locks: 'SHARE UPDATE EXCLUSIVE on public.order_notes',
      },
    ],
    preconditions: [{ id: 'still_unused', text: 'no member used it' }],
    blastRadius: {
      objects: [subject],
      bytes: 12_345_678.5,
      locks: ['SHARE UPDATE EXCLUSIVE'],
      estimatedMs: null,
    },
    cost: 'saves 12 MB and a write for each row',
    expectation: { kind: 'gone', byAtLeast: 0, text: 'the index is gone' },
    exclusive: ['public.order_notes'],
    warnings: [],
    facts: { oid: 16_400, [`__proto__`]: 'a table may be called so', list: [1, null, { deep: true }] },
    runId: 'r-000000000001',
    caps: { largestObjectBytes: null, lockTimeoutMs: 2_000, soakMs: 604_800_000, changesPerDay: 3 },
    rehearsal: {
      on: 'orders-dev',
      verdict: 'passed',
      text: 'dropped and built again',
      rows: { 'public.order_notes': { target: 1_000, rehearsal: 900 } },
      figures: { buildMs: 12.5 },
    },
    evidence: ['e-0000000000000001'],
    createdAt: newYear,
    expiresAt: newYear + 86_400_000,
    hash: 'a'.repeat(64),
    ...part,
  };
}

export function approval(part: Partial<Approval> = {}): Approval {
  return {
    runId: 'r-000000000001',
    planHash: 'a'.repeat(64),
    decision: 'approved',
    by: 'ana',
    at: newYear + 1_000,
    comment: 'seen',
    ...part,
  };
}

export function evidence(part: Partial<Evidence> = {}): Evidence {
  return {
    id: 'e-0000000000000001',
    runId: 'r-000000000001',
    at: newYear,
    kind: 'statistics',
    title: 'scans of the index',
    body: { scans: 0, [`__proto__`]: 1.5, members: ['primary', 'standby'] },
    ...part,
  };
}

export type Intent = Pick<
  ActRecord,
  'runId' | 'target' | 'act' | 'direction' | 'statement' | 'fence' | 'intentAt'
>;

export function intent(part: Partial<Intent> = {}): Intent {
  return {
    runId: 'r-000000000001',
    target: 'orders',
    act: 'drop',
    direction: 'apply',
    statement: 'DROP INDEX CONCURRENTLY "public"."order_notes_created_idx"',
    fence: 1,
    intentAt: newYear + 2_000,
    ...part,
  };
}

export function draft(part: Partial<AuditDraft> = {}): AuditDraft {
  return {
    at: newYear,
    actor: 'reeve',
    event: 'run_started',
    runId: 'r-000000000001',
    target: 'orders',
    planHash: null,
    statements: [],
    outcome: 'started',
    detail: {},
    ...part,
  };
}
