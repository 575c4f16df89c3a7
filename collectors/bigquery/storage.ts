import type { CollectorInput } from '../../src/sdk.ts';
import { unwatchedLocations } from './availability.ts';
import type { BigqueryClient } from './bigquery-api.ts';
import { type BigqueryOptions, projectsOf } from './config.ts';
import type { BigqueryContext } from './metrics.ts';
import { bytesPerGiB, type Pricing } from './pricing.ts';
import { billingModelsQuery, type StorageRow, storageQuery } from './queries/storage.ts';
import type { QueryRunner } from './query-runner.ts';
import { subjectOf } from './spend.ts';

const kinds = [
  'active_logical',
  'long_term_logical',
  'active_physical',
  'long_term_physical',
  'time_travel',
  'fail_safe',
] as const;

const mostDatasets = 200;

interface Dataset extends StorageRow {
  readonly region: string;
  readonly isPhysical: boolean;
}

/** Size and price of what is stored. Sums of a project need every region; datasets do not. */
export async function readStorage(
  { options }: CollectorInput<BigqueryOptions>,
  client: BigqueryClient,
  runner: QueryRunner,
  context: BigqueryContext,
): Promise<void> {
  const isAlone = projectsOf(options).length === 1;
  const sizes = new Map<string, number>();
  for (const project of projectsOf(options)) {
    const datasets: Dataset[] = [];
    let regionsRead = 0;
    for (const region of options.regions) {
      await context.attempt(subjectOf(options, project, region), async (inner) => {
        const scope = { project, region };
        const { rows } = await runner.ask(storageQuery, scope, {}, inner.signal);
        const models = await runner.ask(billingModelsQuery, scope, {}, inner.signal);
        // The view quotes texts as SQL does.
        const physical = new Set(
          models.rows.flatMap(({ dataset, model }) => (/PHYSICAL/i.test(model) ? [dataset] : [])),
        );
        datasets.push(...rows.map((row) => ({ ...row, region, isPhysical: physical.has(row.dataset) })));
        regionsRead += 1;
      });
    }
    for (const row of datasets) {
      const database = isAlone ? row.dataset : `${project}.${row.dataset}`;
      sizes.set(database, (sizes.get(database) ?? 0) + onDisk(row));
    }
    if (regionsRead === options.regions.length) recordProject(project, datasets, options.pricing, context);
    await context.attempt(`locations of ${project}`, async (inner) => {
      const missing = await unwatchedLocations(options, client, project, inner.signal);
      if (missing.length > 0) findUnwatched(project, missing, options, inner);
    });
  }
  const biggest = [...sizes].sort(([, a], [, b]) => b - a);
  for (const [database, bytes] of biggest.slice(0, mostDatasets))
    context.record('storageBytes', bytes, { database });
  context.truncate(Math.max(0, biggest.length - mostDatasets));
}

function findUnwatched(
  project: string,
  missing: readonly string[],
  { regions }: BigqueryOptions,
  context: BigqueryContext,
): void {
  context.find({
    code: 'location_not_watched',
    severity: 'warning',
    subject: project,
    message: `there are datasets in ${missing.join(', ')}, which is not watched: what is spent there is not part of the spend`,
    remedy: `regions: [${[...regions, ...missing].join(', ')}]`,
  });
}

function recordProject(
  project: string,
  datasets: readonly Dataset[],
  pricing: Pricing,
  context: BigqueryContext,
): void {
  for (const kind of kinds) {
    const bytes = datasets.reduce((sum, dataset) => sum + dataset[kind], 0);
    context.record('storageKindBytes', bytes, { project, kind });
  }
  for (const [model, isPhysical] of [
    ['logical', false],
    ['physical', true],
  ] as const) {
    const usd = datasets
      .filter((dataset) => dataset.isPhysical === isPhysical)
      .reduce((sum, dataset) => sum + monthUsd(dataset, isPhysical, pricing), 0);
    context.record('storageUsdPerMonth', usd, { project, model });
  }
  context.detail(
    'datasets',
    [...datasets]
      .sort((a, b) => onDisk(b) - onDisk(a))
      .slice(0, mostDatasets)
      .map((dataset) => ({
        project,
        ...dataset,
        logicalUsdPerMonth: monthUsd(dataset, false, pricing),
        physicalUsdPerMonth: monthUsd(dataset, true, pricing),
      })),
  );
}

/** Physical bytes; those of time travel are a part of the active ones, those of fail-safe are not. */
function onDisk(row: StorageRow): number {
  return row.active_physical + row.long_term_physical + row.fail_safe;
}

/** By logical bytes time travel and fail-safe are free; by physical bytes both cost as active ones. */
function monthUsd(row: StorageRow, isPhysical: boolean, { storageUsdPerGiBMonth: price }: Pricing): number {
  const usd = isPhysical
    ? (row.active_physical + row.fail_safe) * price.activePhysical +
      row.long_term_physical * price.longTermPhysical
    : row.active_logical * price.activeLogical + row.long_term_logical * price.longTermLogical;
  return usd / bytesPerGiB;
}
