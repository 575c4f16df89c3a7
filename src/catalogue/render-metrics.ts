import { formatDuration } from '../core/duration.ts';
import type { GroupDefinition } from '../core/engine.ts';
import type { MetricDefinition, MetricTable } from '../core/metric.ts';
import type { Catalogue } from './catalogue.ts';
import { code, generatedNotice, renderPage, renderTable } from './markdown.ts';

/** `docs/metrics.md`: every metric, one table for each engine and for the agent's own. */
export function renderMetricsPage({ engines, agent }: Catalogue): string {
  return renderPage([
    generatedNotice,
    '# Metrics',
    [
      'Every series carries the labels `target` (the id of the target in the configuration) and `engine`, and the labels the operator',
      'put on the target. Values are in base units: seconds, bytes, ratios from 0 to 1, Unix time in seconds. A value the server did not',
      'give is absent, never 0.',
    ].join('\n'),
    ...engines.flatMap((engine) => [
      `## ${engine.title}`,
      `Server versions ${engine.versions}.`,
      renderMetricsTable(engine.metrics, engine.groups),
    ]),
    ...agent.flatMap(({ title, summary, metrics }) => [`## ${title}`, summary, renderMetricsTable(metrics)]),
  ]);
}

/** One row a metric, its name in backticks first; ordered by name. */
export function renderMetricsTable(
  metrics: MetricTable,
  groups: Readonly<Record<string, GroupDefinition>> = {},
): string {
  const byName = Object.values(metrics).sort((a, b) => (a.name < b.name ? -1 : 1));
  const head = ['Metric', 'Type', 'Unit', 'Labels', 'Meaning', 'Source', 'Since', 'Cost', 'Group'];
  return renderTable(
    head,
    byName.map((metric) => renderMetricRow(metric, groups[metric.group])),
  );
}

function renderMetricRow(metric: MetricDefinition, group: GroupDefinition | undefined): readonly string[] {
  const labels = Object.entries(metric.labels).map(([name, meaning]) => `${code(name)}: ${meaning}`);
  const notes = metric.stability === 'stable' ? '' : ` (${metric.stability})`;
  return [
    code(metric.name),
    metric.kind,
    metric.unit === 'none' ? '' : metric.unit,
    labels.join('<br>'),
    metric.help + notes,
    `[${metric.source}](${metric.docs})`,
    metric.since,
    metric.cost,
    group === undefined ? metric.group : `${metric.group}, ${cadence(group)}`,
  ];
}

/** How often a group is read. */
function cadence({ everyMs }: GroupDefinition): string {
  return everyMs === 0 ? 'every collection' : `every ${formatDuration(everyMs)}`;
}

/** As `cadence`, with what is special about its reading. */
export function cadenceInFull(group: GroupDefinition): string {
  const { apartDeadlineMs, paidEveryMs } = group;
  return [
    cadence(group),
    ...(paidEveryMs === undefined
      ? []
      : [`costs money, so never more often than every ${formatDuration(paidEveryMs)}`]),
    ...(apartDeadlineMs === undefined
      ? []
      : [`beside the collections, within ${formatDuration(apartDeadlineMs)}`]),
  ].join('; ');
}
