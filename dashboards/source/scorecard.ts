import type { BoundSide } from '../../src/core/judgement.ts';
import type { Unit } from '../../src/core/metric.ts';
import { type ObjectiveId, objectives } from '../../src/core/objective.ts';
import type { PlannedPanel, PlannedQuery, TableColumn, ValueText } from './plan.ts';
import { runbookLinks } from './runbook-links.ts';
import { colours } from './thresholds.ts';
import { panelUnits } from './units.ts';

/** What stands behind the numbers of `worst`. */
const standing: readonly ValueText[] = [
  { value: 4, text: 'breached, page', colour: 'dark-red' },
  { value: 3, text: 'breached, ticket', colour: colours.warning },
  { value: 2, text: 'unknown', colour: colours.unknown },
  { value: 1, text: 'met', colour: colours.good },
];

const subjectLabels = 'target, engine, objective, subject';

/** What two agents say of one subject counts once. */
const onceEach = `max by (${subjectLabels})`;

/** 4 breached and paging, 3 breached, 2 unknown, 1 met: the worst of what the labels leave together. */
function worst(labels: string): string {
  return `max by (${labels}) (
  $objectiveSeverity{$on,severity="page"} * 4
  or ($objectiveState{$on,state="breached"} == 1) * 3
  or ($objectiveState{$on,state="unknown"} == 1) * 2
  or $objectiveState{$on,state="met"} == 1
)`;
}

/** A column of a table has one unit, the objectives have several. */
const valueColumns: readonly { readonly title: string; readonly unit: Unit }[] = [
  { title: 'Time', unit: 'seconds' },
  { title: 'Share', unit: 'ratio' },
  { title: 'Size', unit: 'bytes' },
  { title: 'USD', unit: 'usd' },
  { title: 'Rows', unit: 'none' },
];

/** A query of the scorecard and the column that shows it. */
interface ScorecardColumn extends Omit<TableColumn, 'from'> {
  readonly query: PlannedQuery;
}

/** Each of these objectives on every subject, worst first. */
export function scorecard(ids: readonly ObjectiveId[], height: number): PlannedPanel {
  const columns = [...valuesOf(ids), ...rest];
  return {
    title: 'Scorecard, worst first',
    description:
      'Each objective on each subject (database, replica, container …) with its value and the bounds in force. Unknown is neither met nor breached: the value could not be read, stands on too few observations, or has no bound. Bounds are in the objective’s own unit. The target leads to the dashboard of its engine, the last column to the breach.',
    kind: 'table',
    unit: 'count',
    width: 24,
    height,
    links: runbookLinks(ids),
    queries: [{ expr: worst(subjectLabels), legend: '' }, ...columns.map(({ query }) => query)],
    table: {
      columns: [
        { title: 'State', from: 0, widthPixels: 120, values: standing },
        { title: 'Target', from: 'target', link: engineLink },
        { title: 'Objective', from: 'objective', widthPixels: 220 },
        { title: 'Subject', from: 'subject' },
        ...columns.map(({ query: _query, ...column }, index) => ({ ...column, from: 1 + index })),
        { title: 'engine', from: 'engine', hidden: true },
        { title: 'url', from: 'url', hidden: true },
      ],
      sort: { column: 'State', descending: true },
    },
  };
}

/** One column for each unit that these objectives have. */
function valuesOf(ids: readonly ObjectiveId[]): readonly ScorecardColumn[] {
  return valueColumns.flatMap(({ title, unit }) => {
    const some = ids.filter((id) => objectives[id].unit === unit);
    if (some.length === 0) return [];
    const expr = `max by (${subjectLabels}) ($objectiveValue{$on,objective=~"${some.join('|')}"})`;
    const usuallyEmpty = 'no target here has an objective in this unit whose value is known.';
    return [{ title, unit: panelUnits[unit], widthPixels: 80, query: { expr, legend: '', usuallyEmpty } }];
  });
}

