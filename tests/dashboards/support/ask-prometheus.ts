import { z } from 'zod';
import type { PrometheusServer } from '../../support/prometheus/server.ts';
import {
  type DashboardFile,
  type DashboardTarget,
  type DashboardVariable,
  queryPanels,
  variableQuery,
} from './dashboard-file.ts';
import { expandMacros, legendLabels, type MacroValues, parseLabelValues } from './grafana-macros.ts';

/** What a query of a dashboard gave. */
export interface QueryOutcome {
  /** `reeve-overview: Scorecard, worst first: A` */
  readonly where: string;
  readonly expr: string;
  readonly series: number;
  /** Why Prometheus refused it. */
  readonly fault: string | undefined;
  /** Labels that the legend names and no series has. */
  readonly missingLabels: readonly string[];
}

/** Short windows: the test's Prometheus scrapes once a second and has been running for less than a minute. */
const windows = { rateInterval: '15s', interval: '5s', range: '2m' } as const;

const Series = z.array(z.object({ metric: z.record(z.string(), z.string()) }));
const Result = z.object({ result: Series });
const Values = z.array(z.string());

/** Resolves the variables in order, as Grafana does when somebody opens the dashboard: what is chosen first is All. */
export async function resolveVariables(
  prometheus: PrometheusServer,
  dashboard: DashboardFile,
): Promise<{ readonly values: MacroValues; readonly found: Readonly<Record<string, readonly string[]>> }> {
  const found: Record<string, readonly string[]> = {};
  const variables: Record<string, string> = {};
  for (const variable of dashboard.templating.list) {
    const query = variableQuery(variable);
    if (query === '') continue;
    const { series, label } = parseLabelValues(expandMacros(query, { ...windows, variables }));
    const path = `/api/v1/label/${label}/values?match[]=${encodeURIComponent(series)}`;
    const values = Values.parse(await prometheus.api(path));
    found[variable.name] = values;
    variables[variable.name] = chosen(variable, values);
  }
  return { values: { ...windows, variables }, found };
}

function chosen({ allValue }: DashboardVariable, values: readonly string[]): string {
  return allValue ?? values[0] ?? '';
}

/** Runs every query of every panel, and of the annotations. */
export async function runQueries(
  prometheus: PrometheusServer,
  dashboard: DashboardFile,
  values: MacroValues,
): Promise<readonly QueryOutcome[]> {
  const queries = queryPanels(dashboard).flatMap(({ title, targets }) =>
    targets.map((target) => ({ where: `${dashboard.uid}: ${title}: ${target.refId}`, target })),
  );
  const marks = dashboard.annotations.list.map(({ name, expr }) => ({
    where: `${dashboard.uid}: annotation ${name}`,
    target: { refId: 'Anno', expr, legendFormat: '' },
  }));
  return Promise.all(
    [...queries, ...marks].map(({ where, target }) => runQuery(prometheus, where, target, values)),
  );
}

async function runQuery(
  prometheus: PrometheusServer,
  where: string,
  target: DashboardTarget,
  values: MacroValues,
): Promise<QueryOutcome> {
  const expr = expandMacros(target.expr, values);
  const query = encodeURIComponent(expr);
  try {
    await prometheus.api(`/api/v1/format_query?query=${query}`);
    const end = Date.now() / 1_000;
    const path =
      target.instant === true
        ? `/api/v1/query?query=${query}`
        : `/api/v1/query_range?query=${query}&start=${end - 60}&end=${end}&step=5`;
    const { result } = Result.parse(await prometheus.api(path));
    const missingLabels = labelsMissing(target.legendFormat, result);
    return { where, expr, series: result.length, fault: undefined, missingLabels };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { where, expr, series: 0, fault, missingLabels: [] };
  }
}

function labelsMissing(legend: string, result: z.infer<typeof Series>): readonly string[] {
  if (result.length === 0) return [];
  return legendLabels(legend).filter((label) => !result.some(({ metric }) => Object.hasOwn(metric, label)));
}
