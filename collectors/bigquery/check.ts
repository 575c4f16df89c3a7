import { type CheckItem, CollectError, type CollectorInput, toCollectError } from '../../src/sdk.ts';
import { listing, toApiError } from './api-error.ts';
import { pingSeconds, unwatchedLocations } from './availability.ts';
import type { BigqueryClient } from './bigquery-api.ts';
import type { BillingCalendar } from './billing-calendar.ts';
import { type Planned, plannedQueries } from './check-queries.ts';
import { type BigqueryOptions, projectsOf } from './config.ts';
import { type BigqueryGroup, bigqueryGroups } from './groups.ts';
import { bytesUsd } from './pricing.ts';
import type { QueryRunner } from './query-runner.ts';
import { subjectOf } from './spend.ts';

type Item = CheckItem & { readonly groups: readonly BigqueryGroup[] };

const paidGroups = [
  'spend',
  'breakdown',
  'performance',
  'slots',
  'storage',
  'tables',
  'recommendations',
] as const;

export interface CheckInput {
  readonly input: CollectorInput<BigqueryOptions>;
  readonly client: BigqueryClient;
  readonly runner: QueryRunner;
  readonly calendar: BillingCalendar;
}

/** Says what is missing, and what watching will cost; by dry runs, which are free. */
export async function checkTarget(
  { input, client, runner }: CheckInput,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const { options, clock } = input;
  const items: Item[] = [];
  const planned = plannedQueries(options, (group) => cadenceOf(input, group), clock.now());
  let bytes = 0;
  let unknown = 0;
  for (const project of projectsOf(options)) {
    items.push(...(await checkProject(input, client, project, signal)));
    for (const region of options.regions) {
      const result = await checkRegion(planned, { project, region }, { input, runner }, signal);
      items.push(...result.items);
      bytes += result.bytesPerMonth;
      unknown += result.unknown;
    }
  }
  const monthUsd = bytesUsd(bytes, options.pricing);
  items.push(...tooDear(monthUsd / 30, options.maximumOwnUsdPerDay));
  const usd = monthUsd.toFixed(2);
  const more = unknown === 0 ? '' : `; ${unknown} queries could not be estimated`;
  const message = `watching costs about ${usd} USD a month at the on-demand price, free bytes not subtracted${more}`;
  const remedy =
    '# to pay less, set every of its groups higher, or enabled: false; reeve_bigquery_own_spend_usd tells what was paid';
  items.push({ severity: 'advice', subject: '', message, remedy, groups: [] });
  return items;
}

/** Groups that would stand still for a part of each day. */
function tooDear(dayUsd: number, limitUsd: number): readonly Item[] {
  if (dayUsd <= limitUsd) return [];
  return [
    {
      severity: 'blind',
      subject: '',
      message: `watching costs about ${dayUsd.toFixed(2)} USD a day, more than maximumOwnUsdPerDay, so that queries wait for the next day`,
      remedy: `# in the configuration of this target\nmaximumOwnUsdPerDay: ${Math.ceil(dayUsd * 1.5)}`,
      groups: paidGroups,
    },
  ];
}

/** Undefined for a group that is switched off. */
function cadenceOf({ target }: CollectorInput<BigqueryOptions>, group: BigqueryGroup): number | undefined {
  const settings = target.groups[group];
  if (settings?.enabled === false) return undefined;
  return settings?.everyMs ?? bigqueryGroups[group].everyMs;
}

async function checkProject(
  input: CollectorInput<BigqueryOptions>,
  client: BigqueryClient,
  project: string,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  try {
    await pingSeconds(input, client, project, signal);
    items.push(...(await uncoveredLocations(input, client, project, signal)));
  } catch (thrown) {
    items.push(lacking(project, toCollectError(thrown), ['availability']));
  }
  try {
    await client.countJobs(project, 'running', 1, signal);
  } catch (thrown) {
    const error = toApiError(thrown, listing('jobs.list', project));
    items.push(lacking(project, error, ['running']));
  }
  return items;
}

/** Datasets where nobody looks: their jobs would be missing from the spend. */
async function uncoveredLocations(
  { options }: CollectorInput<BigqueryOptions>,
  client: BigqueryClient,
  project: string,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const missing = await unwatchedLocations(options, client, project, signal);
  if (missing.length === 0) return [];
  return [
    {
      severity: 'blind',
      subject: project,
      message: `there are datasets in ${missing.join(', ')}, which is not watched: spend there is not seen`,
      remedy: `# in the configuration of this target\nregions: [${[...options.regions, ...missing].join(', ')}]`,
      groups: paidGroups,
    },
  ];
}

async function checkRegion(
  planned: readonly Planned[],
  scope: { readonly project: string; readonly region: string },
  { input, runner }: Pick<CheckInput, 'input' | 'runner'>,
  signal: AbortSignal,
): Promise<{ readonly items: readonly Item[]; readonly bytesPerMonth: number; readonly unknown: number }> {
  const { options } = input;
  const subject = subjectOf(options, scope.project, scope.region);
  const failures = new Map<string, { readonly error: CollectError; readonly groups: Set<BigqueryGroup> }>();
  let bytesPerMonth = 0;
  let unknown = 0;
  for (const { group, query, parameters, timesPerMonth } of planned) {
    try {
      const bytes = await runner.estimate(query, scope, parameters, signal);
      bytesPerMonth += bytes * timesPerMonth;
      if (bytes > options.maximumBytesBilled) {
        const message = `query ${query.name} would be billed for ${bytes} bytes, more than maximumBytesBilled`;
        const error = new CollectError('unsupported', message);
        failures.set(query.name, { error, groups: new Set([group]) });
      }
    } catch (thrown) {
      const error = toCollectError(thrown);
      unknown += 1;
      // What mends several queries is said once.
      const key = remedyOf(error) ?? error.message;
      const known = failures.get(key) ?? { error, groups: new Set<BigqueryGroup>() };
      known.groups.add(group);
      failures.set(key, known);
    }
  }
  const items = [...failures.values()].map(({ error, groups }) => lacking(subject, error, [...groups]));
  return { items, bytesPerMonth, unknown };
}

function lacking(subject: string, error: CollectError, groups: readonly BigqueryGroup[]): Item {
  const remedy = remedyOf(error);
  return {
    severity: 'blind',
    subject,
    message: remedy === undefined ? error.message : error.message.replace(`: ${remedy}`, ''),
    remedy: remedy ?? '# correct what the message names: project, regions, credentials or maximumBytesBilled',
    groups,
  };
}

/** The command at the end of a refusal. */
function remedyOf(error: CollectError): string | undefined {
  return /gcloud projects .*$/.exec(error.message)?.[0];
}
