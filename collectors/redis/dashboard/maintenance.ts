import type { Panel } from '../../../src/sdk.ts';

export const maintenancePanels: readonly Panel[] = [
  {
    title: 'Age of the latest snapshot',
    description:
      'Time since the latest snapshot to disk succeeded. Without an append-only file, a crash loses as much.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [{ expr: 'max by (target, node) ($lastSaveAgeSeconds{$on})', legend: '{{target}} · {{node}}' }],
    usuallyEmpty: 'there was no snapshot since the start.',
  },
  {
    title: 'Writes since the latest snapshot',
    description: 'Writes that are in no snapshot yet.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target, node) ($changesSinceSave{$on})', legend: '{{target}} · {{node}}' }],
  },
  {
    title: 'Time a snapshot takes',
    description: 'How long the latest snapshot took. It grows with the data and with a busy disk.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [
      { expr: 'max by (target, node) ($lastSaveDurationSeconds{$on})', legend: '{{target}} · {{node}}' },
    ],
    usuallyEmpty: 'there was no snapshot since the start.',
  },
  {
    title: 'Append-only file',
    description: 'Size of the append-only file. It grows until it is rewritten.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [{ expr: 'max by (target, node) ($aofSizeBytes{$on})', legend: '{{target}} · {{node}}' }],
    usuallyEmpty: 'the append-only file is off.',
  },
  {
    title: 'Keys expired',
    description: 'Keys a second that were removed because their time to live had passed.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node) (rate($expiredKeysTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}}',
      },
    ],
  },
  {
    title: 'Expired keys that still take memory',
    description:
      'Estimated part of the keys with a time to live that have expired and were not removed yet. Above 10 % the server does not keep up: raise active-expire-effort.',
    kind: 'timeseries',
    unit: 'ratio',
    queries: [{ expr: 'max by (target, node) ($expiredStaleRatio{$on})', legend: '{{target}} · {{node}}' }],
    thresholds: { warning: 0.1, critical: 0.25 },
  },
  {
    title: 'Time to live',
    description: 'Estimated average time to live of the keys that have one.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [
      {
        expr: 'max by (target, node, database) ($averageTtlSeconds{$on})',
        legend: '{{target}} · {{node}} · {{database}}',
      },
    ],
    usuallyEmpty: 'no key has a time to live.',
  },
  {
    title: 'Objects to be freed',
    description: 'Deleted objects whose memory is still to be freed in the background.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target, node) ($lazyFreePending{$on})', legend: '{{target}} · {{node}}' }],
  },
  {
    title: 'Walk over the keys',
    description: 'How much of the keys the walk behind the biggest keys has seen.',
    kind: 'timeseries',
    unit: 'ratio',
    queries: [{ expr: 'max by (target, node) ($keyScanCoverage{$on})', legend: '{{target}} · {{node}}' }],
    usuallyEmpty: 'the server holds no key, or the walk is switched off.',
  },
  {
    title: 'Servers and versions',
    description: 'Product, version and mode of each server.',
    kind: 'table',
    unit: 'count',
    width: 12,
    queries: [{ expr: 'max by (target, node, product, version, mode) ($serverInfo{$on})', legend: '' }],
  },
  {
    title: 'What happens at the memory limit',
    description:
      'The eviction policy of each server. noeviction refuses writes; a cache wants allkeys-lru or allkeys-lfu.',
    kind: 'table',
    unit: 'count',
    width: 12,
    queries: [{ expr: 'max by (target, node, policy) ($memoryPolicy{$on})', legend: '' }],
  },
];
