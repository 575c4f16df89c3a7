import { z } from 'zod';
import type {
  ActContext,
  Action,
  Candidate,
  Inspection,
  JsonObject,
  OperationContext,
  Plan,
  PlanDraft,
  Refusal,
} from '../../../src/sdk.ts';
import { type IndexField, parseIndexSpec } from '../index-spec.ts';
import { act } from './act.ts';
import { inspectByKey, queryOf } from './create-facts.ts';
import { documentsPerSecond } from './drop-hidden-index.ts';
import { checkHealth, healthPreconditions, worstLag } from './health.ts';
import { indexActs } from './index-action.ts';
import { identityChanges, primariesOf } from './index-checks.ts';
import { buildCommand, dropCommand } from './index-commands.ts';
import { type IndexFacts, indexFacts } from './index-facts.ts';
import { inspectGone } from './inspect-index.ts';
import { countDocuments, identifyPlace, lookAt, type Place, refuse, type Scene } from './place.ts';
import { indexKeyOf, serves, shapeText } from './query-shape.ts';
import { rehearseCreate } from './rehearse-create.ts';
import { sightsOf } from './sightings.ts';
import { findSlowQueries, type SlowQuery } from './slow-queries.ts';
import { subjectOf } from './subject.ts';

/** A collection takes 64 indexes; somebody may want one more. */
const mostIndexes = 60;
/** Bytes of an entry without its values, roughly; the rehearsal measures it. */
const entryBytes = 40;
/** A build on a collection that grew by more was not planned for. */
const mostGrowth = 2;
const lookEveryMs = 5_000;
const mostLagSeconds = 30;

/** Builds the index that costly queries lack; dropping it again is immediate. */
export function createIndex(place: Place): Action {
  return {
    id: 'create_mongodb_index',
    pipeline: 'query_optimisation',
    summary:
      'Builds an index for queries that look at much more than they return, in the order equality, sort, range.',
    undoKind: 'immediate',
    changelog: 'optimisations',
    rehearsal: 'required',
    find: async (request, context) => {
      const deployment = await place.reading.discover(context.signal);
      const slow = await findSlowQueries(place, deployment, context);
      const candidates = slow.flatMap((query) => candidateOf(query) ?? []);
      const isOfDatabase = candidates.some(({ facts }) => facts['database'] === request.subject);
      return candidates
        .filter(({ facts }) => !isOfDatabase || facts['database'] === request.subject)
        .filter(({ subject }) => request.only === undefined || subject === request.only)
        .slice(0, request.limit);
    },
    plan: (candidate, context) => planCreate(place, candidate, context),
    rehearse: (draft, context) => rehearseCreate(place, draft, context),
    recheck: async (plan, context) => recheckCreate(place, plan, context),
    ...indexActs(place, {
      inspect: inspectByKey,
      watch: (plan, context, signal) => watchLag(place, plan, context, signal),
    }),
  };
}

function candidateOf(query: SlowQuery): Candidate | undefined {
  const key = indexKeyOf(query.shape);
  if (key === undefined) return undefined;
  const { database, shape, executions, seconds, examined, returned } = query;
  const index = key.map(({ name, kind }) => `${name}_${kind}`).join('_');
  const name = { database, collection: shape.collection, index };
  const facts = {
    ...name,
    query: { ...shape },
    executions,
    seconds,
    examined,
    returned,
  };
  return {
    action: 'create_mongodb_index',
    subject: subjectOf(name),
    title: `${database}.${shapeText(shape)} looked at ${examined} documents for ${returned}, ${executions} times`,
    facts,
  };
}

async function planCreate(
  place: Place,
  candidate: Candidate,
  context: OperationContext,
): Promise<PlanDraft | Refusal> {
  const { database, collection, index } = z
    .object({ database: z.string(), collection: z.string(), index: z.string() })
    .parse(candidate.facts);
  const name = { database, collection, index };
  const query = queryOf(candidate);
  const key = indexKeyOf(query) ?? [];
  const scene = await lookAt(place, name, context.signal);
  const refusals = [
    ...speaksAgainst(scene, name.index, key, query.equality.length),
    ...(await checkHealth(scene.deployment, scene.sight, context.signal)),
  ];
  if (refusals.length > 0) return refuse(refusals, context);
  const identity = await identifyPlace(place, context.signal);
  const count = await countDocuments(scene.deployment, name, context.signal);
  const definition = {
    key: Object.fromEntries(key.map((field) => [field.name, Number(field.kind)])),
    name: index,
  };
  const facts = {
    ...name,
    shape: parseIndexSpec(index, definition, false).shape,
    definition: JSON.stringify(definition),
    documents: count?.documents ?? null,
    use: [],
    primaries: primariesOf(scene.deployment),
    query: { ...query },
  } satisfies IndexFacts & JsonObject;
  return composeCreate(place, facts, { definition, identity, title: candidate.title, runId: context.runId });
}

