import { formatDuration } from '../core/duration.ts';
import type { Engine } from '../core/engine.ts';
import { objectives } from '../core/objective.ts';
import { measuredBy, measuresOf } from '../core/proof-metrics.ts';
import { defaultBound } from './default-bound.ts';
import { code, codeBlock, generatedNotice, renderPage, renderTable } from './markdown.ts';
import { cadenceInFull, renderMetricsTable } from './render-metrics.ts';
import { type OptionRow, renderOptionsTable } from './render-options.ts';

/** `collectors/<engine>/README.md`. `options` are the rows of the engine's own configuration schema. */
export function renderEngineReadme(engine: Engine, options: readonly OptionRow[]): string {
  return renderPage([
    generatedNotice,
    `# ${engine.title}`,
    `Engine id ${code(engine.id)}. Server versions ${engine.versions}. ${engine.proof}`,
    '## Configuration',
    'Beside what every target has (see `docs/config.schema.json`):',
    renderOptionsTable(options),
    '## Least-privileged login',
    engine.grants.summary,
    codeBlock('', engine.grants.statements),
    '## What it reads',
    renderTable(
      ['Group', 'Read', 'What', 'Needs'],
      Object.entries(engine.groups).map(([name, group]) => [
        code(name),
        cadenceInFull(group),
        group.summary,
        group.needs === '' ? 'any login' : group.needs,
      ]),
    ),
    '## Objectives',
    renderObjectives(engine),
    'What each means, and how it is changed: [objectives](../../docs/objectives.md).',
    renderAlertsAndDashboard(engine),
    '## Metrics',
    renderMetricsTable(engine.metrics, engine.groups),
  ]);
}

function renderAlertsAndDashboard({ id, alerts = [] }: Engine): string {
  const dashboard = `The dashboard is [reeve-${id}.json](../../dashboards/reeve-${id}.json).`;
  if (alerts.length === 0) return dashboard;
  return `${dashboard} What operators expect to be told besides is in [${id}.yml](../../alerts/rules/${id}.yml); every alert has its [runbook](../../alerts/README.md).`;
}

function renderObjectives(engine: Engine): string {
  const measures = measuresOf(engine);
  if (measures.length === 0) return 'None yet.';
  const metrics = measuredBy(engine);
  const rows = measures.map(({ objective, metric }) => {
    const definition = objectives[objective];
    return [
      code(objective),
      definition.summary,
      defaultBound(definition),
      definition.forMs === 0 ? 'at once' : formatDuration(definition.forMs),
      definition.severity,
      code(metrics[metric]?.name ?? metric),
    ];
  });
  return renderTable(
    ['Objective', 'Success metric', 'Default bound', 'For', 'Severity', 'Measured by'],
    rows,
  );
}
