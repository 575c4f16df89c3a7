import type { Expressions } from '../../src/catalogue/expressions.ts';
import { type DashboardSection, dashboardSections } from '../../src/core/dashboard.ts';
import type { Engine } from '../../src/core/engine.ts';
import { agentStarts, breaches } from './annotations.ts';
import { expandPanel, plan, type Scope } from './expand.ts';
import type { DashboardPlan, PlannedPanel } from './plan.ts';
import { breachTimeline, counts, scorecard } from './scorecard.ts';
import { targetVariable } from './variables.ts';

const sectionTitles: Readonly<Record<DashboardSection, string>> = {
  health: 'Health',
  problems: 'Problems',
  performance: 'Performance',
  capacity: 'Capacity',
  maintenance: 'Maintenance',
};

/** What all engines have first, then the engine's own sections. */
export function enginePlan(engine: Engine, expressions: Expressions): DashboardPlan {
  const { id, title, dashboard } = engine;
  const matcher = `engine="${id}"`;
  const on = `job=~"$job",${matcher},target=~"$target"`;
  const scope: Scope = { expressions, on };
  const sections = dashboardSections.map((section) => ({
    title: sectionTitles[section],
    panels: (dashboard?.[section] ?? []).map(plan),
  }));
  const rows = [
    {
      title: 'Objectives',
      panels: [
        ...counts,
        scorecard(
          engine.objectives.map(({ objective }) => objective),
          10,
        ),
        breachTimeline,
      ],
    },
    ...sections,
    { title: 'Collection', panels: collection },
  ];
  return {
    name: `reeve-${id}`,
    title: `Reeve: ${title}`,
    description: `Objectives, health, problems, performance, capacity and maintenance of ${title}.`,
    variables: [targetVariable(matcher)],
    annotations: [breaches(on), agentStarts],
    rows: rows.map(({ title: row, panels }) => ({
      title: row,
      panels: panels.map((panel) => expandPanel(panel, scope)),
    })),
  };
}

const collection: readonly PlannedPanel[] = [
  {
    title: 'Readings that failed',
    description:
      'Failed readings a second, by group and reason. Values of a failed group are absent, never zero; `reeve check` prints what is missing.',
    kind: 'timeseries',
    unit: 'perSecond',
    width: 8,
    queries: [
      {
        expr: 'sum by (target, group, code) (rate($collectErrorsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{group}} · {{code}}',
      },
    ],
    usuallyEmpty: 'no reading has failed since the agent started.',
  },
  {
    title: 'Time that readings take',
    description: 'How long the latest reading of each group took. It has to stay well below the interval.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 8,
    queries: [
      { expr: 'max by (target, group) ($collectDurationSeconds{$on})', legend: '{{target}} · {{group}}' },
    ],
  },
  {
    title: 'Age of what is shown',
    description:
      'Time since the latest collection ended. Above three intervals the numbers on this page are old.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 8,
    queries: [{ expr: 'max by (target) ($snapshotAgeSeconds{$on})', legend: '{{target}}' }],
  },
  {
    title: 'Findings',
    description:
      'Things about the servers that somebody should mend, by kind. `reeve collect --target <id> --format json` lists them with the remedy.',
    kind: 'table',
    unit: 'count',
    width: 24,
    height: 6,
    queries: [{ expr: 'max by (target, code, severity) ($findings{$on})', legend: '' }],
    table: {
      columns: [
        { title: 'Target', from: 'target' },
        { title: 'What was found', from: 'code' },
        { title: 'Severity', from: 'severity' },
        { title: 'How many', from: 0, widthPixels: 110 },
      ],
      sort: { column: 'Severity', descending: false },
    },
    usuallyEmpty: 'there is nothing to mend.',
  },
];
