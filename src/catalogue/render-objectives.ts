import { formatDuration } from '../core/duration.ts';
import { type ObjectiveDefinition, type ObjectiveId, objectiveIds, objectives } from '../core/objective.ts';
import { measuredBy, measuresOf } from '../core/proof-metrics.ts';
import { formatQuantity } from '../core/quantity.ts';
import { alertNames } from './alerts/objective-rules.ts';
import type { Catalogue } from './catalogue.ts';
import { defaultBound } from './default-bound.ts';
import { code, codeBlock, generatedNotice, renderPage, renderTable } from './markdown.ts';
import { backtestExample, objectiveExample, objectivesText } from './objectives-text.ts';

/** `docs/objectives.md`: what each of the twelve means, who measures it, and how judging works. */
export function renderObjectivesPage({ engines }: Catalogue): string {
  return renderPage([
    generatedNotice,
    '# Objectives',
    objectivesText.introduction,
    renderTable(
      [
        'Objective',
        'Success metric',
        'Statistic',
        'Window, minimum',
        'Default bound',
        'For',
        'Closes',
        'Severity',
        'Budget',
        'Subject',
        'Next',
      ],
      objectiveIds.map((id) => definitionRow(id, objectives[id])),
    ),
    '## Who measures what',
    objectivesText.measures,
    renderTable(
      ['Objective', 'Engine', 'Metric', 'Notes'],
      objectiveIds.flatMap((id) => measureRows(id, engines)),
    ),
    ...objectivesText.sections.flatMap(({ title, text }) => [`## ${title}`, text]),
    '## Overriding',
    objectivesText.overriding,
    codeBlock('yaml', objectiveExample),
    '## Choosing a bound',
    objectivesText.choosing,
    codeBlock('sh', backtestExample),
    objectivesText.choosingLimits,
    '## Alerts',
    objectivesText.alerts,
    renderTable(
      ['Objective', 'Alert'],
      [...alertNames()].map(([id, name]) => [code(id), `[${name}](../alerts/runbooks/${name}.md)`]),
    ),
  ]);
}

function definitionRow(id: ObjectiveId, definition: ObjectiveDefinition): readonly string[] {
  const { windowMs, minimumBasis, forMs, clearForMs, hysteresis, workloads } = definition;
  const only = workloads === undefined ? '' : ` (workload ${workloads.join(', ')})`;
  return [
    code(id),
    definition.summary + only,
    definition.statistic,
    [
      windowMs === undefined ? 'instant' : formatDuration(windowMs),
      ...(minimumBasis === undefined ? [] : [`at least ${minimumBasis}`]),
    ].join(', '),
    defaultBound(definition),
    forMs === 0 ? 'at once' : formatDuration(forMs),
    [
      clearForMs === 0 ? 'at once' : `after ${formatDuration(clearForMs)}`,
      ...(hysteresis === 0 ? [] : [`${hysteresis * 100} % inside the bound`]),
    ].join(', '),
    definition.severity,
    `${Number((definition.budget * 100).toPrecision(6))} %`,
    definition.subject,
    definition.pipeline ?? 'evidence for the page',
  ];
}

function measureRows(id: ObjectiveId, engines: Catalogue['engines']): readonly (readonly string[])[] {
  const rows = engines.flatMap((engine) =>
    measuresOf(engine)
      .filter(({ objective }) => objective === id)
      .map(({ metric: key, statistic, where = {}, resolution, page = [], withoutMinimum }) => {
        const nameOf = (metric: string) => measuredBy(engine)[metric]?.name ?? metric;
        const labels = Object.entries(where).map(([label, value]) => `${label}="${value}"`);
        const notes = [
          ...(statistic === 'age'
            ? ['only says which subjects there are; the age counts from the last verified drill']
            : []),
          ...(statistic === 'recorded' ? ['what Reeve itself recorded'] : []),
          ...(statistic === 'forecast' ? ['its forecast is judged'] : []),
          ...(resolution === undefined
            ? []
            : [`shows differences of ${formatQuantity(resolution, objectives[id].unit)}`]),
          ...page.map(({ metric }) => `pages by ${code(nameOf(metric))}`),
          ...(withoutMinimum === undefined ? [] : [`no lower bound by ${code(nameOf(withoutMinimum))}`]),
        ];
        const selector = labels.length === 0 ? '' : `{${labels.join(', ')}}`;
        return [code(id), engine.title, code(nameOf(key) + selector), notes.join('; ')];
      }),
  );
  return rows.length > 0 ? rows : [[code(id), '', '', 'not measured yet']];
}
