import type { RunFilter } from '../../src/core/ports/remediation-records.ts';
import { emptyAudit } from '../../src/core/remediation/audit-chain.ts';
import type { ControlAnswer, RemediationControl, RunReport } from '../../src/core/remediation/control.ts';
import type { Plan } from '../../src/core/remediation/plan.ts';
import type { Run } from '../../src/core/remediation/run.ts';
import type { RefusedRequest, ServedRemediation } from '../../src/http/control-api.ts';

/** Remediation that does what it is told to answer, and remembers what it was asked. */
export interface FakeRemediation extends ServedRemediation {
  readonly asked: (readonly unknown[])[];
  readonly filters: RunFilter[];
  readonly refusals: RefusedRequest[];
}

export const fakeHash = '0123456789abcdef'.repeat(4);
export const fakeRunId = 'r-0123456789ab';

export function fakeRun(overrides: Partial<Run> = {}): Run {
  return {
    id: fakeRunId,
    pipeline: 'index_management',
    target: 'orders',
    engine: 'postgres',
    trigger: {
      kind: 'breach',
      key: 'breach:0123456789abcdef',
      text: 'unused_index_bytes of app',
      breach: '0123456789abcdef',
    },
    requestedBy: 'reeve',
    state: 'waiting',
    reason: 'the plan waits for a decision',
    step: 'rehearse',
    action: 'drop_unused_index',
    subject: 'app.public.order_notes_created_idx',
    planHash: fakeHash,
    createdAt: Date.UTC(2026, 0, 1),
    updatedAt: Date.UTC(2026, 0, 1, 0, 5),
    since: Date.UTC(2026, 0, 1, 0, 5),
    revision: 4,
    retries: 0,
    ...overrides,
  };
}

function fakePlan(overrides: Partial<Plan> = {}): Plan {
  return {
    target: 'orders',
    engine: 'postgres',
    pipeline: 'index_management',
    action: 'drop_unused_index',
    identity: { system_identifier: '7', database: 'app' },
    subject: 'app.public.order_notes_created_idx',
    title: 'Drop the unused index order_notes_created_idx',
    acts: [
      {
        id: 'drop',
        summary: 'drop the index without blocking writes',
        statement: 'DROP INDEX CONCURRENTLY "public"."order_notes_created_idx"',
        undo: ['CREATE INDEX CONCURRENTLY order_notes_created_idx ON public.order_notes (created)'],
        undoKind: 'rebuild',
        locks: 'ShareUpdateExclusiveLock on public.order_notes, waits 2 s',
      },
    ],
    preconditions: [{ id: 'still_unused', text: 'no member has used it since' }],
    blastRadius: {
      objects: ['index public.order_notes_created_idx'],
      bytes: 1_610_612_736,
      locks: ['ShareUpdateExclusiveLock on public.order_notes'],
      estimatedMs: 3_000,
    },
    cost: 'building it again reads 9 GiB',
    expectation: { kind: 'gone', byAtLeast: 0, text: 'the index is gone and nothing got slower' },
    exclusive: ['app.public.order_notes'],
    warnings: ['the proof window is 3 days, 100 are advised'],
    facts: {},
    runId: fakeRunId,
    caps: { largestObjectBytes: null, lockTimeoutMs: 2_000, soakMs: 604_800_000, changesPerDay: 5 },
    rehearsal: {
      on: 'orders-dev',
      verdict: 'passed',
      text: 'dropped and built again',
      rows: { 'public.order_notes': { target: 1_000_000, rehearsal: 990_000 } },
      figures: { rebuildSeconds: 41 },
    },
    evidence: ['e-0123456789abcdef'],
    createdAt: Date.UTC(2026, 0, 1),
    expiresAt: Date.UTC(2026, 0, 2),
    hash: fakeHash,
    ...overrides,
  };
}

export function fakeReport(overrides: Partial<RunReport> = {}): RunReport {
  return {
    run: fakeRun(),
    plan: fakePlan(),
    approval: undefined,
    evidence: [
      {
        id: 'e-0123456789abcdef',
        runId: fakeRunId,
        at: Date.UTC(2026, 0, 1),
        kind: 'statistics',
        title: 'no scan in 101 days on 2 members',
        body: { scans: 0 },
      },
    ],
    acts: [],
    ...overrides,
  };
}

export interface FakeRemediationContent extends Partial<RemediationControl> {
  readonly reports?: readonly RunReport[];
  readonly answer?: ControlAnswer;
}

export function createFakeRemediation(content: FakeRemediationContent = {}): FakeRemediation {
  const { reports = [fakeReport()], answer = { ok: true, text: 'done' }, ...functions } = content;
  const asked: (readonly unknown[])[] = [];
  const filters: RunFilter[] = [];
  const refusals: RefusedRequest[] = [];
  const take = async (...words: readonly unknown[]): Promise<ControlAnswer> => {
    asked.push(words);
    return answer;
  };
  return {
    asked,
    filters,
    refusals,
    noteRefusal: async (refusal) => {
      refusals.push(refusal);
    },
    control: {
      runs: async (filter) => {
        filters.push(filter);
        return reports.map(({ run }) => run);
      },
      show: async (id) => reports.find(({ run }) => run.id === id),
      approve: (id, decision) => take('approve', id, decision),
      reject: (id, decision) => take('reject', id, decision),
      cancel: (id, by, undo) => take('cancel', id, by, undo),
      retry: (id, by) => take('retry', id, by),
      start: (request) => take('start', request),
      pause: (by, reason, abort) => take('pause', by, reason, abort),
      resume: (by) => take('resume', by),
      enable: (target, action, by) => take('enable', target, action, by),
      acknowledge: (id, by, comment) => take('acknowledge', id, by, comment),
      drills: async () => [],
      status: async () => ({
        paused: undefined,
        pauseFile: undefined,
        disabled: [],
        refusing: undefined,
        auditHead: emptyAudit,
      }),
      audit: async () => [],
      verifyAudit: async () => ({ lines: 0, head: emptyAudit, fault: undefined }),
      ...functions,
    },
  };
}
