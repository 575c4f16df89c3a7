import type { PlannedPanel } from './plan.ts';

/** The page and the pushes, the store, and the process itself. */
export const outputPanels: readonly PlannedPanel[] = [
  {
    title: 'Size of the page',
    description: 'Samples in the latest scrape of each agent.',
    kind: 'timeseries',
    unit: 'count',
    width: 6,
    queries: [{ expr: 'max by (instance) (scrape_samples_scraped{$on})', legend: '{{instance}}' }],
  },
  {
    title: 'Time of a scrape',
    description:
      'How long Prometheus waits for the page. A scrape asks no database, so it stays below a second.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 6,
    queries: [{ expr: 'max by (instance) (scrape_duration_seconds{$on})', legend: '{{instance}}' }],
    thresholds: { warning: 1, critical: 5 },
  },
  {
    title: 'Pushed over OTLP',
    description: 'Batches a second that were sent to the OTLP endpoint, by outcome.',
    kind: 'timeseries',
    unit: 'perSecond',
    width: 6,
    queries: [
      {
        expr: 'sum by (signal, outcome) (rate($otlpExportsTotal{$on}[$__rate_interval]))',
        legend: '{{signal}} · {{outcome}}',
      },
    ],
    usuallyEmpty: 'no OTLP endpoint is configured.',
  },
  {
    title: 'Store errors',
    description:
      'Writes to the store that failed, a second. They are tried again; a restart meanwhile loses them. Look at the disk.',
    kind: 'timeseries',
    unit: 'perSecond',
    width: 6,
    queries: [
      { expr: 'sum by (instance) (rate($storeErrorsTotal{$on}[$__rate_interval]))', legend: '{{instance}}' },
    ],
    usuallyEmpty: 'no write has failed since the agent started.',
  },
];

export const processPanels: readonly PlannedPanel[] = [
  {
    title: 'CPU',
    description: 'Part of one core that the agent uses.',
    kind: 'timeseries',
    unit: 'ratio',
    width: 8,
    queries: [
      {
        expr: 'sum by (instance) (rate(process_cpu_seconds_total{$on}[$__rate_interval]))',
        legend: '{{instance}}',
      },
    ],
    thresholds: { warning: 0.7, critical: 0.9 },
  },
  {
    title: 'Memory',
    description: 'Memory of the process, and what of it JavaScript objects take.',
    kind: 'timeseries',
    unit: 'bytes',
    width: 8,
    queries: [
      { expr: 'max by (instance) (process_resident_memory_bytes{$on})', legend: '{{instance}} resident' },
      { expr: 'max by (instance) (nodejs_heap_size_used_bytes{$on})', legend: '{{instance}} heap' },
    ],
  },
  {
    title: 'Event loop',
    description:
      'How long work waits for the event loop, worst hundredth. Above 100 ms collections begin late.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 8,
    queries: [{ expr: 'max by (instance) (nodejs_eventloop_lag_p99_seconds{$on})', legend: '{{instance}}' }],
    thresholds: { warning: 0.1, critical: 0.5 },
  },
  {
    title: 'Garbage collection',
    description:
      'Part of the time that goes to collecting garbage, by kind. Much of `major`: memory is nearly used up.',
    kind: 'timeseries',
    unit: 'ratio',
    width: 8,
    queries: [
      {
        expr: 'sum by (instance, kind) (rate(nodejs_gc_duration_seconds_sum{$on}[$__rate_interval]))',
        legend: '{{instance}} · {{kind}}',
      },
    ],
  },
  {
    title: 'Open files',
    description: 'Open file descriptors, connections included, and how many are allowed.',
    kind: 'timeseries',
    unit: 'count',
    width: 8,
    queries: [
      { expr: 'max by (instance) (process_open_fds{$on})', legend: '{{instance}} open' },
      { expr: 'max by (instance) (process_max_fds{$on})', legend: '{{instance}} allowed' },
    ],
  },
  {
    title: 'Active resources',
    description:
      'Sockets, timers and requests that keep the event loop busy, by type. A type that only grows is a leak.',
    kind: 'timeseries',
    unit: 'count',
    width: 8,
    queries: [
      { expr: 'max by (instance, type) (nodejs_active_resources{$on})', legend: '{{instance}} · {{type}}' },
    ],
  },
];
