import type { Expressions } from '../../src/catalogue/expressions.ts';
import { agentStarts, breaches } from './annotations.ts';
import { expandPanel } from './expand.ts';
import type { DashboardPlan, PlannedPanel } from './plan.ts';
import { engineVariable, targetVariable } from './variables.ts';

const on = 'job=~"$job",engine=~"$engine",target=~"$target"';

interface CostSection {
  readonly title: string;
  /** The engine whose metrics the panels name; left out where it is not built in. */
  readonly engine?: string;
  readonly panels: readonly PlannedPanel[];
}

/** What the databases cost: money, throughput that is paid for, and space. */
export function costPlan(expressions: Expressions, engines: ReadonlySet<string>): DashboardPlan {
  const built = sections.filter(({ engine }) => engine === undefined || engines.has(engine));
  return {
    name: 'reeve-cost',
    title: 'Reeve: cost',
    description:
      'BigQuery spend against its budget, Cosmos DB throughput that is paid for and not used, and growth of storage.',
    variables: [engineVariable, targetVariable('engine=~"$engine"')],
    annotations: [breaches(on), agentStarts],
    rows: built.map(({ title, panels }) => ({
      title,
      panels: panels.map((panel) => expandPanel(panel, { expressions, on })),
    })),
  };
}

const bigquery: readonly PlannedPanel[] = [
  {
    title: 'Spend this month',
    description:
      'Month to date in the billing time zone: queries by bytes billed, reservations by capacity and time.',
    kind: 'stat',
    unit: 'usd',
    width: 6,
    queries: [
      {
        expr: 'sum by (project) (max by (target, project) ($spendUsd{$on,window="month"}))',
        legend: '{{project}}',
      },
    ],
  },
  {
    title: 'Expected at the end of the month',
    description:
      'Forecast of this month’s spend. Objective: not above the budget that the configuration gives.',
    kind: 'stat',
    unit: 'usd',
    width: 6,
    queries: [
      {
        expr: 'sum by (project) (max by (target, project) ($spendForecastUsd{$on,window="month"}))',
        legend: '{{project}}',
      },
    ],
  },
  {
    title: 'Budget used, by forecast',
    description: 'Forecast of the month divided by the budget. From 100 % on the objective is breached.',
    kind: 'stat',
    unit: 'ratio',
    width: 6,
    queries: [
      {
        expr: 'max by (target, subject) ($objectiveValue{$on,objective="bigquery_spend_usd"}) / max by (target, subject) ($objectiveBound{$on,objective="bigquery_spend_usd",bound="max"})',
        legend: '{{subject}}',
      },
    ],
    thresholds: { warning: 0.9, critical: 1 },
    usuallyEmpty: 'nobody gave a budget: `objectives: { bigquery_spend_usd: { max: … } }`.',
  },
  {
    title: 'Spend of Reeve itself',
    description: 'What Reeve’s own queries cost this month. It has a daily limit of its own.',
    kind: 'stat',
    unit: 'usd',
    width: 6,
    queries: [
      {
        expr: 'sum by (project) (max by (target, project) ($ownSpendUsd{$on,window="month"}))',
        legend: '{{project}}',
      },
    ],
  },
  {
    title: 'Spend and forecast',
    description:
      'Month to date, and where the month is expected to end: median with the interval that holds it in eight of ten cases. Dashed: the budget.',
    kind: 'timeseries',
    unit: 'usd',
    width: 12,
    objective: 'bigquery_spend_usd',
    queries: [
      { expr: 'max by (target, project) ($spendUsd{$on,window="month"})', legend: '{{project}} so far' },
      {
        expr: 'max by (target, project) ($spendForecastUsd{$on,window="month"})',
        legend: '{{project}} expected',
      },
      {
        expr: 'max by (target, project) ($spendForecastLowerUsd{$on,window="month"})',
        legend: '{{project}} at least',
      },
      {
        expr: 'max by (target, project) ($spendForecastUpperUsd{$on,window="month"})',
        legend: '{{project}} at most',
      },
    ],
  },
  {
    title: 'Spend per hour',
    description:
      'Average of the last 24 hours. A step without a release behind it is a new query or a lost partition filter.',
    kind: 'timeseries',
    unit: 'usd',
    width: 12,
    queries: [
      { expr: 'max by (target, project) ($spendPerHourUsd{$on,window="last_24h"})', legend: '{{project}}' },
    ],
  },
  {
    title: 'Who spends',
    description:
      'The users with the highest spend in the window. Names are hashed or left out where the configuration says so.',
    kind: 'table',
    unit: 'usd',
    width: 8,
    queries: [{ expr: 'topk(20, max by (project, user, window) ($userSpendUsd{$on}))', legend: 'Spend' }],
    table: {
      columns: [
        { title: 'Project', from: 'project' },
        { title: 'User', from: 'user' },
        { title: 'Window', from: 'window' },
        { title: 'Spend', from: 0, unit: 'usd' },
      ],
      sort: { column: 'Spend', descending: true },
    },
  },
  {
    title: 'What is spent on, by label',
    description: 'Spend by label of the jobs. Much without a label: nobody can say what it is for.',
    kind: 'table',
    unit: 'usd',
    width: 8,
    queries: [
      { expr: 'topk(20, max by (project, job_label, value, window) ($labelSpendUsd{$on}))', legend: 'Spend' },
    ],
    table: {
      columns: [
        { title: 'Project', from: 'project' },
        { title: 'Label', from: 'job_label' },
        { title: 'Value', from: 'value' },
        { title: 'Spend', from: 0, unit: 'usd' },
      ],
      sort: { column: 'Spend', descending: true },
    },
  },
  {
    title: 'Costly query patterns',
    description:
      'Queries that differ only in their values, by what they cost together. Start with the first: `reeve_bigquery` has its hash.',
    kind: 'table',
    unit: 'usd',
    width: 8,
    queries: [
      { expr: 'topk(20, max by (project, pattern, window) ($patternSpendUsd{$on}))', legend: 'Spend' },
    ],
    table: {
      columns: [
        { title: 'Project', from: 'project' },
        { title: 'Pattern', from: 'pattern' },
        { title: 'Window', from: 'window' },
        { title: 'Spend', from: 0, unit: 'usd' },
      ],
      sort: { column: 'Spend', descending: true },
    },
  },
  {
    title: 'Storage per month, by billing model',
    description: 'What storage costs a month by each model. The cheaper one can be chosen for each data set.',
    kind: 'timeseries',
    unit: 'usd',
    width: 12,
    queries: [
      {
        expr: 'max by (target, project, model) ($storageUsdPerMonth{$on})',
        legend: '{{project}} · {{model}}',
      },
    ],
  },
  {
    title: 'Savings that BigQuery recommends',
    description: 'What BigQuery’s own recommenders say could be saved a month.',
    kind: 'timeseries',
    unit: 'usd',
    width: 12,
    queries: [
      {
        expr: 'max by (project, region, recommender) ($recommendedSavingsUsd{$on})',
        legend: '{{project}} · {{recommender}}',
      },
    ],
    usuallyEmpty: 'BigQuery recommends nothing, or the recommender API is not enabled.',
  },
];

