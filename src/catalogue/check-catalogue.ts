import type { Engine } from '../core/engine.ts';
import { checkAlerts } from './alerts/check-alerts.ts';
import { type Catalogue, type CatalogueEntry, catalogueEntries } from './catalogue.ts';
import { measureFaults } from './measure-faults.ts';
import { metricFaults } from './metric-faults.ts';

/** Something wrong in a metric table or a manifest. */
export interface CatalogueProblem {
  /** `postgres.deadlocksTotal`, `redis`. */
  readonly where: string;
  readonly message: string;
}

/** Everything in the catalogue that breaks its rules; empty when it is sound. */
export function checkCatalogue(catalogue: Catalogue): readonly CatalogueProblem[] {
  const entries = catalogueEntries(catalogue);
  const engineIds = catalogue.engines.map(({ id }) => id);
  return [
    ...entries.flatMap((entry) =>
      [...metricFaults(entry.metric), ...foreignPrefix(entry, engineIds)].map((message) => ({
        where: place(entry),
        message,
      })),
    ),
    ...sharedNames(entries),
    ...twinFamilies(entries),
    ...catalogue.engines.flatMap(engineProblems),
    ...checkAlerts(catalogue),
  ];
}

function foreignPrefix({ owner, metric }: CatalogueEntry, engineIds: readonly string[]): readonly string[] {
  const other = engineIds.find((id) => id !== owner && metric.name.startsWith(`reeve_${id}_`));
  return other === undefined ? [] : [`name ${metric.name} belongs to engine ${other}`];
}

/** A name stands for one thing: once in a table, and described alike wherever engines share it. */
function sharedNames(entries: readonly CatalogueEntry[]): readonly CatalogueProblem[] {
  const first = new Map<string, CatalogueEntry>();
  return entries.flatMap((entry) => {
    const known = first.get(entry.metric.name);
    if (known === undefined) {
      first.set(entry.metric.name, entry);
      return [];
    }
    if (known.owner === entry.owner) {
      return [{ where: place(entry), message: `name ${entry.metric.name} is taken by ${place(known)}` }];
    }
    const differing = (['kind', 'unit', 'help'] as const).filter(
      (part) => known.metric[part] !== entry.metric[part],
    );
    const parts = sameLabels(known, entry) ? differing : [...differing, 'labels'];
    if (parts.length === 0) return [];
    return [
      {
        where: place(entry),
        message: `${entry.metric.name} is shared with ${place(known)} but differs in ${parts.join(', ')}`,
      },
    ];
  });
}

/** OpenMetrics names a counter's family without `_total`, so `reeve_x` beside `reeve_x_total` would be one family twice. */
function twinFamilies(entries: readonly CatalogueEntry[]): readonly CatalogueProblem[] {
  const names = new Set(entries.map(({ metric }) => metric.name));
  return entries
    .filter(({ metric }) => metric.kind === 'counter' && names.has(metric.name.replace(/_total$/, '')))
    .map((entry) => ({
      where: place(entry),
      message: `${entry.metric.name} is one family in OpenMetrics with ${entry.metric.name.replace(/_total$/, '')}`,
    }));
}

function sameLabels(a: CatalogueEntry, b: CatalogueEntry): boolean {
  return Object.keys(a.metric.labels).join() === Object.keys(b.metric.labels).join();
}

function engineProblems(engine: Engine): readonly CatalogueProblem[] {
  const problems: CatalogueProblem[] = [];
  for (const [key, metric] of Object.entries(engine.metrics)) {
    if (Object.hasOwn(engine.groups, metric.group)) continue;
    problems.push({ where: `${engine.id}.${key}`, message: `group ${metric.group} is not defined` });
  }
  for (const measure of engine.objectives) {
    const where = `${engine.id} objective ${measure.objective}`;
    problems.push(...measureFaults(engine, measure).map((message) => ({ where, message })));
  }
  problems.push(...groupProblems(engine));
  if (!/^[a-z][a-z0-9]*$/.test(engine.id)) {
    problems.push({ where: engine.id, message: 'engine id must be lower-case letters and digits' });
  }
  return problems;
}

/** Cadences that contradict each other. */
function groupProblems(engine: Engine): readonly CatalogueProblem[] {
  return Object.entries(engine.groups).flatMap(([group, { everyMs, apartDeadlineMs, paidEveryMs }]) => {
    const faults = [
      [apartDeadlineMs !== undefined && apartDeadlineMs <= 0, 'apartDeadlineMs must be above 0'],
      [apartDeadlineMs !== undefined && everyMs <= 0, 'what is read apart needs everyMs above 0'],
      [paidEveryMs !== undefined && paidEveryMs <= 0, 'paidEveryMs must be above 0'],
      [paidEveryMs !== undefined && everyMs < paidEveryMs, 'everyMs must be at least paidEveryMs'],
    ] as const;
    const where = `${engine.id} group ${group}`;
    return faults.filter(([isBroken]) => isBroken).map(([, message]) => ({ where, message }));
  });
}

function place({ owner, key }: CatalogueEntry): string {
  return `${owner}.${key}`;
}
