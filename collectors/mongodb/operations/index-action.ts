import type {
  Act,
  ActContext,
  Action,
  ActOutcome,
  Inspection,
  OperationContext,
  Plan,
  PlanDraft,
} from '../../../src/sdk.ts';
import type { Document } from '../document.ts';
import { act } from './act.ts';
import { readCollectionCounters } from './collection-counters.ts';
import { indexFacts } from './index-facts.ts';
import type { PlannedIndex } from './inspect-index.ts';
import { lookAt, type Place } from './place.ts';
import type { CollectionSight } from './sightings.ts';

/** About two minutes in all, which outlives an election. */
const undoAttempts = 40;
const undoPauseMs = 3_000;

export interface IndexActParts {
  readonly inspect: (sight: CollectionSight, planned: PlannedIndex) => Inspection;
  /** Why `apply` must not send its command now; see `ActRequest.forbids`. */
  readonly forbids?: (sight: CollectionSight, plan: Plan) => string | undefined;
  /** What the answer lacks as proof. */
  readonly doubt?: (answer: Document) => string | undefined;
  /** Stops what takes long, such as a build: see `ActRequest.watch`. */
  readonly watch?: (plan: Plan, context: ActContext, signal: AbortSignal) => Promise<string | undefined>;
}

/** What all actions on one index have in common. */
export function indexActs(
  place: Place,
  parts: IndexActParts,
): Pick<Action, 'inspect' | 'apply' | 'undo' | 'counters'> {
  const inspect = async (
    plan: PlanDraft,
    { signal }: Pick<OperationContext, 'signal'>,
  ): Promise<Inspection> => {
    const facts = indexFacts(plan);
    return parts.inspect((await lookAt(place, facts, signal)).sight, facts);
  };
  const forbids = async (plan: Plan, signal: AbortSignal): Promise<string | undefined> =>
    parts.forbids?.((await lookAt(place, indexFacts(plan), signal)).sight, plan);
  return {
    inspect: (plan, _, context) => inspect(plan, context),
    apply: (plan, { statement }, context) =>
      runSteps(
        [statement],
        (each) =>
          act(
            place.input,
            {
              statement: each,
              identity: plan.identity,
              direction: 'apply',
              wanted: 'done',
              inspect: () => inspect(plan, context),
              ...(parts.forbids === undefined ? {} : { forbids: () => forbids(plan, context.signal) }),
              ...(parts.doubt === undefined ? {} : { doubt: parts.doubt }),
              ...(parts.watch === undefined
                ? {}
                : { watch: (signal) => parts.watch?.(plan, context, signal) ?? Promise.resolve(undefined) }),
            },
            context,
          ),
        { plan, direction: 'apply', context },
      ),
    undo: (plan, { undo }, context) =>
      runSteps(
        undo,
        (statement) =>
          persist(place, context.signal, () =>
            act(
              place.input,
              {
                statement,
                identity: plan.identity,
                direction: 'undo',
                wanted: 'pending',
                inspect: () => inspectUndo(place, parts, plan, context.signal),
              },
              context,
            ),
          ),
        { plan, direction: 'undo', context },
      ),
    counters: (plan, { signal }) => readCollectionCounters(place, indexFacts(plan), signal),
  };
}

/** Members follow their primary, and a shard follows nobody: while one is silent, nothing is known to be taken back. */
async function inspectUndo(
  place: Place,
  parts: IndexActParts,
  plan: Plan,
  signal: AbortSignal,
): Promise<Inspection> {
  const facts = indexFacts(plan);
  const { sight } = await lookAt(place, facts, signal);
  const inspection = parts.inspect(sight, facts);
  if (inspection.state !== 'pending' || sight.silentShards.length === 0) return inspection;
  const detail = `${inspection.detail}; nothing is known of shard ${sight.silentShards.join(', ')}`;
  return { state: 'half_applied', detail };
}

/** What is taken back is not given up for a lock, nor for an election. */
async function persist(
  { input: { clock } }: Place,
  signal: AbortSignal,
  take: () => Promise<ActOutcome>,
): Promise<ActOutcome> {
  let outcome = await take();
  for (let attempt = 1; outcome.result === 'gave_up' && attempt < undoAttempts; attempt += 1) {
    await clock.sleep(undoPauseMs, signal);
    outcome = await take();
  }
  return outcome;
}

/** Each act and each way back is one command; what came of it is kept. */
async function runSteps(
  statements: Act['undo'],
  run: (statement: string) => Promise<ActOutcome>,
  about: { readonly plan: Plan; readonly direction: string; readonly context: ActContext },
): Promise<ActOutcome> {
  let outcome: ActOutcome = { result: 'failed', detail: 'the plan has no statement for it' };
  for (const statement of statements) outcome = await run(statement);
  about.context.evidence({
    kind: 'act',
    title: `${about.direction} of ${about.plan.action} on ${about.plan.subject}: ${outcome.result}`,
    body: { result: outcome.result, detail: outcome.detail, statements },
  });
  return outcome;
}
