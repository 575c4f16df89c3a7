import type { MetricDefinition, Unit } from '../core/metric.ts';

/**
 * The name over OTLP: the one the definition gives, or its own with the namespace in dots: `reeve_postgres_index_hit_ratio` becomes
 * `reeve.postgres.index_hit_ratio`, `reeve_replication_lag_seconds` becomes `reeve.replication_lag_seconds`. `_total` goes, because a
 * monotonic sum says it. Other unit suffixes stay: seconds and bytes of one thing are two metrics, and translating back to Prometheus
 * gives the names of our own page.
 */
export function otlpName(metric: MetricDefinition, engines: ReadonlySet<string>): string {
  return metric.otlp ?? dotNamespace(metric.name, engines);
}

/** As `otlpName` for a name without definition; also knows prom-client's `process_` and `nodejs_`. */
export function dotNamespace(name: string, engines: ReadonlySet<string>): string {
  const [first = '', second = '', ...rest] = name.replace(/_total$/, '').split('_');
  if (!namespaces.has(first) || second === '') return [first, second, ...rest].filter(Boolean).join('_');
  const hasEngine = engines.has(second) && rest.length > 0;
  return hasEngine ? `${first}.${second}.${rest.join('_')}` : `${first}.${[second, ...rest].join('_')}`;
}

const namespaces: ReadonlySet<string> = new Set(['reeve', 'process', 'nodejs']);

/** Base units in UCUM. Plain numbers carry none: `1` would make translators to Prometheus append `_ratio`. */
export const ucumUnits = {
  seconds: 's',
  bytes: 'By',
  ratio: '1',
  timestamp: 's',
  usd: '{USD}',
  none: '',
} as const satisfies Record<Unit, string>;

/** The unit that the name of a metric of the process ends in. */
export function unitOfName(name: string): string {
  const stem = name.replace(/_total$/, '');
  if (stem.endsWith('_seconds')) return ucumUnits.seconds;
  return stem.endsWith('_bytes') ? ucumUnits.bytes : ucumUnits.none;
}