const rest: readonly ScorecardColumn[] = [
  { title: 'At least', widthPixels: 75, query: boundQuery('min') },
  { title: 'At most', widthPixels: 75, query: boundQuery('max') },
  {
    title: 'Breached since',
    unit: 'timestamp',
    widthPixels: 115,
    query: {
      expr: `min by (${subjectLabels}) ($objectiveBreachedSince{$on})`,
      legend: '',
      usuallyEmpty: 'nothing is breached.',
    },
  },
  {
    title: 'Budget left',
    unit: 'ratio',
    widthPixels: 90,
    query: {
      expr: `min by (${subjectLabels}) ($objectiveBudgetRemaining{$on})`,
      legend: '',
      usuallyEmpty: 'the agent has only just started.',
    },
  },
  {
    title: 'Next step',
    widthPixels: 110,
    values: [{ value: 1, text: 'open the breach', colour: 'blue' }],
    link: {
      title: 'The breach and what was seen',
      url: '${__data.fields.url}/breaches?target=${__data.fields.Target:percentencode}&objective=${__data.fields.Objective:percentencode}&subject=${__data.fields.Subject:percentencode}',
    },
    query: {
      expr: `max by (${subjectLabels}, url) (($objectiveState{$on,state="breached"} == 1) * on (job, instance) group_left (url) $controlInfo{job=~"$job"})`,
      legend: '',
      usuallyEmpty: 'nothing is breached, or no control listener is configured.',
    },
  },
];

function boundQuery(side: BoundSide): PlannedQuery {
  return {
    expr: `max by (${subjectLabels}) ($objectiveBound{$on,bound="${side}"})`,
    legend: '',
    usuallyEmpty: 'no objective of these targets has a bound on this side.',
  };
}

const engineLink = {
  title: 'Dashboard of the engine',
  url: '/d/reeve-${__data.fields.engine}?${datasource:queryparam}&${job:queryparam}&var-target=${__value.raw}&${__url_time_range}',
};

/** When each objective was met, unknown or breached, of those that were breached. */
export const breachTimeline: PlannedPanel = {
  title: 'Breaches over time',
  description:
    'Objectives that were breached at some time of the range, with their state all the time: how long it lasted, whether it comes back, what was breached together.',
  kind: 'state-timeline',
  unit: 'count',
  width: 24,
  queries: [
    {
      expr: `${worst('target, objective')}
and on (target, objective)
max by (target, objective) (max_over_time($objectiveState{$on,state="breached"}[$__range] @ end()) == 1)`,
      legend: '{{target}} · {{objective}}',
    },
  ],
  values: standing,
  usuallyEmpty: 'nothing was breached in the range.',
};

/** Six numbers that say whether anything has to be done. */
export const counts: readonly PlannedPanel[] = [
  {
    ...count('Breached, page', 'Open breaches on which somebody must act now.', 'page'),
    thresholds: { warning: 1, critical: 1 },
  },
  {
    ...count('Breached, ticket', 'Open breaches that can wait for working hours.', 'ticket'),
    thresholds: { warning: 1, critical: Number.MAX_SAFE_INTEGER },
  },
  stateCount(
    'Unknown',
    'unknown',
    'Objectives that cannot be judged now. The scorecard says which; `reeve check` says what is missing.',
  ),
  stateCount('Met', 'met', 'Objectives whose value is within its bound.'),
  {
    ...stat('Blind', 'Objectives that have been unknown for over an hour: nobody would notice a breach.'),
    queries: [
      {
        expr: `count(${onceEach} ($objectiveBlind{$on})) or 0 * sum($objectiveState{$on,state="met"})`,
        legend: '',
      },
    ],
    thresholds: { warning: 1, critical: Number.MAX_SAFE_INTEGER },
  },
  {
    ...stat('Targets down', 'Targets that the latest collection could not reach.'),
    queries: [
      {
        expr: 'count(min by (target) ($targetUp{$on})) - sum(min by (target) ($targetUp{$on}))',
        legend: '',
      },
    ],
    thresholds: { warning: 1, critical: 1 },
  },
];

function stat(title: string, description: string): Omit<PlannedPanel, 'queries'> {
  return { title, description, kind: 'stat', unit: 'count', width: 4 };
}

/** Zero is a zero only where states are published at all. */
function count(title: string, description: string, severity: 'page' | 'ticket'): PlannedPanel {
  const expr = `count(${onceEach} ($objectiveSeverity{$on,severity="${severity}"})) or 0 * sum($objectiveState{$on,state="met"})`;
  return { ...stat(title, description), queries: [{ expr, legend: '' }] };
}

function stateCount(title: string, state: 'unknown' | 'met', description: string): PlannedPanel {
  return {
    ...stat(title, description),
    queries: [{ expr: `sum(${onceEach} ($objectiveState{$on,state="${state}"}))`, legend: '' }],
  };
}
