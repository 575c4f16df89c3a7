import { overTime, type Panel } from '../../../src/sdk.ts';

export const maintenancePanels: readonly Panel[] = [
  overTime(
    'Costly tables without a sparing layout',
    'count',
    [
      [
        'max by (target, project, region, problem) ($costlyTables{$on})',
        '{{project}} {{region}} {{problem}}',
      ],
    ],
    'Among the tables that queries of the last week read most: without partitions, without a required filter on them, without clustering.',
    { kind: 'bar-gauge', usuallyEmpty: 'tables are looked at every 6 hours.' },
  ),
  overTime(
    'Recommendations of BigQuery',
    'count',
    [
      [
        'max by (target, project, region, recommender) ($recommendations{$on})',
        '{{project}} {{region}} {{recommender}}',
      ],
    ],
    'What BigQuery itself advises to save money, from the last 30 days.',
    { kind: 'stat', usuallyEmpty: 'BigQuery recommends nothing, or was not asked yet (once a day).' },
  ),
  overTime(
    'Savings that BigQuery expects',
    'usd',
    [
      [
        'sum by (target, project) (max by (target, project, region, recommender) ($recommendedSavingsUsd{$on}))',
        '{{project}}',
      ],
    ],
    'In a month, bytes at the on-demand price.',
    { kind: 'stat', usuallyEmpty: 'BigQuery recommends nothing, or was not asked yet (once a day).' },
  ),
  overTime(
    'What watching costs',
    'usd',
    [['max by (target, project, window) ($ownSpendUsd{$on})', '{{project}} {{window}}']],
    'Queries of Reeve at the list price; a few cents a day are usual. They are part of the spend.',
    { thresholds: { warning: 0.5, critical: 1 }, usuallyEmpty: 'Reeve has not sent a query yet.' },
  ),
  overTime(
    'Own spend complete since',
    'timestamp',
    [['max by (target, project, window) ($ownSpendSince{$on})', '{{project}} {{window}}']],
    'Since when the cost of watching is counted; later than the window where Reeve began within it.',
    { kind: 'stat', usuallyEmpty: 'Reeve has not sent a query yet.' },
  ),
];
