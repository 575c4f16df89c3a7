import type { Evidence, EvidenceKind } from '../../../src/core/remediation/evidence.ts';
import type { Plan } from '../../../src/core/remediation/plan.ts';
import type { Run } from '../../../src/core/remediation/run.ts';
import type { RemediationPolicy } from '../../../src/core/remediation/settings.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { BackupStanding, ChainStanding } from '../../../src/remediate/backup-standing.ts';
import type { Situation } from '../../../src/remediate/guards.ts';
import { planHash } from '../../../src/remediate/plan-hash.ts';

const day = 86_400_000;
/** 2026-11-25, a Wednesday, 12:00 UTC. */
export const now = Date.UTC(2026, 10, 25, 12);

export const policy: RemediationPolicy = {
  secondPerson: false,
  changesPerDay: 5,
  concurrentRuns: 1,
  largestObjectBytes: undefined,
  baselineMs: 300_000,
  soakMs: 7 * day,
  migrationSoakMs: 600_000,
  drills: '0 3 * * 0',
  scratch: '/var/lib/reeve/scratch',
  planExpiryMs: day,
  lockTimeoutMs: 2_000,
  minimumImprovement: 0.2,
  indexReview: '0 6 1 1,4,7,10 *',
  changelog: { schema: '/tmp/CHANGELOG.md', optimisations: '/tmp/OPENCODE.md' },
};

/** A plan with the hash of what it says. */
export function planWith(change: Partial<Omit<Plan, 'hash'>> = {}): Plan {
  const plan: Omit<Plan, 'hash'> = {
    runId: 'r-000000000001',
    target: 'orders',
    engine: 'postgres',
    pipeline: 'index_management',
    action: 'drop_unused_index',
    identity: { system: '7301', database: 'orders', role: 'primary' },
    subject: 'orders.public.notes_idx',
    title: 'drop notes_idx, unused for 120 days',
    acts: [
      {
        id: 'drop',
        summary: 'drop the index',
        statement: 'DROP INDEX CONCURRENTLY public.notes_idx',
        undo: ['CREATE INDEX CONCURRENTLY notes_idx ON public.orders USING btree (note)'],
        undoKind: 'rebuild',
        locks: 'SHARE UPDATE EXCLUSIVE on public.orders',
      },
    ],
    preconditions: [{ id: 'still_unused', text: 'no member has used it since' }],
    blastRadius: { objects: ['public.notes_idx'], bytes: 1_000, locks: [], estimatedMs: 100 },
    cost: 'nothing',
    expectation: { kind: 'gone', byAtLeast: 0, text: 'the index is gone' },
    exclusive: ['table:orders.public.orders'],
    warnings: [],
    facts: { oid: 16_400 },
    caps: { largestObjectBytes: null, lockTimeoutMs: 2_000, soakMs: 7 * day, changesPerDay: 5 },
    rehearsal: { on: 'orders-dev', verdict: 'passed', text: 'dropped and rebuilt', rows: {}, figures: {} },
    evidence: ['e-1', 'e-2'],
    createdAt: now - 3_600_000,
    expiresAt: now + day,
    ...change,
  };
  return { ...plan, hash: planHash(plan) };
}

export function evidenceOf(id: string, kind: EvidenceKind): Evidence {
  return { id, kind, runId: 'r-000000000001', title: kind, body: {}, at: now };
}

/** One chain that a migration may rest on, with what the test says changed. */
export function standing(change: Partial<ChainStanding> = {}): BackupStanding {
  const chain = { chain: 'nightly', recoverableUntil: now - 3_600_000, provenAt: now - 6 * day, ...change };
  return { unknown: undefined, drills: true, takes: true, chains: [chain] };
}

/** A situation in which no guard objects, with what the plan says changed. */
export function situationWith(
  change: Partial<Situation> = {},
  planChange: Partial<Omit<Plan, 'hash'>> = {},
): Situation {
  const plan = planWith(planChange);
  const run: Run = {
    id: 'r-000000000001',
    pipeline: plan.pipeline,
    target: 'orders',
    engine: 'postgres',
    trigger: { kind: 'person', key: 'person:1', text: 'ann asked' },
    requestedBy: 'ann',
    state: 'waiting',
    reason: '',
    step: 'plan',
    action: plan.action,
    subject: plan.subject,
    planHash: plan.hash,
    createdAt: now,
    updatedAt: now,
    since: now,
    revision: 1,
    retries: 0,
  };
  return {
    moment: 'execute',
    now,
    run,
    plan,
    pipeline: undefined,
    action: { undoKind: 'rebuild', rehearsal: 'required' },
    mode: 'approve',
    approval: { runId: run.id, planHash: plan.hash, decision: 'approved', by: 'bob', at: now, comment: '' },
    target: { id: 'orders', engine: 'postgres', labels: { environment: 'production' } },
    remediation: {
      mode: 'approve',
      pipelines: {},
      actions: {},
      rehearsal: 'orders-dev',
      credentials: new Secret('postgres://act@db/orders'),
    },
    policy,
    windows: [],
    pause: undefined,
    pauseFile: undefined,
    disabled: undefined,
    changesToday: 0,
    holding: [],
    evidence: [evidenceOf('e-1', 'catalogue'), evidenceOf('e-2', 'rehearsal')],
    judged: [],
    actedBefore: undefined,
    backup: undefined,
    ...change,
  };
}
