import type { PanelUnit } from '../../src/core/dashboard.ts';
import type { Unit } from '../../src/core/metric.ts';

/** Grafana's names of the units (`packages/grafana-data/src/valueFormats/categories.ts`). */
export const grafanaUnits: Readonly<Record<PanelUnit, string>> = {
  seconds: 's',
  bytes: 'bytes',
  bytesPerSecond: 'binBps',
  perSecond: 'cps',
  ratio: 'percentunit',
  usd: 'currencyUSD',
  timestamp: 'dateTimeFromNow',
  count: 'short',
  state: 'bool_yes_no',
};

/** How a panel shows what a metric is measured in. */
export const panelUnits: Readonly<Record<Unit, PanelUnit>> = {
  seconds: 'seconds',
  bytes: 'bytes',
  ratio: 'ratio',
  timestamp: 'timestamp',
  usd: 'usd',
  none: 'count',
};

/** Grafana counts time in milliseconds, Prometheus in seconds. */
export function inGrafanaUnit(expr: string, unit: PanelUnit): string {
  return unit === 'timestamp' ? `(${expr}) * 1000` : expr;
}
