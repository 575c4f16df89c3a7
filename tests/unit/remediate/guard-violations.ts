import type { Plan } from '../../../src/core/remediation/plan.ts';
import type { GuardId, Situation } from '../../../src/remediate/guards.ts';
import { evidenceOf, now, planWith, policy, situationWith, standing } from './guard-situation.ts';

const day = 86_400_000;

interface Violation {
  readonly what: string;
  readonly change?: Partial<Situation>;
  readonly plan?: Partial<Omit<Plan, 'hash'>>;
  /** The text that a person reads has this in it. */
  readonly says: string;
}

const act = planWith().acts[0] ?? fail('act');
const approval = situationWith().approval ?? fail('approval');
const otherPlan = planWith({ cost: 'another' });

/** For each guard every way in which it is broken. */
export const violations: Readonly<Record<GuardId, readonly Violation[]>> = {
  plan_unchanged: [
    {
      what: 'the plan was edited',
      change: { plan: { ...planWith(), title: 'edited' } },
      says: 'not the one',
    },
    { what: 'the run has another plan', change: { plan: otherPlan }, says: 'retry' },
  ],
  plan_not_expired: [{ what: 'it is late', plan: { expiresAt: now - 60_000 }, says: 'expired 1m ago' }],
  limits_unchanged: [
    { what: 'the soak was cut', change: { policy: { ...policy, soakMs: day } }, says: 'soakMs' },
    {
      what: 'a cap was set',
      change: { policy: { ...policy, largestObjectBytes: 5_000 } },
      says: 'largestObjectBytes',
    },
  ],
  mode_allows: [
    { what: 'the mode is observe', change: { mode: 'observe' }, says: 'observe executes nothing' },
    { what: 'the mode is propose', change: { mode: 'propose' }, says: 'propose executes nothing' },
  ],
  approved: [
    { what: 'nobody decided', change: { approval: undefined }, says: 'nobody approved' },
    {
      what: 'somebody rejected',
      change: { approval: { ...approval, decision: 'rejected' } },
      says: 'bob rejected',
    },
    {
      what: 'another plan was approved',
      change: { approval: { ...approval, planHash: otherPlan.hash } },
      says: 'another plan',
    },
    {
      what: 'mode auto meets a slow undo',
      change: { approval: undefined, mode: 'auto' },
      says: 'nobody approved',
    },
    {
      what: 'mode auto meets an act with a slow undo in a plan of a quick action',
      change: {
        approval: undefined,
        mode: 'auto',
        action: { undoKind: 'immediate', rehearsal: 'required' },
      },
      says: 'nobody approved',
    },
  ],
  second_person: [
    {
      what: 'one person asks and approves',
      change: { policy: { ...policy, secondPerson: true }, approval: { ...approval, by: 'ann' } },
      says: 'ann asked for it',
    },
  ],
  own_credentials: [
    {
      what: 'there is no acting login',
      change: { remediation: { mode: 'approve', pipelines: {}, actions: {} } },
      says: 'remediation.credentials',
    },
  ],
  undo_exists: [
    { what: 'an act has no way back', plan: { acts: [{ ...act, undo: [] }] }, says: 'no way back from drop' },
    { what: 'the way back is empty', plan: { acts: [{ ...act, undo: [' '] }] }, says: 'no way back' },
    { what: 'there is no act', plan: { acts: [] }, says: 'no act' },
  ],
  rehearsed: [
    {
      what: 'it failed',
      plan: { rehearsal: { ...planWith().rehearsal, verdict: 'failed' } },
      says: 'failed',
    },
    {
      what: 'it never took place',
      plan: { rehearsal: { ...planWith().rehearsal, verdict: 'not_possible' } },
      says: 'did not take place',
    },
    {
      what: 'it was simulated where it can be rehearsed',
      plan: { rehearsal: { ...planWith().rehearsal, verdict: 'simulated' } },
      says: 'did not take place',
    },
    {
      what: 'it took place on the target',
      plan: { rehearsal: { ...planWith().rehearsal, on: 'orders' } },
      says: 'another one',
    },
    {
      what: 'it took place nowhere',
      plan: { rehearsal: { ...planWith().rehearsal, on: '' } },
      says: 'another one',
    },
    {
      what: 'the simulation failed',
      plan: { rehearsal: { ...planWith().rehearsal, verdict: 'failed' } },
      change: { action: { undoKind: 'immediate', rehearsal: 'impossible' } },
      says: 'simulation failed',
    },
  ],
  evidence_complete: [
    { what: 'there is none', change: { evidence: [] }, says: 'no evidence' },
    {
      what: 'the evidence is another plan’s',
      change: { evidence: [evidenceOf('e-9', 'catalogue')] },
      says: 'no evidence',
    },
    {
      what: 'the catalogue was not read',
      change: { evidence: [evidenceOf('e-2', 'rehearsal')] },
      says: 'catalogue or statistics',
    },
    {
      what: 'performance was not analysed',
      plan: { pipeline: 'query_optimisation' },
      change: { evidence: [evidenceOf('e-2', 'rehearsal')] },
      says: 'statistics or explain',
    },
    {
      what: 'no improvement was measured',
      plan: { pipeline: 'query_optimisation' },
      change: { evidence: [evidenceOf('e-1', 'statistics')] },
      says: 'rehearsal',
    },
  ],
  statements_judged: [
    {
      what: 'the parser objects',
      change: { judged: [{ id: 'no_do_block', text: 'a DO block cannot be judged' }] },
      says: 'DO block',
    },
  ],
  verified_backup: [
    {
      what: 'nobody can look for a backup',
      plan: { pipeline: 'migration' },
      says: 'nobody knows of a backup',
    },
    {
      what: 'the backup is old',
      plan: { pipeline: 'migration' },
      change: { backup: standing({ recoverableUntil: now - 2 * day }) },
      says: '2d old (reeve drill orders --chain nightly --take)',
    },
    {
      what: 'no restore was verified lately',
      plan: { pipeline: 'migration' },
      change: { moment: 'approve', backup: standing({ provenAt: now - 40 * day }) },
      says: 'was proven for 40d (reeve drill orders --chain nightly)',
    },
  ],
  blast_radius: [
    {
      what: 'it is too large',
      change: { policy: { ...policy, largestObjectBytes: 999 } },
      says: 'largestObject (999)',
    },
    {
      what: 'its size is unknown',
      change: { policy: { ...policy, largestObjectBytes: 999 } },
      plan: { blastRadius: { ...planWith().blastRadius, bytes: null } },
      says: 'not known',
    },
  ],
  locks_bounded: [
    {
      what: 'there is no lock timeout',
      plan: { caps: { ...planWith().caps, lockTimeoutMs: 0 } },
      says: 'lockTimeout',
    },
  ],
  short_soak_said: [
    {
      what: 'a short soak is not said',
      plan: { caps: { ...planWith().caps, soakMs: 60_000 } },
      change: { moment: 'plan' },
      says: 'soak is short',
    },
  ],
  action_enabled: [
    {
      what: 'it was reverted before',
      change: {
        disabled: { target: 'orders', action: 'drop_unused_index', runId: 'r-9', at: now, reason: 'slower' },
      },
      says: 'reeve runs enable orders drop_unused_index',
    },
  ],
  not_paused: [
    {
      what: 'somebody paused',
      change: { pause: { by: 'eve', at: now, reason: 'sale' } },
      says: 'eve paused all changes (sale)',
    },
    {
      what: 'somebody paused without a word',
      change: { pause: { by: 'eve', at: now, reason: '' } },
      says: 'all changes: reeve resume',
    },
    { what: 'the file is there', change: { pauseFile: '/etc/reeve/pause' }, says: '/etc/reeve/pause' },
  ],
  window_open: [
    {
      what: 'the window is later',
      change: {
        windows: [{ name: 'night', days: ['wed'], from: '22:00', to: '04:00', timeZone: 'UTC', match: {} }],
      },
      says: 'night opens in 10h',
    },
    {
      what: 'no window is for it',
      change: {
        windows: [
          {
            name: 'dev',
            days: ['wed'],
            from: '00:00',
            to: '23:00',
            timeZone: 'UTC',
            match: { environment: 'dev' },
          },
        ],
      },
      says: 'no maintenance window',
    },
  ],
  change_budget: [
    { what: 'enough was changed today', change: { changesToday: 5 }, says: 'changesPerDay is 5' },
  ],
  cool_down: [
    {
      what: 'the same was done a moment ago',
      change: {
        action: { undoKind: 'immediate', rehearsal: 'required', coolDownMs: day },
        actedBefore: { runId: 'r-2', at: now - 3_600_000 },
      },
      says: 'run r-2 did drop_unused_index on orders.public.notes_idx 1h ago: not again for another 23h',
    },
  ],
  concurrent_runs: [
    {
      what: 'another run acts',
      change: { holding: [{ runId: 'r-2', target: 'other', exclusive: [], acts: true }] },
      says: 'r-2 changes something',
    },
  ],
  nothing_shared: [
    {
      what: 'another run soaks on the table',
      change: {
        holding: [{ runId: 'r-3', target: 'orders', exclusive: ['table:orders.public.orders'], acts: false }],
      },
      says: 'run r-3 holds table:orders.public.orders',
    },
  ],
};

function fail(what: string): never {
  throw new Error(`the plan has no ${what}`);
}
