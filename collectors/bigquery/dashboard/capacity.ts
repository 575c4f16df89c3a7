import { overTime, type Panel } from '../../../src/sdk.ts';

const breakdown = 'nobody spent anything in the last day, or the breakdown (every 6 hours) was not read yet.';

export const capacityPanels: readonly Panel[] = [
  overTime(
    'Spend by window',
    'usd',
    [['max by (target, project, window) ($spendUsd{$on})', '{{project}} {{window}}']],
    'Today, the last day, the last week and the month to date.',
    { kind: 'bar-gauge' },
  ),
  overTime(
    'Spend on demand',
    'usd',
    [['max by (target, project) ($onDemandSpendUsd{$on,window="month"})', '{{project}}']],
    'What is billed by bytes this month, beyond the free TiB.',
  ),
  overTime(
    'Spend on capacity',
    'usd',
    [
      [
        'max by (target, project, reservation) ($reservationSpendUsd{$on,window="month"})',
        '{{project}} {{reservation}}',
      ],
    ],
    'What reservations and commitments cost this month, used or not.',
    { usuallyEmpty: 'the project has no reservation.' },
  ),
  overTime(
    'Bytes billed',
    'bytes',
    [['max by (target, project) ($billedBytes{$on,window="last_24h"})', '{{project}}']],
    'Bytes of on-demand work in the last day, free ones included.',
  ),
  overTime(
    'Who spends',
    'usd',
    [['topk(20, max by (target, project, user) ($userSpendUsd{$on,window="last_24h"}))', '{{user}}']],
    'The most expensive users of the last day; by the option `users` hashed or left out.',
    { kind: 'bar-gauge', usuallyEmpty: breakdown },
  ),
  overTime(
    'Which patterns cost',
    'usd',
    [
      [
        'topk(20, max by (target, project, pattern) ($patternSpendUsd{$on,window="last_24h"}))',
        '{{pattern}}',
      ],
    ],
    'Queries that differ only in their literals. The hash is in INFORMATION_SCHEMA.JOBS, query_info.query_hashes.',
    { kind: 'bar-gauge', usuallyEmpty: breakdown },
  ),
  overTime(
    'Spend by kind of statement',
    'usd',
    [['max by (target, project, statement) ($statementSpendUsd{$on,window="last_24h"})', '{{statement}}']],
    'SELECT, MERGE, loads and others in the last day.',
    { kind: 'bar-gauge', usuallyEmpty: breakdown },
  ),
  overTime(
    'Spend by label',
    'usd',
    [
      [
        'topk(20, max by (target, project, job_label, value) ($labelSpendUsd{$on,window="last_24h"}))',
        '{{job_label}} {{value}}',
      ],
    ],
    'By the labels of jobs that the option `jobLabels` names.',
    { kind: 'bar-gauge', usuallyEmpty: 'the option `jobLabels` names none.' },
  ),
  overTime(
    'Size of datasets',
    'bytes',
    [['topk(20, max by (target, database) ($storageBytes{$on}))', '{{target}} · {{database}}']],
    'Physical bytes, time travel and fail-safe included.',
    { objective: 'storage_bytes_forecast', usuallyEmpty: 'sizes are read every hour.' },
  ),
  overTime(
    'Storage by kind',
    'bytes',
    [['max by (target, project, kind) ($storageKindBytes{$on})', '{{project}} {{kind}}']],
    'Much time travel: tables are replaced as a whole again and again.',
    { usuallyEmpty: 'sizes are read every hour.' },
  ),
  overTime(
    'Storage in a month',
    'usd',
    [['max by (target, project, model) ($storageUsdPerMonth{$on})', '{{project}} {{model}}']],
    'What a month of the present storage costs, each dataset by its own billing model.',
    { usuallyEmpty: 'sizes are read every hour.' },
  ),
];
