import { z } from 'zod';
import type { ConfigFields } from '../../src/sdk.ts';
import { backupsField } from './backups/chains.ts';
import { credentialParts, credentialsProblem } from './credentials.ts';
import { listPricing, type Pricing } from './pricing.ts';

const projectId = z
  .string()
  .regex(
    /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
    'must be the id of a project: 6 to 30 lower-case letters, digits and hyphens',
  );

/** `us`, `region-us`, `EU`, `europe-west1`; parsed to lower case without `region-`. */
const region = z
  .string()
  .regex(/^(?:region-)?[a-z]+(?:-[a-z]+[0-9]+)?$/i, 'must be a location, such as us, eu or europe-west1')
  .transform((text) => text.toLowerCase().replace(/^region-/, ''));

/** Options of a BigQuery target. */
export function bigqueryOptions(fields: ConfigFields) {
  return z
    .strictObject({
      project: projectId.describe('The project that pays for the queries of Reeve, and is watched.'),
      projects: z
        .array(projectId)
        .default([])
        .describe('More projects to watch, such as the one that administers reservations.'),
      regions: z
        .array(region)
        .min(1)
        // Written twice, a region would be counted twice.
        .transform((regions): readonly string[] => [...new Set(regions)])
        .describe('Where there are data or jobs, such as [us, europe-west1]; each is asked by itself.'),
      keyFile: fields
        .path()
        .optional()
        .describe(
          'Key file of a service account. Without it and `credentials` the application default credentials are used: a workload identity, or GOOGLE_APPLICATION_CREDENTIALS.',
        ),
      credentials: fields
        .secretText({ parts: credentialParts, problem: credentialsProblem })
        .optional()
        .describe('The key of a service account itself, as JSON.'),
      ...endpointFields(),
      billingTimeZone: z
        .string()
        .refine(isTimeZone, 'must be a time zone, such as America/Los_Angeles')
        .default('America/Los_Angeles')
        .describe('By which days and months are billed; Google bills by Pacific time.'),
      pricing: pricingField()
        .prefault({})
        .describe('Prices in US dollars; list prices of the multi-region US unless given.'),
      ...changeFields(),
      ...limitFields(fields),
    })
    .refine(({ keyFile, credentials }) => keyFile === undefined || credentials === undefined, {
      error: 'give either keyFile or credentials',
      path: ['credentials'],
    });
}

/** Where the APIs are. */
function endpointFields() {
  return {
    endpoint: z
      .url()
      .refine(
        isSafeEndpoint,
        'must be https:// without a user, for tokens are sent there; http:// only on loopback',
      )
      .optional()
      .describe('Address of the API, for private endpoints; https://bigquery.googleapis.com unless given.'),
    quotaEndpoint: z
      .url()
      .refine(
        isSafeEndpoint,
        'must be https:// without a user, for tokens are sent there; http:// only on loopback',
      )
      .optional()
      .describe(
        'Address of the Service Usage API, by which the daily quota is set; https://serviceusage.googleapis.com unless given.',
      ),
  };
}

/** What is kept and what is changed. */
function changeFields() {
  return {
    backups: backupsField
      .default({})
      .describe(
        'Snapshot tables and time travel, by a name of your choice: their age and presence are watched.',
      ),
    migrations: z
      .strictObject({
        dataset: z
          .string()
          .regex(/^[A-Za-z0-9_]{1,1024}$/, 'must be the name of a dataset')
          .describe(
            'The dataset that migrations change: their files name tables without one. The history is its table reeve_migrations.',
          ),
      })
      .optional()
      .describe('What `reeve migrate` changes; without it there are no migrations.'),
  };
}

/** How much is asked and told. */
function limitFields(fields: ConfigFields) {
  return {
    maximumBytesBilled: fields
      .size({ minBytes: 10 * 1024 ** 2 })
      .default(1024 ** 3)
      .describe('A query of Reeve that would be billed for more is not sent.'),
    maximumOwnUsdPerDay: z
      .number()
      .positive()
      .default(1)
      .describe(
        'The most that the queries of Reeve may cost in a day of the billing time zone, in US dollars by their estimates at the list price; those beyond it wait for the next day.',
      ),
    users: z
      .enum(['names', 'hashed', 'none'])
      .default('names')
      .describe(
        'How users stand in metrics and details: names are e-mail addresses, published as the label `user`; hashed, the same for the same address, so that who knows an address knows its hash; or none, without spend by user.',
      ),
    jobLabels: z
      .array(z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must be the key of a label'))
      .max(5)
      .default([])
      .describe('Labels of jobs by whose values spend is divided.'),
    top: z
      .int()
      .min(1)
      .max(100)
      .default(20)
      .describe('How many users, values, patterns and tables are kept of each.'),
  };
}

export type BigqueryOptions = z.infer<ReturnType<typeof bigqueryOptions>>;

/** The projects of a target, the one that pays first, each once. */
export function projectsOf({ project, projects }: BigqueryOptions): readonly string[] {
  return [...new Set([project, ...projects])];
}

function pricingField() {
  const usd = z.number().min(0);
  const byEdition = z.record(z.string(), usd);
  return z
    .strictObject({
      onDemandUsdPerTiB: usd
        .default(listPricing.onDemandUsdPerTiB)
        .describe('For each TiB that on-demand queries are billed for.'),
      freeTiBPerMonth: usd
        .default(listPricing.freeTiBPerMonth)
        .describe(
          'TiB of a month that cost `project` nothing; 0 where other projects of the billing account use them up.',
        ),
      slotHourUsd: byEdition
        .default({})
        .describe(
          'For each slot and hour, by edition: STANDARD 0.04, ENTERPRISE 0.06, ENTERPRISE_PLUS 0.10.',
        ),
      commitmentSlotHourUsd: z
        .record(z.string(), byEdition)
        .default({})
        .describe(
          'For each committed slot and hour, by plan and edition: ANNUAL at 20 % less, THREE_YEAR at 40 %.',
        ),
      storageUsdPerGiBMonth: z
        .strictObject({
          activeLogical: usd.default(listPricing.storageUsdPerGiBMonth.activeLogical),
          longTermLogical: usd.default(listPricing.storageUsdPerGiBMonth.longTermLogical),
          activePhysical: usd.default(listPricing.storageUsdPerGiBMonth.activePhysical),
          longTermPhysical: usd.default(listPricing.storageUsdPerGiBMonth.longTermPhysical),
        })
        .prefault({})
        .describe('For each GiB and month.'),
    })
    .transform(
      (given): Pricing => ({
        ...given,
        slotHourUsd: { ...listPricing.slotHourUsd, ...given.slotHourUsd },
        commitmentSlotHourUsd: mergePlans(given.commitmentSlotHourUsd),
      }),
    );
}

function mergePlans(given: Pricing['commitmentSlotHourUsd']): Pricing['commitmentSlotHourUsd'] {
  const listed = listPricing.commitmentSlotHourUsd;
  const plans = new Set([...Object.keys(listed), ...Object.keys(given)]);
  return Object.fromEntries([...plans].map((plan) => [plan, { ...listed[plan], ...given[plan] }]));
}

function isSafeEndpoint(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  const isLoopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback);
}

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    // A RangeError is how Intl says that it does not know the zone.
    return false;
  }
}