const cosmosdb: readonly PlannedPanel[] = [
  {
    title: 'Throughput paid for',
    description:
      'Provisioned RU/s of all containers and regions together. Every 100 of them are billed by the hour, used or not.',
    kind: 'stat',
    unit: 'count',
    width: 6,
    queries: [{ expr: 'sum by (target) ($provisionedPerSecond{$on})', legend: '{{target}}' }],
  },
  {
    title: 'Part of it that is used',
    description: 'Consumed divided by provisioned RU/s in the last settled minute, all containers together.',
    kind: 'stat',
    unit: 'ratio',
    width: 6,
    queries: [
      {
        expr: 'sum by (target) ($requestUnitsPerSecond{$on}) / sum by (target) ($provisionedPerSecond{$on})',
        legend: '{{target}}',
      },
    ],
  },
  {
    title: 'Throughput paid for and not used',
    description:
      'Provisioned minus consumed RU/s, by container. What stays high day and night is money; what falls to zero at peaks is throttled then.',
    kind: 'timeseries',
    unit: 'count',
    width: 12,
    queries: [
      {
        expr: 'topk(20, sum by (target, database, container) ($provisionedPerSecond{$on}) - sum by (target, database, container) ($requestUnitsPerSecond{$on}))',
        legend: '{{target}} · {{database}}/{{container}}',
      },
    ],
  },
  {
    title: 'Utilisation judged by the objective',
    description:
      'The value behind `request_unit_utilization_ratio`. Below the band throughput can be lowered, above it requests will be throttled.',
    kind: 'timeseries',
    unit: 'ratio',
    width: 12,
    objective: 'request_unit_utilization_ratio',
    queries: [
      {
        expr: 'max by (target, subject) ($objectiveValue{$on,objective="request_unit_utilization_ratio"})',
        legend: '{{target}} · {{subject}}',
        usuallyEmpty: 'less than a day of minutes was seen.',
      },
    ],
  },
  {
    title: 'Least throughput allowed',
    description:
      'What each container may be lowered to. Where it is near what is provisioned, only fewer data or regions save money.',
    kind: 'timeseries',
    unit: 'count',
    width: 12,
    queries: [
      {
        expr: 'topk(20, max by (target, database, container) ($minimumPerSecond{$on}))',
        legend: '{{target}} · {{database}}/{{container}}',
      },
    ],
  },
];

