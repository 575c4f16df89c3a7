import type { PlannedPanel } from './plan.ts';

/** Spend against its budget, who causes it, and what storage costs. */
export const bigqueryCost: readonly PlannedPanel[] = [
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
