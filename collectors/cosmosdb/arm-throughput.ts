import { z } from 'zod';
import { CollectError, toCollectError } from '../../src/sdk.ts';
import type { AccountApi } from './account.ts';
import type { ArmClient, ArmRequest } from './arm-client.ts';
import { hitsAll } from './service-error.ts';
import { containerKey, type ThroughputReading, type ThroughputSettings } from './throughput-book.ts';

const version = { 'api-version': '2024-11-15' } as const;

/** Databases and containers, and how many were left out. */
export interface Inventory {
  readonly databases: readonly DatabaseNames[];
  readonly left: number;
}

export interface DatabaseNames {
  readonly name: string;
  readonly containers: readonly string[];
}

/** Tells of one database or container that could not be read; the others go on. */
export type OnFailure = (subject: string, error: CollectError) => void;

const namedSchema = z.looseObject({ name: z.string() });

/** Names of databases and containers; of containers at most so many, those first that come first in `rank` (by `containerKey`). */
export async function listContainers(
  arm: ArmClient,
  api: AccountApi,
  { maxContainers, rank = [] }: { readonly maxContainers: number; readonly rank?: readonly string[] },
  signal: AbortSignal,
): Promise<Inventory> {
  const found = await arm.list(request(`/${api.databases}`, 'list of databases'), signal);
  const databases: DatabaseNames[] = [];
  let cut = found.isCut ? 1 : 0;
  for (const item of found.items) {
    const name = nameOf(item);
    const path = `/${api.databases}/${encodeURIComponent(name)}/${api.containers}`;
    const inner = await arm.list(request(path, 'list of containers', name), signal);
    cut += inner.isCut ? 1 : 0;
    databases.push({ name, containers: inner.items.map(nameOf) });
  }
  const keys = databases.flatMap(({ name, containers }) =>
    containers.map((each) => containerKey(name, each)),
  );
  const exists = new Set(keys);
  const order = [...new Set([...rank.filter((key) => exists.has(key)), ...keys])];
  const kept = new Set(order.slice(0, maxContainers));
  return {
    databases: databases.map(({ name, containers }) => ({
      name,
      containers: containers.filter((each) => kept.has(containerKey(name, each))),
    })),
    left: cut + keys.length - kept.size,
  };
}

/** Throughput of every database and container, one read each. */
export async function readSettings(
  arm: ArmClient,
  api: AccountApi,
  inventory: Inventory,
  onFailure: OnFailure,
  signal: AbortSignal,
): Promise<ThroughputReading> {
  const settings: ThroughputSettings[] = [];
  const sharing = new Set<string>();
  for (const { name: database, containers } of inventory.databases) {
    for (const container of ['', ...containers]) {
      const subject = container === '' ? database : `${database}/${container}`;
      try {
        const found = await readOne(arm, api, database, container, signal);
        if (found !== undefined) settings.push(found);
        else if (container !== '') sharing.add(containerKey(database, container));
      } catch (thrown) {
        const error = toCollectError(thrown);
        if (signal.aborted || hitsAll.has(error.code)) throw error;
        onFailure(subject, error);
      }
    }
  }
  return { settings, sharing };
}

async function readOne(
  arm: ArmClient,
  api: AccountApi,
  database: string,
  container: string,
  signal: AbortSignal,
): Promise<ThroughputSettings | undefined> {
  const parent = `/${api.databases}/${encodeURIComponent(database)}`;
  const path = container === '' ? parent : `${parent}/${api.containers}/${encodeURIComponent(container)}`;
  const subject = container === '' ? database : `${database}/${container}`;
  const answer = await arm.find(
    request(`${path}/throughputSettings/default`, 'throughput settings', subject),
    signal,
  );
  return answer === undefined ? undefined : parseSettings(answer, database, container);
}

/** Numbers come as text. */
const amount = z.union([z.number(), z.string()]).nullish();
const settingsSchema = z.looseObject({
  properties: z.looseObject({
    resource: z.looseObject({
      throughput: z.number().nullish(),
      autoscaleSettings: z.looseObject({ maxThroughput: z.number().nullish() }).nullish(),
      minimumThroughput: amount,
      instantMaximumThroughput: amount,
      softAllowedMaximumThroughput: amount,
      offerReplacePending: z.union([z.boolean(), z.string()]).nullish(),
    }),
  }),
});

/** @throws {CollectError} `malformed` for what holds no throughput. */
export function parseSettings(answer: unknown, database: string, container: string): ThroughputSettings {
  const read = settingsSchema.safeParse(answer);
  const resource = read.data?.properties.resource;
  const autoscaleMaximum = resource?.autoscaleSettings?.maxThroughput ?? undefined;
  const perSecond = autoscaleMaximum ?? resource?.throughput ?? undefined;
  if (resource === undefined || perSecond === undefined) {
    throw new CollectError(
      'malformed',
      'Azure Resource Manager answered throughput settings without a throughput',
    );
  }
  const pending = resource.offerReplacePending ?? undefined;
  return {
    database,
    container,
    perSecond,
    autoscaleMaximum,
    minimum: toNumber(resource.minimumThroughput),
    instantMaximum: toNumber(resource.instantMaximumThroughput),
    softMaximum: toNumber(resource.softAllowedMaximumThroughput),
    replacePending: pending === undefined ? undefined : String(pending).toLowerCase() === 'true',
  };
}

function toNumber(text: string | number | null | undefined): number | undefined {
  if (text === undefined || text === null || String(text).trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function nameOf(item: unknown): string {
  const read = namedSchema.safeParse(item);
  if (read.success) return read.data.name;
  throw new CollectError('malformed', 'Azure Resource Manager listed something without a name');
}

function request(path: string, what: string, subject = ''): ArmRequest {
  return { path, query: version, what, subject, urgency: 'deferrable' };
}
