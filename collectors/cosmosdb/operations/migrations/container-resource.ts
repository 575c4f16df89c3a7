import { z } from 'zod';
import { CollectError, type Json, type JsonObject } from '../../../../src/sdk.ts';
import type { ArmClient } from '../../arm-client.ts';
import { armVersion } from '../access.ts';
import type { ContainerCommand, ContainerPolicies } from './container-commands.ts';

/** A container as Resource Manager gave it. */
export interface ContainerNow {
  readonly policies: ContainerPolicies;
  readonly etag: string | undefined;
  /** Everything that has to be sent again: what is left out of a change is taken away. */
  readonly resource: JsonObject;
}

interface Name {
  readonly database: string;
  readonly container: string;
}

const json: z.ZodType<Json> = z.json();
const answerSchema = z.looseObject({
  properties: z.looseObject({ resource: z.record(z.string(), json) }),
});
/** What Azure adds itself. */
const readOnly = new Set(['_rid', '_ts', '_etag', '_self', 'statistics']);

/** Below the account, without its query. */
export function containerPath({ database, container }: Name): string {
  return `/sqlDatabases/${encodeURIComponent(database)}/containers/${encodeURIComponent(container)}`;
}

/** Undefined where there is no such container. */
export async function readContainer(
  arm: ArmClient,
  name: Name,
  signal: AbortSignal,
): Promise<ContainerNow | undefined> {
  const subject = `${name.database}/${name.container}`;
  const answer = await arm.find(
    {
      path: containerPath(name),
      query: { 'api-version': armVersion },
      what: 'container',
      subject,
      urgency: 'essential',
    },
    signal,
  );
  if (answer === undefined) return undefined;
  const read = answerSchema.safeParse(answer);
  if (!read.success)
    throw new CollectError('malformed', `${subject}: Azure Resource Manager answered no container`);
  const { resource } = read.data.properties;
  const etag = resource['_etag'];
  const kept = Object.entries(resource).filter(([key]) => !readOnly.has(key));
  return {
    policies: policiesOf(resource),
    etag: typeof etag === 'string' ? etag : undefined,
    resource: Object.fromEntries(kept),
  };
}

/** Body of the PUT that a command is. */
export function bodyFor(command: ContainerCommand, now: ContainerNow | undefined): JsonObject {
  const { container, policies, throughput, autoscaleMaximum } = command;
  const { defaultTtl, ...others } = policies;
  const before = { ...now?.resource };
  // Nothing expires where it is not said.
  if (defaultTtl === null) delete before['defaultTtl'];
  const wanted = Object.fromEntries(
    Object.entries(others).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  const ttl = typeof defaultTtl === 'number' ? { defaultTtl } : {};
  const options = {
    ...(throughput === undefined ? {} : { throughput }),
    ...(autoscaleMaximum === undefined ? {} : { autoscaleSettings: { maxThroughput: autoscaleMaximum } }),
  };
  return { properties: { resource: { ...before, id: container, ...wanted, ...ttl }, options } };
}

function policiesOf(resource: Readonly<Record<string, Json>>): ContainerPolicies {
  const { indexingPolicy, partitionKey, uniqueKeyPolicy, defaultTtl } = resource;
  return {
    indexingPolicy,
    partitionKey,
    uniqueKeyPolicy,
    defaultTtl: typeof defaultTtl === 'number' ? defaultTtl : null,
  };
}
