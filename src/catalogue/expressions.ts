import type { MetricDefinition } from '../core/metric.ts';

/** Where names of metrics are looked up by their key. */
export type NamedMetrics = Readonly<Record<string, Pick<MetricDefinition, 'name'>>>;

/** PromQL in which `$key` stands for the name of a metric of these tables; the first that has the key wins. */
export interface Expressions {
  /** @throws {Error} when a key is in none of the tables. */
  readonly expand: (expression: string) => string;
  /** The keys that an expression names. */
  readonly keysOf: (expression: string) => readonly string[];
}

/** Grafana's own `$__rate_interval` and the selector `{$on}` of dashboards are left alone. */
const keyPattern = /\$(?!on\b)([A-Za-z][A-Za-z0-9]*)/g;

export function createExpressions(tables: readonly NamedMetrics[]): Expressions {
  return {
    expand: (expression) =>
      expression.replace(keyPattern, (_, key: string) => {
        const metric = tables.find((table) => Object.hasOwn(table, key))?.[key];
        if (metric !== undefined) return metric.name;
        throw new Error(`no metric has the key ${key}, named by $${key} in: ${expression}`);
      }),
    keysOf: (expression) => [...expression.matchAll(keyPattern)].map(([, key = '']) => key),
  };
}
