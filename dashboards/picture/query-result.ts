import { z } from 'zod';
import { resolveVariables } from '../../tests/dashboards/support/ask-prometheus.ts';
import { type DashboardFile, type DashboardPanel } from '../../tests/dashboards/support/dashboard-file.ts';
import { expandMacros, type MacroValues } from '../../tests/dashboards/support/grafana-macros.ts';
import type { PrometheusServer } from '../../tests/support/prometheus/server.ts';

export interface ResultSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** By time, Unix time in seconds. */
  readonly values: readonly { readonly at: number; readonly value: number }[];
}

export interface QueryResult {
  readonly refId: string;
  readonly legend: string;
  readonly series: readonly ResultSeries[];
}

export interface TimeRange {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

const Point = z.tuple([z.number(), z.string().transform(Number)]);
const Result = z.object({
  result: z.array(
    z.object({
      metric: z.record(z.string(), z.string()),
      value: Point.optional(),
      values: z.array(Point).optional(),
    }),
  ),
});

/** Runs the panels' queries as Grafana would: by id of the panel. */
export async function readPanels(
  prometheus: PrometheusServer,
  dashboard: DashboardFile,
  range: TimeRange,
): Promise<ReadonlyMap<number, readonly QueryResult[]>> {
  const { values } = await resolveVariables(prometheus, dashboard);
  const results = await Promise.all(
    dashboard.panels.map(
      async (panel) => [panel.id, await readPanel(prometheus, panel, values, range)] as const,
    ),
  );
  return new Map(results);
}

function readPanel(
  prometheus: PrometheusServer,
  { targets }: DashboardPanel,
  values: MacroValues,
  { fromSeconds, toSeconds }: TimeRange,
): Promise<readonly QueryResult[]> {
  return Promise.all(
    targets.map(async ({ refId, expr, legendFormat, instant }) => {
      const query = encodeURIComponent(expandMacros(expr, values));
      const path =
        instant === true
          ? `/api/v1/query?query=${query}&time=${toSeconds}`
          : `/api/v1/query_range?query=${query}&start=${fromSeconds}&end=${toSeconds}&step=2`;
      const { result } = Result.parse(await prometheus.api(path));
      const series = result.map(({ metric, value, values: points = [] }) => ({
        labels: metric,
        values: (value === undefined ? points : [value]).map(([at, number]) => ({ at, value: number })),
      }));
      return { refId, legend: legendFormat, series };
    }),
  );
}

/** Grafana's `{{label}}`. */
export function nameOf(legend: string, labels: Readonly<Record<string, string>>): string {
  return legend.replaceAll(/\{\{ *(\w+) *\}\}/g, (_, label: string) => labels[label] ?? '');
}
