import type {
  ActOutcome,
  Inspection,
  PlanDraft,
  Rehearsal,
  RehearsalContext,
  TargetIdentity,
} from '../../../src/sdk.ts';
import { sessionName, testWhileChanged } from '../../../src/sdk.ts';
import { type ActRequest, act } from './act.ts';
import { buildCommand, visibleDefinition } from './index-commands.ts';
import { type IndexFacts, indexFacts } from './index-facts.ts';
import { inspectBuilt, inspectGone, inspectHidden, type PlannedIndex } from './inspect-index.ts';
import { countDocuments, identifyPlace, lookAt, type Place } from './place.ts';
import { type CollectionSight, sightsOf } from './sightings.ts';

/** A rehearsal on fewer documents than this share says nothing about time. */
const comparableShare = 0.1;

/** Does one thing on the rehearsal target, and says what came of it. */
interface Stage {
  readonly place: Place;
  readonly draft: PlanDraft;
  readonly facts: IndexFacts;
  readonly identity: TargetIdentity;
  readonly context: RehearsalContext;
  readonly said: string[];
}

type Look = (sight: CollectionSight, planned: PlannedIndex) => Inspection;

/** Hides the index there and shows it again. */
export function rehearseHide(place: Place, draft: PlanDraft, context: RehearsalContext): Promise<Rehearsal> {
  return onRehearsalTarget(place, draft, context, async (stage) => {
    const [plannedAct] = draft.acts;
    if (plannedAct === undefined) return undefined;
    if (!(await run(stage, 'hidden', plannedAct.statement, inspectHidden, 'done'))) return undefined;
    const passed = await test(stage);
    const [unhide = ''] = plannedAct.undo;
    return (await run(stage, 'shown again', unhide, inspectHidden, 'pending')) && passed ? {} : undefined;
  });
}

/** Drops the index there and builds it anew, which says how long that takes. */
export function rehearseDrop(place: Place, draft: PlanDraft, context: RehearsalContext): Promise<Rehearsal> {
  return onRehearsalTarget(place, draft, context, async (stage) => {
    const [plannedAct] = draft.acts;
    if (plannedAct === undefined) return undefined;
    if (!(await run(stage, 'dropped', plannedAct.statement, inspectGone, 'done'))) return undefined;
    const passed = await test(stage);
    const startMs = place.input.clock.monotonicMs();
    const build = buildCommand(
      stage.facts,
      visibleDefinition(stage.facts.definition),
      stage.identity,
      context.runId,
    );
    if (!(await run(stage, 'built anew', build, inspectGone, 'pending')) || !passed) return undefined;
    return { rebuildMilliseconds: Math.round(place.input.clock.monotonicMs() - startMs) };
  });
}

/** The user's test while the change stands; whatever it says, the change is taken back. */
async function test({ context, said }: Stage): Promise<boolean> {
  const fault = await testWhileChanged(context);
  if (fault !== undefined) said.push(fault);
  return fault === undefined;
}

async function onRehearsalTarget(
  place: Place,
  draft: PlanDraft,
  context: RehearsalContext,
  rehearse: (stage: Stage) => Promise<Readonly<Record<string, number>> | undefined>,
): Promise<Rehearsal> {
  const facts = indexFacts(draft);
  const identity = await identifyPlace(place, context.signal);
  const same = sameServer(draft.identity, identity);
  const empty = { on: place.input.target.id, rows: {}, figures: {} } as const;
  if (same !== undefined) return { ...empty, verdict: 'failed', text: same };
  const stage: Stage = { place, draft, facts, identity, context, said: [] };
  const rows = await compareRows(stage);
  const figures = (await ensureThere(stage)) ? await rehearse(stage) : undefined;
  const verdict = figures === undefined ? 'failed' : 'passed';
  const text = [...stage.said, rows.text].join('; ');
  context.evidence({
    kind: 'rehearsal',
    title: `rehearsal ${verdict}`,
    body: { text, figures: figures ?? {} },
  });
  return { on: place.input.target.id, verdict, text, rows: rows.rows, figures: figures ?? {} };
}

/** Why this is no place to rehearse: it is the target itself; undefined when it is another one. */
export function sameServer(target: TargetIdentity, here: TargetIdentity): string | undefined {
  // After a failover another primary leads the same set.
  const names = ['clusterId', 'primary', 'host', 'replicaSetId'] as const;
  const shared = names.find(
    (name) => target[name] !== undefined && target[name] !== 'unknown' && target[name] === here[name],
  );
  return shared === undefined
    ? undefined
    : `the rehearsal target is the target itself (${shared} ${here[shared] ?? ''}): give remediation.rehearsal another one`;
}

/** How many documents there are here and there. */
export async function compareRows({
  place,
  facts,
  context,
}: {
  readonly place: Place;
  readonly facts: Pick<IndexFacts, 'database' | 'collection' | 'documents'>;
  readonly context: Pick<RehearsalContext, 'signal'>;
}): Promise<{ readonly text: string; readonly rows: Rehearsal['rows']; readonly isComparable: boolean }> {
  const deployment = await place.reading.discover(context.signal);
  const here = await countDocuments(deployment, facts, context.signal);
  if (here === undefined || facts.documents === null)
    return { text: 'how many documents there are is not known', rows: {}, isComparable: false };
  const rows = {
    [`${facts.database}.${facts.collection}`]: { target: facts.documents, rehearsal: here.documents },
  };
  const isComparable = here.documents >= facts.documents * comparableShare;
  const text = `${here.documents} documents here, ${facts.documents} on the target${isComparable ? '' : ': too few to say something about time'}`;
  return { text, rows, isComparable };
}

/** The index must be there first. After a rehearsal that was killed between its drop and its build it is not. */
async function ensureThere(stage: Stage): Promise<boolean> {
  const { place, facts, identity, context } = stage;
  const { sight } = await lookAt(place, facts, context.signal);
  const { seen } = sightsOf(sight, facts.index);
  if (seen.length > 0) return true;
  const build = buildCommand(facts, visibleDefinition(facts.definition), identity, context.runId);
  return run(stage, 'built, because it was missing here', build, inspectBuilt, 'done');
}

async function run(
  { place, facts, identity, context, said }: Stage,
  word: string,
  statement: string,
  look: Look,
  wanted: ActRequest['wanted'],
): Promise<boolean> {
  const startMs = place.input.clock.monotonicMs();
  const inspect = async (): Promise<Inspection> =>
    look((await lookAt(place, facts, context.signal)).sight, facts);
  const outcome: ActOutcome = await act(
    place.input,
    { statement, identity, direction: 'apply', wanted, inspect },
    {
      signal: context.signal,
      sessionName: sessionName(place.input.applicationName, context.runId),
      assertHeld: async () => undefined,
    },
  );
  const isDone = outcome.result === 'done' || outcome.result === 'already';
  const tookMs = Math.round(place.input.clock.monotonicMs() - startMs);
  said.push(isDone ? `${word} in ${tookMs} ms` : `not ${word}: ${outcome.result}, ${outcome.detail}`);
  return isDone;
}
