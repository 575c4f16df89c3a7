import type { Breach } from '../../../src/core/judgement.ts';
import type { RemediationPolicy, TargetRemediation } from '../../../src/core/remediation/settings.ts';
import { Secret } from '../../../src/core/secret.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export const basePolicy: RemediationPolicy = {
  pauseFile: '/run/reeve/pause',
  secondPerson: false,
  changesPerDay: 5,
  concurrentRuns: 1,
  largestObjectBytes: undefined,
  baselineMs: 5 * minute,
  soakMs: 6 * hour,
  migrationSoakMs: 600_000,
  drills: '0 3 * * 0',
  scratch: '/var/lib/reeve/scratch',
  planExpiryMs: day,
  lockTimeoutMs: 2_000,
  minimumImprovement: 0.2,
  indexReview: '0 6 1 1,4,7,10 *',
  changelog: { schema: '/CHANGELOG.md', optimisations: '/OPENCODE.md' },
};

export const approveMode: TargetRemediation = {
  mode: 'approve',
  pipelines: {},
  actions: {},
  rehearsal: 'orders-dev',
  credentials: new Secret('postgres://act:hunter2hunter2@db/orders'),
};

export function breachOf(change: Partial<Breach> = {}): Breach {
  return {
    target: 'orders',
    objective: 'unused_index_bytes',
    subject: 'orders',
    fingerprint: '00112233445566aa',
    engine: 'postgres',
    severity: 'ticket',
    since: 0,
    openedAt: 0,
    side: 'max',
    bound: 0,
    value: 1_000,
    worst: 1_000,
    holders: ['evaluation'],
    closedAt: undefined,
    durationMs: undefined,
    closeReason: undefined,
    ...change,
  };
}
