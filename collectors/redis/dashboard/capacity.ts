import type { Panel } from '../../../src/sdk.ts';

export const capacityPanels: readonly Panel[] = [
  {
    title: 'Memory',
    description:
      'Memory allocated, of it the keys and values, as the operating system sees it, and the limit.',
    kind: 'timeseries',
    unit: 'bytes',
    width: 12,
    queries: [
      { expr: 'max by (target, node) ($memoryUsedBytes{$on})', legend: '{{target}} · {{node}} · used' },
      { expr: 'max by (target, node) ($memoryDatasetBytes{$on})', legend: '{{target}} · {{node}} · data' },
      { expr: 'max by (target, node) ($memoryRssBytes{$on})', legend: '{{target}} · {{node}} · resident' },
      { expr: 'max by (target, node) ($memoryLimitBytes{$on})', legend: '{{target}} · {{node}} · limit' },
    ],
    usuallyEmpty: 'the line of the limit is missing where none is set.',
  },
  {
    title: 'Memory of primaries',
    description:
      'What is forecast against a projection (storage_bytes_forecast). Replicas hold the same keys and are left out.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [
      { expr: 'max by (target, node) ($primaryMemoryBytes{$on})', legend: '{{target}} · {{node}}' },
      {
        expr: 'max by (target, database) ($storageForecastUpperBytes{$on})',
        legend: '{{target}} · {{database}} · forecast, upper',
      },
    ],
    objective: 'storage_bytes_forecast',
    usuallyEmpty:
      'the target is a replica that is watched alone; a forecast needs a projection and days of history.',
  },
  {
    title: 'Keys',
    description:
      'Keys by database, and those of them that have a time to live. Keys without one in a cache stay until they are evicted.',
    kind: 'timeseries',
    unit: 'count',
    width: 12,
    queries: [
      {
        expr: 'max by (target, node, database) ($keys{$on})',
        legend: '{{target}} · {{node}} · {{database}}',
      },
      {
        expr: 'max by (target, node, database) ($keysWithExpiry{$on})',
        legend: '{{target}} · {{node}} · {{database}} · with time to live',
      },
    ],
    usuallyEmpty: 'the server holds no key.',
  },
  {
    title: 'Clients against the limit',
    description: 'Part of maxclients that is connected. At 100 % new ones are refused.',
    kind: 'timeseries',
    unit: 'ratio',
    queries: [
      {
        expr: 'max by (target, node) ($clientsConnected{$on}) / max by (target, node) ($clientsLimit{$on})',
        legend: '{{target}} · {{node}}',
      },
    ],
    thresholds: { warning: 0.8, critical: 0.95 },
  },
  {
    title: 'Memory of clients',
    description:
      'Memory of the connections of clients. It grows with clients that do not read their answers.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [{ expr: 'max by (target, node) ($memoryClientsBytes{$on})', legend: '{{target}} · {{node}}' }],
  },
  {
    title: 'Fragmentation',
    description:
      'Memory the operating system sees for each byte allocated. Above 1.5 on a large server: waste. Below 1: swapped out. It says little below 100 MB.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      { expr: 'max by (target, node) ($memoryFragmentationRatio{$on})', legend: '{{target}} · {{node}}' },
    ],
  },
  {
    title: 'Replication backlog',
    description:
      'Stream kept for replicas that come back. A replica that misses more is synchronised from scratch: raise repl-backlog-size.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [{ expr: 'max by (target, node) ($backlogBytes{$on})', legend: '{{target}} · {{node}}' }],
  },
  {
    title: 'Largest key',
    description:
      'Size of the largest key that the walk in the background found. Large keys make single commands slow and move badly between nodes.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [{ expr: 'max by (target, node) ($largestKeyBytes{$on})', legend: '{{target}} · {{node}}' }],
    usuallyEmpty: 'the server holds no key, or the walk is switched off.',
  },
  {
    title: 'Hash slots',
    description:
      'Hash slots as each node sees them. 16,384 have to be assigned and ok; any in pfail or fail cannot be served.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target, state) ($clusterSlots{$on})', legend: '{{target}} · {{state}}' }],
    usuallyEmpty: 'none of these servers is part of a Redis Cluster.',
  },
];