const storage: readonly PlannedPanel[] = [
  {
    title: 'Space by target',
    description: 'Space that all databases of a target take on disk.',
    kind: 'timeseries',
    unit: 'bytes',
    width: 12,
    queries: [{ expr: 'sum by (target, engine) ($storageBytes{$on})', legend: '{{target}}' }],
  },
  {
    title: 'Biggest databases',
    description:
      'Databases by the space they take, with the forecast at the projection’s date: median and interval of eight in ten.',
    kind: 'table',
    unit: 'bytes',
    width: 12,
    queries: [
      { expr: 'topk(50, max by (target, database) ($storageBytes{$on}))', legend: 'Now' },
      {
        expr: 'max by (target, database) ($storageForecastBytes{$on})',
        legend: 'Expected',
        usuallyEmpty: tooYoung(),
      },
      {
        expr: 'max by (target, database) ($storageForecastLowerBytes{$on})',
        legend: 'At least',
        usuallyEmpty: tooYoung(),
      },
      {
        expr: 'max by (target, database) ($storageForecastUpperBytes{$on})',
        legend: 'At most',
        usuallyEmpty: tooYoung(),
      },
    ],
    table: {
      columns: [
        { title: 'Target', from: 'target' },
        { title: 'Database', from: 'database' },
        { title: 'Now', from: 0, unit: 'bytes' },
        { title: 'Expected', from: 1, unit: 'bytes' },
        { title: 'At least', from: 2, unit: 'bytes' },
        { title: 'At most', from: 3, unit: 'bytes' },
      ],
      sort: { column: 'Now', descending: true },
    },
  },
  {
    title: 'Forecast of storage',
    description: 'Where each database is expected to be at the projection’s date. Dashed: the projection.',
    kind: 'timeseries',
    unit: 'bytes',
    width: 12,
    objective: 'storage_bytes_forecast',
    queries: [
      {
        expr: 'topk(20, max by (target, database) ($storageForecastBytes{$on}))',
        legend: '{{target}} · {{database}}',
      },
    ],
    usuallyEmpty: tooYoung(),
  },
  {
    title: 'Space is used up',
    description: 'When the capacity that the configuration gives is full by the median of the forecast.',
    kind: 'table',
    unit: 'timestamp',
    width: 12,
    queries: [{ expr: 'min by (target) ($storageFullTimestamp{$on})', legend: 'Full' }],
    table: {
      columns: [
        { title: 'Target', from: 'target' },
        { title: 'Full', from: 0, unit: 'timestamp' },
      ],
      sort: { column: 'Full', descending: false },
    },
    usuallyEmpty: 'nobody gave a capacity, there is too little history, or it lasts for more than ten years.',
  },
];

function tooYoung(): string {
  return 'a forecast needs two weeks of history.';
}

const sections: readonly CostSection[] = [
  { title: 'BigQuery', engine: 'bigquery', panels: bigquery },
  { title: 'Cosmos DB', engine: 'cosmosdb', panels: cosmosdb },
  { title: 'Storage', panels: storage },
];
