import type { Expressions } from '../../src/catalogue/expressions.ts';
import { agentStarts } from './annotations.ts';
import { expandPanel } from './expand.ts';
import type { DashboardPlan, PlannedPanel } from './plan.ts';
import { drills, migrations } from './proofs.ts';

const on = 'job=~"$job"';

/** What Reeve changes and proves: what waits for a person, what came of it, and whether the record of it is whole. */
export function remediationPlan(expressions: Expressions): DashboardPlan {
  const rows = [
    { title: 'Now', panels: now },
    { title: 'Runs', panels: runs },
    { title: 'Restore drills and backups', panels: drills },
    { title: 'Migrations', panels: migrations },
    { title: 'Record', panels: record },
  ];
  return {
    name: 'reeve-remediation',
    title: 'Reeve: remediation',
    description:
      'Runs by state, plans that wait for a decision, changes taken back, restore drills, migrations, and the audit.',
    variables: [],
    annotations: [agentStarts],
    rows: rows.map(({ title, panels }) => ({
      title,
      panels: panels.map((panel) => expandPanel(panel, { expressions, on })),
    })),
  };
}

/** Agents that share a store say the same of it: the largest is the one that counts. */
const ofState = (state: string): string =>
  `sum(max by (pipeline) ($remediationRuns{$on,state="${state}"})) or vector(0)`;

const now: readonly PlannedPanel[] = [
  {
    title: 'Wait for a decision',
    description: 'Plans that nobody has approved or rejected yet: `reeve runs list --state waiting`.',
    kind: 'stat',
    unit: 'count',
    width: 4,
    queries: [{ expr: ofState('waiting'), legend: '' }],
    thresholds: { warning: 1, critical: 20 },
  },
  {
    title: 'Half applied',
    description:
      'Acts that are neither done nor taken back. Above 0 for more than minutes: read `reeve runs list --state half_applied`.',
    kind: 'stat',
    unit: 'count',
    width: 4,
    queries: [{ expr: ofState('half_applied'), legend: '' }],
    thresholds: { warning: 1, critical: 1 },
  },
  {
    title: 'Being changed or watched',
    description: 'Runs that execute, or whose change is watched before it is kept.',
    kind: 'stat',
    unit: 'count',
    width: 4,
    queries: [
      {
        expr: 'sum(max by (pipeline, state) ($remediationRuns{$on,state=~"approved|executing|soaking"})) or vector(0)',
        legend: '',
      },
    ],
  },
  {
    title: 'Paused',
    description: 'Whether somebody, or the pause file, keeps remediation from doing anything new.',
    kind: 'stat',
    unit: 'state',
    width: 4,
    queries: [{ expr: 'max($remediationPaused{$on})', legend: '' }],
    thresholds: { warning: 1, critical: 1 },
  },
  {
    title: 'Refusing',
    description: 'Whether remediation can do nothing: its store takes no writes, or it did not start.',
    kind: 'stat',
    unit: 'state',
    width: 4,
    queries: [{ expr: 'max($remediationRefusing{$on})', legend: '' }],
    thresholds: { warning: 1, critical: 1 },
  },
  {
    title: 'Disabled actions',
    description: 'Actions that were taken back on a target and wait for `reeve runs enable`.',
    kind: 'stat',
    unit: 'count',
    width: 4,
    queries: [{ expr: 'max($remediationDisabledActions{$on})', legend: '' }],
    thresholds: { warning: 1, critical: 1 },
  },
];

const runs: readonly PlannedPanel[] = [
  {
    title: 'Open runs',
    description: 'Runs in which something may still happen, by pipeline and state.',
    kind: 'timeseries',
    unit: 'count',
    width: 12,
    queries: [
      {
        expr: 'max by (pipeline, state) ($remediationRuns{$on,state=~"preparing|waiting|approved|executing|soaking|half_applied"})',
        legend: '{{pipeline}} · {{state}}',
      },
    ],
    usuallyEmpty: 'no run was begun yet.',
  },
  {
    title: 'Waiting since',
    description: 'How long the plan that waits longest has waited for a decision.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 12,
    queries: [{ expr: 'time() - min($remediationWaitingSince{$on})', legend: 'longest wait' }],
    thresholds: { warning: 86_400, critical: 259_200 },
    usuallyEmpty: 'no plan waits for a decision.',
  },
  {
    title: 'What runs came to',
    description:
      'Runs that ended, by what they came to. `kept` is verified; `inconclusive` was kept and nothing could be proven; `reverted` made it worse and was taken back.',
    kind: 'table',
    unit: 'count',
    width: 12,
    queries: [
      {
        expr: 'max by (pipeline, state) ($remediationRuns{$on,state!~"preparing|waiting|approved|executing|soaking|half_applied"}) > 0',
        legend: 'Runs',
      },
    ],
    table: {
      columns: [
        { title: 'Pipeline', from: 'pipeline' },
        { title: 'State', from: 'state' },
        { title: 'Runs', from: 0, unit: 'count' },
      ],
      sort: { column: 'Runs', descending: true },
    },
    usuallyEmpty: 'no run has ended yet.',
  },
  {
    title: 'Taken back',
    description: 'Changes that were taken back because the target got worse.',
    kind: 'timeseries',
    unit: 'count',
    width: 12,
    queries: [
      { expr: 'max(increase($remediationRevertedTotal{$on}[$__rate_interval]))', legend: 'taken back' },
    ],
  },
];

const record: readonly PlannedPanel[] = [
  {
    title: 'Lines of the audit',
    description: 'It only ever grows. A fall: lines were removed, or the store is another one.',
    kind: 'timeseries',
    unit: 'count',
    width: 12,
    queries: [{ expr: 'max by (instance) ($auditLines{$on})', legend: '{{instance}}' }],
  },
  {
    title: 'Head of the audit',
    description:
      'Hash of the newest line: with the number of lines it is what `reeve audit verify --head` takes.',
    kind: 'table',
    unit: 'count',
    width: 12,
    queries: [
      {
        expr: 'max by (instance, hash) ($auditHeadInfo{$on}) * on (instance) group_left () max by (instance) ($auditLines{$on})',
        legend: 'Lines',
      },
    ],
    table: {
      columns: [
        { title: 'Agent', from: 'instance' },
        { title: 'Lines', from: 0, unit: 'count' },
        { title: 'Hash', from: 'hash' },
      ],
      sort: { column: 'Lines', descending: true },
    },
  },
];
