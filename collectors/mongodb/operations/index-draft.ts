import { createHash } from 'node:crypto';
import type {
  Act,
  JsonObject,
  OperationContext,
  PlanDraft,
  Precondition,
  Refusal,
} from '../../../src/sdk.ts';
import type { Deployment } from '../deployment.ts';
import { readIndexSizes } from '../index-sizes.ts';
import { exactDocument } from './command-text.ts';
import { checkHealth } from './health.ts';
import { indexPreconditions, primariesOf, useOf } from './index-checks.ts';
import type { IndexFacts } from './index-facts.ts';
import {
  countDocuments,
  identifyPlace,
  lookAt,
  neverTouched,
  type Place,
  refuse,
  sameEverywhere,
} from './place.ts';
import type { SeenIndex } from './sightings.ts';
import { type IndexName, subjectOf } from './subject.ts';

/** What an action adds to the plan of an index that exists. */
export interface DraftParts {
  readonly action: string;
  /** What is left of what is never touched, and what the action itself has against it. */
  readonly speaksAgainst: (never: readonly Refusal[], seen: SeenIndex) => readonly Refusal[];
  readonly precondition: Precondition;
  readonly compose: (name: IndexName, known: DraftKnown) => Composed;
}

export interface DraftKnown {
  readonly definition: string;
  readonly seen: SeenIndex;
  readonly documents: number | undefined;
  readonly identity: PlanDraft['identity'];
  readonly use: IndexFacts['use'];
}

export interface Composed {
  readonly title: string;
  readonly act: Act;
  readonly cost: string;
  readonly estimatedMs: number | null;
  readonly expectation: PlanDraft['expectation'];
  readonly warnings: readonly string[];
}

/** Looks at the index on every member, saves what it is and what it counted, and writes the plan; or says what speaks against it. */
export async function draftIndexPlan(
  place: Place,
  name: IndexName,
  context: OperationContext,
  parts: DraftParts,
): Promise<PlanDraft | Refusal> {
  const { signal } = context;
  const scene = await lookAt(place, name, signal);
  const seen = sameEverywhere(scene.sight, name);
  if ('text' in seen) return refuse([seen], context);
  const never = await neverTouched(place, scene, name, signal);
  const exact = exactDocument(seen.raw);
  const refusals = [
    ...parts.speaksAgainst(never, seen),
    ...(await checkHealth(scene.deployment, scene.sight, signal)),
    ...(exact === undefined ? [inexact(name)] : []),
  ];
  if (refusals.length > 0 || exact === undefined) return refuse(refusals, context);
  const identity = await identifyPlace(place, signal);
  const count = await countDocuments(scene.deployment, name, signal);
  const bytes = await sizeOf(scene.deployment, name, signal);
  const use = useOf(scene, name.index);
  const definition = JSON.stringify(exact);
  const facts = {
    ...name,
    shape: seen.spec.shape,
    definition,
    documents: count?.documents ?? null,
    use,
    primaries: primariesOf(scene.deployment),
  } satisfies IndexFacts & JsonObject;
  saveEvidence(name, facts, context);
  const composed = parts.compose(name, { definition, seen, documents: count?.documents, identity, use });
  return {
    target: place.input.target.id,
    engine: 'mongodb',
    pipeline: 'index_management',
    action: parts.action,
    identity,
    subject: subjectOf(name),
    title: composed.title,
    acts: [composed.act],
    preconditions: [...indexPreconditions, parts.precondition],
    blastRadius: {
      objects: [`index ${subjectOf(name)}`, `collection ${name.database}.${name.collection}`],
      bytes: bytes ?? null,
      locks: [composed.act.locks],
      estimatedMs: composed.estimatedMs,
    },
    cost: composed.cost,
    expectation: composed.expectation,
    exclusive: [`collection ${name.database}.${name.collection}`],
    warnings: composed.warnings,
    facts,
  };
}

/** Before anything is hidden or dropped: both destroy it. */
function saveEvidence(name: IndexName, facts: IndexFacts & JsonObject, { evidence }: OperationContext): void {
  const { definition, use, documents, primaries } = facts;
  const sha256 = createHash('sha256').update(definition).digest('hex');
  evidence({
    kind: 'catalogue',
    title: `definition of ${subjectOf(name)} on every member`,
    body: { definition, sha256, documents, primaries },
  });
  evidence({ kind: 'statistics', title: `uses of ${subjectOf(name)} by member`, body: { use } });
}

/** As the primary of each shard stores it; undefined unless all said so. */
async function sizeOf(
  { sets }: Deployment,
  { database, collection, index }: IndexName,
  signal: AbortSignal,
): Promise<number | undefined> {
  let sum: number | undefined;
  for (const { isConfig, members, primary } of sets) {
    const member = primary ?? members[0];
    if (isConfig || member === undefined || member.hello === undefined) continue;
    const sizes = await readIndexSizes(member, database, collection, {
      group: 'indexes',
      signal,
      isOver: () => false,
    });
    const size = sizes?.get(index);
    if (size !== undefined) sum = (sum ?? 0) + size;
  }
  return sum;
}

function inexact(name: IndexName): Refusal {
  return {
    id: 'definition_exact',
    text: `${subjectOf(name)}: its definition holds fields or values that cannot be kept exactly (a field name that is a whole number beside others, or values of BSON's own types), so it could not be built again as it is: left to people`,
  };
}
