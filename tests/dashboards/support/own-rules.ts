import type { MetricDefinition } from '../../../src/core/metric.ts';
import { type DashboardFile, type DashboardPanel, queryPanels } from './dashboard-file.ts';
import { legendLabels } from './grafana-macros.ts';
import type { Rule } from './lint.ts';
import { parseQuery } from './promql.ts';

/** Rules that Grafana's linter does not have. */
export function ownRules(metrics: ReadonlyMap<string, MetricDefinition>): readonly Rule[] {
  return [
    { name: 'own-ids', check: idFaults },
    { name: 'own-grid', check: gridFaults },
    { name: 'own-fixed-window', check: (dashboard) => queryFaults(dashboard, windowFault) },
    {
      name: 'own-labels',
      check: (dashboard) => queryFaults(dashboard, (expr, legend) => labelFault(metrics, expr, legend)),
    },
    { name: 'own-target-matcher', check: (dashboard) => targetFaults(metrics, dashboard) },
    { name: 'own-counts-once', check: (dashboard) => queryFaults(dashboard, doubleFault) },
    { name: 'own-legend', check: legendFaults },
    { name: 'own-link-to-others', check: linkFaults },
    { name: 'own-present-series', check: variableFaults },
  ];
}

function idFaults({ panels }: DashboardFile): readonly string[] {
  return panels.flatMap(({ id, title }, index) => (id === index + 1 ? [] : [`${title} has the id ${id}`]));
}

function gridFaults({ panels }: DashboardFile): readonly string[] {
  return panels.flatMap((panel, index) => {
    const { x, w } = panel.gridPos;
    const hidden = panels.slice(0, index).find((other) => overlap(panel, other));
    return [
      ...(x >= 0 && w > 0 && x + w <= 24 ? [] : [`${panel.title} reaches over the edge`]),
      ...(hidden === undefined ? [] : [`${panel.title} lies on ${hidden.title}`]),
    ];
  });
}

function overlap({ gridPos: a }: DashboardPanel, { gridPos: b }: DashboardPanel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

function queryFaults(
  dashboard: DashboardFile,
  check: (expr: string, legend: string) => string | undefined,
): readonly string[] {
  const queries = queryPanels(dashboard).flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
  );
  const marks = dashboard.annotations.list.map(({ name, expr }) => ({ title: name, expr, legendFormat: '' }));
  return [...queries, ...marks].flatMap(({ title, expr, legendFormat }) => {
    const fault = check(expr, legendFormat);
    return fault === undefined ? [] : [`${title}: ${fault}`];
  });
}

const graphWindows = new Set(['$__rate_interval', '$__range', '$__interval']);

function windowFault(expr: string): string | undefined {
  const fixed = parseQuery(expr).selectors.find(
    ({ range }) => range !== undefined && !graphWindows.has(range),
  );
  return fixed === undefined ? undefined : `${fixed.metric} over a fixed window of ${fixed.range}`;
}

/** What two agents say of one target is not twice as much. `0 * sum(…)` is a zero anyway; a count by version is one of members. */
function doubleFault(expr: string): string | undefined {
  const [found] =
    expr.match(/(?<!0 \* )\b(?:sum|count)(?: by \([^)]*\))? ?\(reeve_(?!targets|build_info)\w+/) ?? [];
  return found === undefined ? undefined : `${found} counts twice what two agents watch`;
}

/** On every series, or put there by Prometheus. */
const everywhere = new Set(['target', 'engine', 'job', 'instance']);

/** A label that no metric of the query has makes it empty, and nobody would notice where it usually is. */
function labelFault(
  metrics: ReadonlyMap<string, MetricDefinition>,
  expr: string,
  legend: string,
): string | undefined {
  const { selectors, labels } = parseQuery(expr);
  for (const { metric, matchers } of selectors) {
    const known = metrics.get(metric);
    if (known === undefined && metric.startsWith('reeve_')) return `nobody declares ${metric}`;
    if (known === undefined) continue;
    const wrong = matchers.find(({ label }) => !(label in known.labels || everywhere.has(label)));
    if (wrong !== undefined) return `${metric} has no label ${wrong.label}`;
  }
  const tables = selectors.map(({ metric }) => metrics.get(metric));
  if (tables.includes(undefined)) return undefined;
  const all = new Set([...everywhere, ...tables.flatMap((metric) => Object.keys(metric?.labels ?? {}))]);
  const unknown = [...labels, ...legendLabels(legend)].find((label) => !all.has(label));
  return unknown === undefined ? undefined : `no metric of the query has the label ${unknown}`;
}

/** Metrics about the agent as a whole, which have no target. */
function targetFaults(
  metrics: ReadonlyMap<string, MetricDefinition>,
  dashboard: DashboardFile,
): readonly string[] {
  if (!dashboard.templating.list.some(({ name }) => name === 'target')) return [];
  return queryFaults(dashboard, (expr) => {
    const loose = parseQuery(expr).selectors.find(
      ({ metric, matchers }) =>
        isAboutTargets(metrics.get(metric)) &&
        !matchers.some(({ label, value }) => label === 'target' && value === '$target'),
    );
    return loose === undefined ? undefined : `${loose.metric} without target=~"$target"`;
  });
}

function isAboutTargets(metric: MetricDefinition | undefined): boolean {
  return metric !== undefined && (metric.group !== 'agent' || metric.name === 'reeve_snapshot_age_seconds');
}

/** A graph whose lines have no name cannot be read. */
function legendFaults(dashboard: DashboardFile): readonly string[] {
  return queryPanels(dashboard).flatMap(({ title, type, targets }) =>
    (type === 'timeseries' || type === 'state-timeline') &&
    targets.some(({ legendFormat }) => legendFormat === '')
      ? [`${title}: a query has no legend`]
      : [],
  );
}

function linkFaults({ links, tags }: DashboardFile): readonly string[] {
  const leadsToOthers = links.some(({ type }) => type === 'dashboards') && tags.includes('reeve');
  return leadsToOthers ? [] : ['does not lead to the other dashboards'];
}

const alwaysThere = ['reeve_build_info', 'reeve_target_up', 'reeve_control_info'];

/** A variable on a series that is gone while a database is down would empty the whole dashboard. */
function variableFaults({ templating }: DashboardFile): readonly string[] {
  return templating.list
    .filter(({ type }) => type === 'query')
    .filter(
      ({ definition }) =>
        !alwaysThere.some((metric) => String(definition).startsWith(`label_values(${metric}`)),
    )
    .map(({ name, definition }) => `${name} is built on ${String(definition)}`);
}
