import type { Expressions } from '../../src/catalogue/expressions.ts';
import { outputPanels, processPanels } from './agent-process.ts';
import { agentStarts, configurationLoads } from './annotations.ts';
import { expandPanel } from './expand.ts';
import type { DashboardPlan, PlannedPanel } from './plan.ts';
import { instanceVariable } from './variables.ts';

const on = 'job=~"$job",instance=~"$instance"';

/** The agent itself: does it watch everything, in time, and at what cost? */
export function agentPlan(expressions: Expressions): DashboardPlan {
  const rows = [
    { title: 'Now', panels: now },
    { title: 'Collection', panels: collection },
    { title: 'Exports and store', panels: outputPanels },
    { title: 'Process', panels: processPanels },
  ];
  return {
    name: 'reeve-agent',
    title: 'Reeve: the agent',
    description: 'Collections, exports, store and process of the agent itself.',
    variables: [instanceVariable],
    annotations: [agentStarts, configurationLoads],
    rows: rows.map(({ title, panels }) => ({
      title,
      panels: panels.map((panel) => expandPanel(panel, { expressions, on })),
    })),
  };
}

const now: readonly PlannedPanel[] = [
  {
    title: 'Agents',
    description: 'Agents that Prometheus reaches.',
    kind: 'stat',
    unit: 'count',
    width: 4,
    queries: [{ expr: 'count($buildInfo{$on})', legend: '' }],
  },
  {
    title: 'Version',
    description: 'Versions that run. More than one: an update is on its way, or was left half done.',
    kind: 'stat',
    unit: 'count',
    width: 4,
    queries: [{ expr: 'count by (version) ($buildInfo{$on})', legend: '{{version}}' }],
  },
  {
    title: 'Targets',
    description: 'Targets in the configurations in force.',
    kind: 'stat',
    unit: 'count',
    width: 4,
    queries: [{ expr: 'sum($targets{$on})', legend: '' }],
  },
  {
    title: 'Configuration',
    description:
      'Whether the latest load succeeded. No: the configuration before it is still in force, the log says what is wrong.',
    kind: 'stat',
    unit: 'state',
    width: 4,
    queries: [{ expr: 'min($configReloadSuccessful{$on})', legend: '' }],
    thresholds: { warning: 1, critical: 1, below: true },
  },
  {
    title: 'Oldest snapshot',
    description:
      'Age of the oldest snapshot of all targets. Above a few intervals a target is not collected.',
    kind: 'stat',
    unit: 'seconds',
    width: 4,
    queries: [{ expr: 'max($snapshotAgeSeconds{$on})', legend: '' }],
    thresholds: { warning: 180, critical: 600 },
  },
  {
    title: 'Running since',
    description: 'When the youngest agent was started. Again and again: it is killed, look at its memory.',
    kind: 'stat',
    unit: 'timestamp',
    width: 4,
    queries: [{ expr: 'max(process_start_time_seconds{$on})', legend: '' }],
  },
];

const collection: readonly PlannedPanel[] = [
  {
    title: 'Slowest readings',
    description:
      'How long the latest reading of a group took. It has to stay below its deadline: 10 s unless configured.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 12,
    queries: [
      {
        expr: 'topk(15, max by (target, group) ($collectDurationSeconds{$on}))',
        legend: '{{target}} · {{group}}',
      },
    ],
  },
  {
    title: 'Readings that failed',
    description:
      'Failed readings a second by reason. `denied`: a grant is missing, `reeve check` prints it; `timeout`: the server is slow, or the deadline short.',
    kind: 'timeseries',
    unit: 'perSecond',
    width: 12,
    queries: [
      {
        expr: 'topk(15, sum by (target, group, code) (rate($collectErrorsTotal{$on}[$__rate_interval])))',
        legend: '{{target}} · {{group}} · {{code}}',
      },
    ],
    usuallyEmpty: 'no reading has failed since the agent started.',
  },
  {
    title: 'How late collections begin',
    description:
      'Delay of collections against their schedule over the last minute. Rising: the agent has too much to do.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 8,
    queries: [
      { expr: 'max by (instance, rank) ($collectLatenessSeconds{$on})', legend: '{{instance}} · {{rank}}' },
    ],
    thresholds: { warning: 1, critical: 5 },
  },
  {
    title: 'Collections skipped',
    description:
      'Collections that did not begin because the one before was still running. Lengthen the interval, or find out why it takes so long.',
    kind: 'timeseries',
    unit: 'perSecond',
    width: 8,
    queries: [
      {
        expr: 'sum by (instance) (rate($collectSkippedTotal{$on}[$__rate_interval]))',
        legend: '{{instance}}',
      },
    ],
    usuallyEmpty: 'no collection was skipped since the agent started.',
  },
  {
    title: 'Age of snapshots',
    description: 'Targets whose latest collection is longest ago.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 8,
    queries: [{ expr: 'topk(15, max by (target) ($snapshotAgeSeconds{$on}))', legend: '{{target}}' }],
  },
  {
    title: 'Groups not read for longest',
    description: 'Time since each group was last read without error.',
    kind: 'table',
    unit: 'timestamp',
    width: 12,
    queries: [
      { expr: 'bottomk(50, max by (target, group) ($collectLastSuccess{$on}))', legend: 'Last read' },
    ],
    table: {
      columns: [
        { title: 'Target', from: 'target' },
        { title: 'Group', from: 'group' },
        { title: 'Last read', from: 0, unit: 'timestamp' },
      ],
      sort: { column: 'Last read', descending: false },
    },
  },
  {
    title: 'Rows and series left out',
    description:
      'Rows that a cap left out of the latest readings, and series dropped a second because a target has used up `maxSeries`. What is left out is not watched.',
    kind: 'timeseries',
    unit: 'count',
    width: 12,
    queries: [
      {
        expr: 'max by (target, group) ($collectTruncatedRows{$on})',
        legend: '{{target}} · {{group}} rows',
        usuallyEmpty: 'no cap was reached.',
      },
      {
        expr: 'sum by (target) (rate($seriesDroppedTotal{$on}[$__rate_interval]))',
        legend: '{{target}} series dropped a second',
        usuallyEmpty: 'no budget of series was used up.',
      },
    ],
  },
];