function composeCreate(
  { input: { target, policy } }: Place,
  facts: IndexFacts & JsonObject,
  about: {
    readonly definition: JsonObject;
    readonly identity: PlanDraft['identity'];
    readonly title: string;
    readonly runId: string;
  },
): PlanDraft {
  const collection = `${facts.database}.${facts.collection}`;
  const { documents } = facts;
  const bytes = documents === null ? null : documents * entryBytes;
  const estimatedMs = documents === null ? null : Math.ceil((documents / documentsPerSecond) * 1_000);
  const locks = `exclusive on ${collection} for an instant at the begin and the end of the build; reads and writes go on in between`;
  return {
    target: target.id,
    engine: 'mongodb',
    pipeline: 'query_optimisation',
    action: 'create_mongodb_index',
    identity: about.identity,
    subject: subjectOf(facts),
    title: `build ${subjectOf(facts)}: ${about.title}`,
    acts: [
      {
        id: 'create',
        summary: `build ${facts.index} on ${collection}`,
        statement: buildCommand(facts, about.definition, about.identity, about.runId),
        undo: [dropCommand(facts, { runId: about.runId, lockTimeoutMs: policy.lockTimeoutMs })],
        undoKind: 'immediate',
        locks,
      },
    ],
    preconditions: [
      { id: 'same_server', text: 'the same deployment, primaries and version; no election since' },
      ...healthPreconditions,
      {
        id: 'still_missing',
        text: 'no index serves the query yet, and the collection has room for one more',
      },
      {
        id: 'size_as_planned',
        text: `the collection has not grown to more than ${mostGrowth} times its documents`,
      },
    ],
    blastRadius: { objects: [`collection ${collection}`], bytes, locks: [locks], estimatedMs },
    cost: `about ${bytes ?? 'an unknown number of'} bytes on every member, a build over ${documents ?? 'an unknown number of'} documents, and one more index that every write of ${collection} maintains; the build is stopped when a member falls more than ${mostLagSeconds} s behind`,
    expectation: {
      kind: 'faster',
      byAtLeast: policy.minimumImprovement,
      text: `reads of ${collection} take at least ${Math.round(policy.minimumImprovement * 100)} % less time on average`,
    },
    exclusive: [`collection ${collection}`],
    warnings: [
      'MongoDB counts the time of reads by collection, so a gain of one query among many others shows less',
    ],
    facts,
  };
}

function speaksAgainst(
  { sight }: Scene,
  index: string,
  key: readonly IndexField[],
  equalities: number,
): readonly Refusal[] {
  const { seen } = sightsOf(sight, index);
  const refusals: Refusal[] = [];
  const add = (text: string): void => void refusals.push({ id: 'still_missing', text });
  if (key.length === 0) add('no index serves such a query');
  if (sight.members.length === 0) add('there is no such collection');
  if (seen.length > 0) add(`an index named ${index} is there already`);
  const serving = sight.members.flatMap(({ indexes }) =>
    [...indexes.values()].filter(({ spec }) => serves(key, equalities, spec)).map(({ spec }) => spec.name),
  );
  if (serving.length > 0)
    add(
      `index ${serving[0] ?? ''} serves the query already: why it is slow is for a person to find out (explain)`,
    );
  if (sight.members.some(({ indexes }) => indexes.size >= mostIndexes))
    add(`the collection has ${mostIndexes} indexes or more`);
  return refusals;
}

async function recheckCreate(
  place: Place,
  plan: Plan,
  context: OperationContext,
): Promise<readonly Refusal[]> {
  const facts = indexFacts(plan);
  const query = queryOf(plan);
  const scene = await lookAt(place, facts, context.signal);
  const changed = await identityChanges(place, plan, context.signal);
  const count = await countDocuments(scene.deployment, facts, context.signal);
  const isGrown = facts.documents !== null && (count?.documents ?? 0) > facts.documents * mostGrowth;
  return [
    ...changed.map((text) => ({ id: 'same_server', text })),
    ...(await checkHealth(scene.deployment, scene.sight, context.signal)),
    ...speaksAgainst(scene, facts.index, indexKeyOf(query) ?? [], query.equality.length),
    ...(isGrown
      ? [
          {
            id: 'size_as_planned',
            text: `the collection has ${count?.documents ?? 0} documents, planned for ${facts.documents ?? 0}`,
          },
        ]
      : []),
  ];
}

/** Stops the build when members do not follow: dropping an index that is being built ends its build. */
async function watchLag(
  place: Place,
  plan: Plan,
  context: ActContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const facts = indexFacts(plan);
  while (!signal.aborted) {
    try {
      await place.input.clock.sleep(lookEveryMs, signal);
      const worst = await worstLag(await place.reading.discover(context.signal), context.signal);
      if (worst === undefined || !(worst.seconds > mostLagSeconds)) continue;
      const [statement = ''] = plan.acts[0]?.undo ?? [];
      const inspect = async (): Promise<Inspection> =>
        inspectGone((await lookAt(place, facts, context.signal)).sight, facts);
      const stopped = await act(
        place.input,
        { statement, identity: plan.identity, direction: 'undo', wanted: 'done', inspect },
        context,
      );
      return `the build was stopped, because ${worst.member} fell ${Math.round(worst.seconds)} s behind: ${stopped.detail}`;
    } catch (thrown) {
      // The command has ended, and the watching with it; what cannot be read this time is read the next.
      if (context.signal.aborted) throw thrown;
    }
  }
  return undefined;
}
