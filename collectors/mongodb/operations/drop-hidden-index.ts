import type { Action, Plan, Refusal } from '../../../src/sdk.ts';
import { indexActs } from './index-action.ts';
import { recheckIndex, usedSince } from './index-checks.ts';
import { buildCommand, dropCommand, visibleDefinition } from './index-commands.ts';
import { type Composed, type DraftKnown, draftIndexPlan } from './index-draft.ts';
import { indexFacts } from './index-facts.ts';
import { inspectGone } from './inspect-index.ts';
import { lookAt, type Place } from './place.ts';
import { rehearseDrop } from './rehearse-index.ts';
import { type CollectionSight, sightsOf } from './sightings.ts';
import { type IndexName, parseSubject, subjectOf } from './subject.ts';

/** Documents that a build gets through in a second on common hardware; only for a first estimate. */
export const documentsPerSecond = 50_000;
const day = 86_400_000;
const usualSoakMs = 7 * day;

/** Drops an index that was hidden long enough. Taking that back is a build. */
export function dropHiddenIndex(place: Place): Action {
  return {
    id: 'drop_hidden_index',
    pipeline: 'index_management',
    summary: 'Drops an index that is hidden on every member, by name; taking that back builds it anew.',
    undoKind: 'rebuild',
    changelog: 'schema',
    rehearsal: 'required',
    // Others may have hidden an index for reasons of their own: only the one that is asked for.
    find: async ({ only }, { signal }) => {
      const name = only === undefined ? undefined : parseSubject(only);
      if (name === undefined) return [];
      const { sight } = await lookAt(place, name, signal);
      const { seen } = sightsOf(sight, name.index);
      if (seen.length === 0 || !seen.every((each) => each.seen.spec.flags.has('hidden'))) return [];
      const title = `${subjectOf(name)} is hidden on ${seen.length} members`;
      return [{ action: 'drop_hidden_index', subject: subjectOf(name), title, facts: { ...name } }];
    },
    plan: async (candidate, context) => {
      const name = parseSubject(candidate.subject);
      if (name === undefined) return { id: 'same_everywhere', text: `${candidate.subject} names no index` };
      return draftIndexPlan(place, name, context, {
        action: 'drop_hidden_index',
        speaksAgainst: (never, seen) => [
          ...never.filter(({ id }) => id !== 'hidden'),
          ...(seen.spec.flags.has('hidden') ? [] : [notHidden(subjectOf(name))]),
        ],
        precondition: {
          id: 'still_hidden',
          text: 'it is hidden on every member, without a break since the plan',
        },
        compose: (_, known) => composeDrop(place, name, known, context.runId),
      });
    },
    rehearse: (draft, context) => rehearseDrop(place, draft, context),
    recheck: async (plan, context) => {
      const { scene, refusals } = await recheckIndex(place, plan, context);
      if (isVisible(scene.sight, plan)) return [...refusals, notHidden(plan.subject)];
      // Showing and hiding begin the count anew: it may have served in between.
      const broken = usedSince(scene, indexFacts(plan)).map(({ text }) => ({ id: 'still_hidden', text }));
      return [...refusals, ...broken];
    },
    ...indexActs(place, {
      inspect: inspectGone,
      forbids: (sight, plan) => (isVisible(sight, plan) ? notHidden(plan.subject).text : undefined),
    }),
  };
}

function composeDrop(
  { input: { clock, policy } }: Place,
  name: IndexName,
  { definition, documents, identity, use }: DraftKnown,
  runId: string,
): Composed {
  const { lockTimeoutMs } = policy;
  const collection = `${name.database}.${name.collection}`;
  const hiddenMs = clock.now() - Math.max(...use.map(({ since }) => since));
  const buildMs = documents === undefined ? null : Math.ceil((documents / documentsPerSecond) * 1_000);
  const estimate = buildMs === null ? '' : `, by estimate ${spanOf(buildMs)}`;
  return {
    title: `drop ${subjectOf(name)}, hidden for ${spanOf(hiddenMs)}`,
    act: {
      id: 'drop',
      summary: `drop ${name.index} of ${collection}`,
      statement: dropCommand(name, { runId, lockTimeoutMs }),
      undo: [buildCommand(name, visibleDefinition(definition), identity, runId)],
      undoKind: 'rebuild',
      locks: `exclusive on ${collection} for an instant; waits at most ${lockTimeoutMs} ms`,
    },
    cost: `frees the space of the index and its share of every write; taking it back is a build over ${documents ?? 'an unknown number of'} documents${estimate}, on a busy server hours`,
    estimatedMs: 1_000,
    expectation: {
      kind: 'gone',
      byAtLeast: 0,
      text: 'the index is gone from every member, and reads of its collection do not get slower',
    },
    warnings: [
      'taking this back builds the index anew, which can take hours: while it is hidden, unhiding is immediate',
      ...(hiddenMs < usualSoakMs
        ? [`it was hidden for ${spanOf(hiddenMs)} only, or a member restarted since; 7 days are usual`]
        : []),
    ],
  };
}

function isVisible(sight: CollectionSight, plan: Plan): boolean {
  return sightsOf(sight, indexFacts(plan).index).seen.some(({ seen }) => !seen.spec.flags.has('hidden'));
}

function notHidden(subject: string): Refusal {
  return {
    id: 'still_hidden',
    text: `${subject} is visible: somebody may use it again; hide it first (action hide_index)`,
  };
}

function spanOf(ms: number): string {
  if (ms >= 2 * day) return `${Math.floor(ms / day)} days`;
  if (ms >= 7_200_000) return `${Math.floor(ms / 3_600_000)} hours`;
  return ms >= 120_000
    ? `${Math.floor(ms / 60_000)} minutes`
    : `${Math.max(0, Math.round(ms / 1_000))} seconds`;
}
