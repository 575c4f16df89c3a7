import type { PlannedPanel } from './plan.ts';

const tooYoung = 'a forecast needs two weeks of history.';

/** Space of all engines, and what it will be. */
export const storageCost: readonly PlannedPanel[] = [
  {
    title: 'Space by target',
    description: 'Space that all databases of a target take on disk.',
    kind: 'timeseries',
    unit: 'bytes',
    width: 12,
    queries: [
      {
        expr: 'sum by (target, engine) (max by (target, engine, database) ($storageBytes{$on}))',
        legend: '{{target}}',
      },
    ],
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
        usuallyEmpty: tooYoung,
      },
      {
        expr: 'max by (target, database) ($storageForecastLowerBytes{$on})',
        legend: 'At least',
        usuallyEmpty: tooYoung,
      },
      {
        expr: 'max by (target, database) ($storageForecastUpperBytes{$on})',
        legend: 'At most',
        usuallyEmpty: tooYoung,
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
    usuallyEmpty: tooYoung,
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
