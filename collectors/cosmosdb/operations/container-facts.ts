import { z } from 'zod';
import { CollectError } from '../../../src/sdk.ts';
import type { AccountApi } from '../account.ts';
import type { ArmClient } from '../arm-client.ts';
import { armVersion } from './access.ts';

/** What Resource Manager says of one container; what it does not say is undefined. */
export interface ContainerFacts {
  readonly database: string;
  readonly container: string;
  /** Seconds; -1: only documents that say so themselves expire; undefined: none ever does. */
  readonly defaultTtl: number | undefined;
  /** Seconds; -1: for ever; undefined or 0: no analytical store. */
  readonly analyticalTtl: number | undefined;
  readonly partitionKey: readonly string[];
  /** Every path is indexed, and nothing but the etag is left out. */
  readonly indexesAll: boolean;
  readonly indexedPaths: number;
  readonly excludedPaths: number;
}

const pathsSchema = z.array(z.looseObject({ path: z.string() })).nullish();
const containerSchema = z.looseObject({
  name: z.string(),
  properties: z.looseObject({
    resource: z.looseObject({
      defaultTtl: z.number().nullish(),
      analyticalStorageTtl: z.number().nullish(),
      partitionKey: z.looseObject({ paths: z.array(z.string()).nullish() }).nullish(),
      indexingPolicy: z
        .looseObject({
          indexingMode: z.string().nullish(),
          includedPaths: pathsSchema,
          excludedPaths: pathsSchema,
        })
        .nullish(),
    }),
  }),
});

/** Databases of an account beyond this many are not looked at. */
const mostDatabases = 50;

/** Every container with its policies; one read a database. */
export async function readContainers(
  arm: ArmClient,
  api: AccountApi,
  signal: AbortSignal,
): Promise<readonly ContainerFacts[]> {
  const query = { 'api-version': armVersion };
  const urgency = 'deferrable';
  const list = { path: `/${api.databases}`, query, what: 'list of databases', urgency } as const;
  const { items } = await arm.list(list, signal);
  const names = items.slice(0, mostDatabases).map((item) => {
    const read = z.looseObject({ name: z.string() }).safeParse(item);
    if (read.success) return read.data.name;
    throw new CollectError('malformed', 'Azure Resource Manager listed something without a name');
  });
  const found: ContainerFacts[] = [];
  for (const database of names) {
    const path = `/${api.databases}/${encodeURIComponent(database)}/${api.containers}`;
    const inner = await arm.list({ path, query, what: 'list of containers', urgency }, signal);
    for (const item of inner.items) {
      const read = containerSchema.safeParse(item);
      if (read.success) found.push(toFacts(database, read.data));
    }
  }
  return found;
}

function toFacts(database: string, { name, properties }: z.infer<typeof containerSchema>): ContainerFacts {
  const { defaultTtl, analyticalStorageTtl, partitionKey, indexingPolicy } = properties.resource;
  const included = indexingPolicy?.includedPaths ?? [];
  const excluded = (indexingPolicy?.excludedPaths ?? []).filter(({ path }) => !path.includes('_etag'));
  return {
    database,
    container: name,
    defaultTtl: defaultTtl ?? undefined,
    analyticalTtl: analyticalStorageTtl ?? undefined,
    partitionKey: partitionKey?.paths ?? [],
    indexesAll:
      !/^none$/i.test(indexingPolicy?.indexingMode ?? '') &&
      included.some(({ path }) => path === '/*') &&
      excluded.length === 0,
    indexedPaths: included.length,
    excludedPaths: excluded.length,
  };
}
