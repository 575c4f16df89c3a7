import {
  CollectError,
  type DetailRow,
  type GroupReading,
  type OperationContext,
  type Plan,
  type Refusal,
} from '../../../src/sdk.ts';
import type { Deployment } from '../deployment.ts';
import { checkHealth, healthPreconditions } from './health.ts';
import { differences } from './identity.ts';
import { type IndexFacts, indexFacts } from './index-facts.ts';
import { identifyPlace, lookAt, neverTouched, type Place, type Scene, sameEverywhere } from './place.ts';
import { sightsOf } from './sightings.ts';
import { type IndexName, subjectOf } from './subject.ts';

export const indexPreconditions = [
  { id: 'same_server', text: 'the same deployment, primaries and version; no election since' },
  ...healthPreconditions,
  { id: 'same_everywhere', text: 'every member of every shard has the index with this definition' },
  {
    id: 'never_touched',
    text: 'not _id, unique, TTL, partial, sparse, clustered, for the shard key, the only one of its kind, or in keepIndexes',
  },
] as const;

/** The latest reading of the indexes; undefined before the first. */
export function indexReading({ input }: Place): GroupReading | undefined {
  return input.snapshot()?.readings.find(({ group }) => group === 'indexes');
}

/** What the collector concluded about an index lately; undefined where it has not read it. */
export function verdictRow(place: Place, { database, collection, index }: IndexName): DetailRow | undefined {
  const rows = indexReading(place)?.details['indexes'] ?? [];
  return rows.find(
    (row) => row['database'] === database && row['collection'] === collection && row['index'] === index,
  );
}

/** The evidence that hiding destroys: what every member counts now. */
export function useOf({ sight }: Scene, index: string): IndexFacts['use'] {
  return sightsOf(sight, index).seen.map(({ member, seen }) => ({
    member: member.name,
    ops: seen.ops,
    since: seen.since,
  }));
}

export function primariesOf({ sets }: Deployment): string[] {
  return sets
    .flatMap(({ name, primary }) => (name === undefined ? [] : [`${name}: ${primary?.name ?? 'nobody'}`]))
    .sort();
}

/** Whether the world is as planned, for any act on an index that exists. `hidden` is left to the action. */
export async function recheckIndex(
  place: Place,
  plan: Plan,
  context: OperationContext,
): Promise<{ readonly scene: Scene; readonly refusals: readonly Refusal[] }> {
  const facts = indexFacts(plan);
  const scene = await lookAt(place, facts, context.signal);
  const changed = [
    ...(await identityChanges(place, plan, context.signal)),
    ...differences(byPlace(facts.primaries), byPlace(primariesOf(scene.deployment)), { onlyLasting: false }),
  ];
  const refusals: Refusal[] = changed.map((text) => ({ id: 'same_server', text }));
  refusals.push(...(await checkHealth(scene.deployment, scene.sight, context.signal)));
  const found = sameEverywhere(scene.sight, facts);
  if ('text' in found) refusals.push(found);
  else if (found.spec.shape !== facts.shape)
    refusals.push({
      id: 'same_everywhere',
      text: `${subjectOf(facts)} has another definition than was planned for`,
    });
  const never = await neverTouched(place, scene, facts, context.signal);
  refusals.push(...never.filter(({ id }) => id !== 'hidden'));
  return { scene, refusals };
}

/** In what the server is another one than was planned for, or why nobody can say. */
export async function identityChanges(
  place: Place,
  plan: Plan,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    return differences(plan.identity, await identifyPlace(place, signal), { onlyLasting: false });
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof CollectError)) throw thrown;
    return [thrown.message];
  }
}

function byPlace(primaries: readonly string[]): Record<string, string> {
  return Object.fromEntries(primaries.map((text, at) => [`primary ${at + 1}`, text]));
}

/** Whether some member counted a use since the plan, or cannot tell. */
export function usedSince(scene: Scene, facts: IndexFacts): readonly Refusal[] {
  const now = useOf(scene, facts.index);
  const problems = now.flatMap(({ member, ops, since }) => {
    const planned = facts.use.find((each) => each.member === member);
    if (planned === undefined) return [`${member} was not there when it was planned`];
    if (planned.since !== since) return [`${member} began to count anew`];
    return ops === planned.ops ? [] : [`${member} used it ${ops - planned.ops} times`];
  });
  return problems.map((text) => ({
    id: 'still_unused',
    text: `${subjectOf(facts)}: ${text} since the plan was made`,
  }));
}
