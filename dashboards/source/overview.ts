import type { Expressions } from '../../src/catalogue/expressions.ts';
import { type ObjectiveId, objectiveIds } from '../../src/core/objective.ts';
import { agentStarts, breaches, configurationLoads } from './annotations.ts';
import { expandPanel, type Scope } from './expand.ts';
import type { DashboardPlan, PlannedPanel } from './plan.ts';
import { breachTimeline, counts, scorecard } from './scorecard.ts';
import { colours } from './thresholds.ts';
import { engineVariable, targetVariable } from './variables.ts';

const on = 'job=~"$job",engine=~"$engine",target=~"$target"';

/** All targets and all objectives on one page: is it fine, and if not, where? */
export function overviewPlan(expressions: Expressions, measured: ReadonlySet<ObjectiveId>): DashboardPlan {
  const ids = objectiveIds.filter((id) => measured.has(id));
  const scope: Scope = { expressions, on };
  const rows = [
    { title: 'Now', panels: [...counts, scorecard(ids, 14)] },
    { title: 'Over time', panels: [breachTimeline, ...overTime] },
    { title: 'Targets', panels: targets },
  ];
  return {
    name: 'reeve-overview',
    title: 'Reeve: fleet overview',
    description: 'Every objective of every target, worst first.',
    variables: [engineVariable, targetVariable('engine=~"$engine"')],
    annotations: [breaches(on), agentStarts, configurationLoads],
    rows: rows.map(({ title, panels }) => ({
      title,
      panels: panels.map((panel) => expandPanel(panel, scope)),
    })),
  };
}

const overTime: readonly PlannedPanel[] = [
  {
    title: 'Objectives by state',
    description:
      'How many objectives were met, breached and unknown. Many that become unknown together: the agent cannot reach something.',
    kind: 'timeseries',
    unit: 'count',
    width: 8,
    queries: [
      {
        expr: 'sum by (state) (max by (target, objective, subject, state) ($objectiveState{$on}))',
        legend: '{{state}}',
      },
    ],
    lineColours: { breached: colours.bad, met: colours.good, unknown: colours.unknown },
  },
  {
    title: 'Budget left, lowest first',
    description:
      'Part of the time that each objective may spend in breach within 30 days that is left. 0 %: used up; below: overdrawn. What burns often deserves work before it pages.',
    kind: 'table',
    unit: 'ratio',
    width: 8,
    queries: [
      {
        expr: 'bottomk(50, min by (target, objective, subject) ($objectiveBudgetRemaining{$on}))',
        legend: 'Budget left',
      },
    ],
    table: {
      columns: [
        { title: 'Target', from: 'target' },
        { title: 'Objective', from: 'objective' },
        { title: 'Subject', from: 'subject' },
        { title: 'Budget left', from: 0, unit: 'ratio', widthPixels: 110 },
      ],
      sort: { column: 'Budget left', descending: false },
    },
    thresholds: { warning: 0.5, critical: 0, below: true },
    usuallyEmpty: 'the agent has only just started.',
  },
  {
    title: 'Time in breach, longest first',
    description: 'How much of the chosen time each objective spent in breach.',
    kind: 'table',
    unit: 'ratio',
    width: 8,
    queries: [
      {
        expr: 'topk(50, max by (target, objective, subject) (avg_over_time($objectiveState{$on,state="breached"}[$__range]))) > 0',
        legend: 'In breach',
      },
    ],
    table: {
      columns: [
        { title: 'Target', from: 'target' },
        { title: 'Objective', from: 'objective' },
        { title: 'Subject', from: 'subject' },
        { title: 'In breach', from: 0, unit: 'ratio', widthPixels: 110 },
      ],
      sort: { column: 'In breach', descending: true },
    },
    usuallyEmpty: 'nothing was breached in the range.',
  },
];

const targets: readonly PlannedPanel[] = [
  {
    title: 'Targets, those that are down first',
    description:
      'Whether the latest collection reached the target, when that was, and which server answered. Down: `reeve check --target <id>` says why.',
    kind: 'table',
    unit: 'count',
    width: 12,
    height: 10,
    queries: [
      { expr: 'min by (target, engine) ($targetUp{$on})', legend: '' },
      { expr: 'max by (target, engine) ($snapshotAgeSeconds{$on})', legend: '' },
      {
        expr: 'max by (target, engine, version, role) ($targetInfo{$on})',
        legend: '',
        usuallyEmpty: 'no target could be reached yet.',
      },
    ],
    table: {
      columns: [
        {
          title: 'Reached',
          from: 0,
          widthPixels: 90,
          values: [
            { value: 0, text: 'down', colour: 'dark-red' },
            { value: 1, text: 'up', colour: 'green' },
          ],
        },
        { title: 'Target', from: 'target' },
        { title: 'Engine', from: 'engine', widthPixels: 100 },
        { title: 'Collected ago', from: 1, unit: 'seconds', widthPixels: 110 },
        { title: 'Version', from: 'version' },
        { title: 'Role', from: 'role', widthPixels: 100 },
      ],
      sort: { column: 'Reached', descending: false },
    },
  },
  {
    title: 'Blind objectives',
    description:
      'Objectives that have been unknown for over an hour, and why. `reeve check` prints the missing grant.',
    kind: 'table',
    unit: 'count',
    width: 12,
    height: 10,
    queries: [{ expr: 'max by (target, objective, subject, reason) ($objectiveBlind{$on})', legend: '' }],
    table: {
      columns: [
        { title: 'Target', from: 'target' },
        { title: 'Objective', from: 'objective' },
        { title: 'Subject', from: 'subject' },
        { title: 'Why', from: 'reason' },
      ],
      sort: { column: 'Target', descending: false },
    },
    usuallyEmpty: 'every objective was known within the last hour.',
  },
];
