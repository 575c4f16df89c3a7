import {
  CollectError,
  type JsonObject,
  type OperationContext,
  type Refusal,
  type TargetIdentity,
} from '../../../src/sdk.ts';
import type { Deployment } from '../deployment.ts';
import { listAt, numberAt } from '../document.ts';
import { readSharding } from '../index-sharding.ts';
import { type IndexSpec } from '../index-spec.ts';
import { type KeepReason, keepPattern, keepReasons } from '../index-verdicts.ts';
import { openActing } from './acting.ts';
import { readIdentity } from './identity.ts';
import type { MongodbOperationsInput } from './input.ts';
import { leaderOf, type ReadingSide } from './reading-side.ts';
import { type CollectionSight, readSights, type SeenIndex, sightsOf } from './sightings.ts';
import { type IndexName, subjectOf } from './subject.ts';

/** One target's operations, as its actions share them. */
export interface Place {
  readonly input: MongodbOperationsInput;
  readonly reading: ReadingSide;
}

/** Of the login that acts; of the collecting one where there is none. @throws {CollectError} */
export async function identifyPlace({ input, reading }: Place, signal: AbortSignal): Promise<TargetIdentity> {
  if (input.credentials === undefined) return readIdentity(leaderOf(await reading.discover(signal)), signal);
  const client = await openActing(input, input.applicationName, signal);
  try {
    return await readIdentity(client, signal);
  } finally {
    await client.close();
  }
}

/** Deployment and collection as they are now. */
export interface Scene {
  readonly deployment: Deployment;
  readonly sight: CollectionSight;
}

export async function lookAt(
  { reading }: Place,
  name: Pick<IndexName, 'database' | 'collection'>,
  signal: AbortSignal,
): Promise<Scene> {
  const deployment = await reading.discover(signal);
  return { deployment, sight: await readSights(deployment, name, signal) };
}

/** An index that is the same on every member of every shard that has its collection; why it is none otherwise. */
export function sameEverywhere(sight: CollectionSight, name: IndexName): SeenIndex | Refusal {
  const { seen, missing } = sightsOf(sight, name.index);
  const [first] = seen;
  const id = 'same_everywhere';
  const text = (what: string): Refusal => ({ id, text: `${subjectOf(name)} ${what}` });
  if (first === undefined) return text('is on no member that answers: it was dropped, or never built');
  if (missing.length > 0) return text(`is missing on ${missing.join(', ')}: mend that first`);
  const others = seen.filter(({ seen: { spec } }) => spec.shape !== first.seen.spec.shape);
  if (others.length === 0) return first.seen;
  return text(
    `has another definition on ${others.map(({ member }) => member.name).join(', ')}: mend that first`,
  );
}

const keepTexts: Readonly<Record<KeepReason, string>> = {
  id: 'it is the index on _id',
  unique: 'it enforces that values are unique',
  ttl: 'it deletes documents that expired',
  partial: 'it is partial: a query that names it by hint gets other results or an error without it',
  sparse: 'it is sparse: a query that names it by hint gets other results or an error without it',
  clustered: 'it is the collection itself',
  hidden: 'it is hidden already',
  building: 'it is still being built',
  shard_key: 'it serves the shard key',
  shard_key_unknown: 'the shard keys could not be read: it may serve one',
  only_of_its_kind: 'it is the only index of its kind, and some queries fail without one',
  listed: 'the operator keeps it (keepIndexes)',
};

/** Why an index is never touched, each as a refusal; `hidden` is left to who asks. */
export async function neverTouched(
  { input }: Place,
  { deployment, sight }: Scene,
  name: IndexName,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const { seen } = sightsOf(sight, name.index);
  const problems = new Map<string, CollectError>();
  const asking = { group: 'indexes', signal, isOver: () => false } as const;
  const sharding = await readSharding(deployment, asking, problems);
  const fullName = `${name.database}.${name.collection}`;
  const shardKey = sharding === 'unknown' ? sharding : sharding?.shardKeys.get(fullName);
  const isListed = keepPattern(input.options.keepIndexes);
  const rules = { shardKey, isListed: (_: string, index: string) => isListed(`${fullName}.${index}`) };
  const reasons = new Set(
    seen.flatMap(({ seen: { spec }, indexes }) => {
      const siblings: readonly IndexSpec[] = [...indexes.values()].map((each) => each.spec);
      return keepReasons(name.collection, spec, siblings, rules);
    }),
  );
  return [...reasons].map((reason) => ({
    id: reason,
    text: `${subjectOf(name)} is left alone: ${keepTexts[reason]}`,
  }));
}

/** Documents of a collection over all shards; undefined where nobody says. */
export async function countDocuments(
  deployment: Deployment,
  { database, collection }: Pick<IndexName, 'database' | 'collection'>,
  signal: AbortSignal,
): Promise<{ readonly documents: number; readonly bytes: number | undefined } | undefined> {
  const command = {
    aggregate: collection,
    pipeline: [
      { $collStats: { count: {}, storageStats: {} } },
      { $project: { count: 1, 'storageStats.size': 1 } },
    ],
    cursor: { batchSize: 1_000 },
  };
  try {
    const answer = await leaderOf(deployment).command(database, command, { signal, group: 'indexes' });
    const rows = listAt(answer, 'cursor.firstBatch');
    const counts = rows.map((row) => numberAt(row, 'count'));
    const sizes = rows.map((row) => numberAt(row, 'storageStats.size'));
    const documents = sumOf(counts);
    return documents === undefined ? undefined : { documents, bytes: sumOf(sizes) };
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof CollectError)) throw thrown;
    return undefined;
  }
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 || known.length < values.length
    ? undefined
    : known.reduce((sum, value) => sum + value, 0);
}

/** Keeps a refusal as evidence, so that a run that ends here says why. */
export function refuse(refusals: readonly Refusal[], context: OperationContext): Refusal {
  const [first] = refusals;
  if (first === undefined) throw new CollectError('internal', 'refused without a reason');
  const body: JsonObject = { refusals: refusals.map(({ id, text }) => ({ id, text })) };
  context.evidence({ kind: 'precheck', title: 'what speaks against it', body });
  return { id: first.id, text: refusals.map(({ text }) => text).join('; ') };
}
