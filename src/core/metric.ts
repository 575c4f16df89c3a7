/**
 * What a number means. An engine declares its metrics as a table of these; exposition, OTLP, docs, dashboards and alerts derive
 * from the table, so nothing about a metric is typed twice.
 */

/** Base units only. `none` is a plain number (a count, a state 0/1); `timestamp` is Unix time in seconds; `usd` is US dollars. */
export type Unit = 'seconds' | 'bytes' | 'ratio' | 'timestamp' | 'usd' | 'none';

/** A gauge goes up and down. A counter only grows until its source restarts. */
export type MetricKind = 'gauge' | 'counter';

export interface MetricDefinition {
  /** `reeve_<engine>_<noun>[_<unit>][_total]`; without the engine where several engines share the meaning. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly unit: Unit;
  /** One sentence, without the metric's name. Becomes `# HELP`, the docs' table and the panel description. */
  readonly help: string;
  /** Label name to what it holds. `target` and `engine` are on every series and are not listed. */
  readonly labels: Readonly<Record<string, string>>;
  /** The reading group that emits it: when the group fails, the metric is unknown. */
  readonly group: string;
  /** Where the number comes from, in the server's own words: view and column, command and field. */
  readonly source: string;
  /** Manual page of the source. */
  readonly docs: string;
  /** First server version that offers it. */
  readonly since: string;
  /** What reading it costs the server. */
  readonly cost: string;
  readonly stability: 'stable' | 'experimental' | 'deprecated';
  /** Name over OTLP, where an OpenTelemetry receiver's metric means the same. Default: the name with dots. */
  readonly otlp?: string;
  /** Attribute names over OTLP of labels that semantic conventions have a name for. Default: `database` is `db.namespace`, others as they are. */
  readonly otlpLabels?: Readonly<Record<string, string>>;
}

export type MetricTable = Readonly<Record<string, MetricDefinition>>;

/** Keeps the literal types of a table, so that a wrong metric key or label is a compile error. */
export function defineMetrics<const T extends MetricTable>(table: T): T {
  return table;
}

/** Exactly the labels a metric declares, each a string. */
export type LabelsOf<D extends MetricDefinition> = { readonly [L in keyof D['labels']]: string };

/** Label names that are on every series or that the exporters own; no metric and no configuration may use them. */
export const reservedLabels: readonly string[] = ['target', 'engine', 'instance', 'job', 'le', 'quantile'];
