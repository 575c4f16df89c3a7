/** A dashboard as data; Grafana JSON is rendered from it (`reeve generate`). Queries name metrics by key, as in `alert-rule.ts`. */

import type { ObjectiveId } from './objective.ts';

/** In the order in which they stand on an engine's dashboard. */
export const dashboardSections = ['health', 'problems', 'performance', 'capacity', 'maintenance'] as const;
export type DashboardSection = (typeof dashboardSections)[number];

/** The panels of one engine. A section without panels is left out. */
export type EngineDashboard = Readonly<Record<DashboardSection, readonly Panel[]>>;

export type PanelKind = 'timeseries' | 'stat' | 'gauge' | 'bar-gauge' | 'table' | 'state-timeline';

/** What a panel shows; `…PerSecond` is a rate of it. */
export type PanelUnit =
  | 'seconds'
  | 'bytes'
  | 'bytesPerSecond'
  | 'perSecond'
  | 'ratio'
  | 'usd'
  | 'timestamp'
  | 'count'
  | 'state';

export interface Panel {
  readonly title: string;
  /** What it shows, what is normal, and what to do when it is not. Never empty. */
  readonly description: string;
  readonly kind: PanelKind;
  readonly unit: PanelUnit;
  readonly queries: readonly PanelQuery[];
  /** Columns of 24; 8 unless set. */
  readonly width?: 4 | 6 | 8 | 12 | 24;
  /** The bound of this objective is drawn as threshold: its default as a line, the one in force as a query. */
  readonly objective?: ObjectiveId;
  /** Where no objective stands behind it: values from which it is yellow and red. */
  readonly thresholds?: { readonly warning: number; readonly critical: number; readonly below?: true };
  /** Why a fresh and healthy system has no such series, where it has none. */
  readonly usuallyEmpty?: string;
}

export interface PanelQuery {
  /**
   * PromQL with `$key` for metric names. The selector `{$on}` is the dashboard's variables (`job`, `target`); write
   * `rate($commits{$on}[$__rate_interval])`.
   */
  readonly expr: string;
  /** Grafana's `{{label}}` notation. */
  readonly legend: string;
  /** Set for a query that gives no series on a fresh and healthy system although the panel's others do: why. */
  readonly usuallyEmpty?: string;
}

/** A panel over time, 8 columns wide unless `more` says otherwise. */
export function overTime(
  title: string,
  unit: PanelUnit,
  queries: readonly [OverTimeQuery, ...OverTimeQuery[]],
  description: string,
  more: Partial<Panel> = {},
): Panel {
  return {
    title,
    description,
    kind: 'timeseries',
    unit,
    queries: queries.map(([expr, legend]) => ({ expr, legend })),
    ...more,
  };
}

type OverTimeQuery = readonly [expr: string, legend: string];
