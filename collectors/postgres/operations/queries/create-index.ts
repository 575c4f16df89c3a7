import type { Action } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { buildIndex, unbuildIndex } from './build-index.ts';
import { createIndexId, findIndexes } from './find-indexes.ts';
import { newIndexFacts } from './index-facts.ts';
import { inspectIndex } from './index-state.ts';
import { planIndex } from './plan-index.ts';
import { recheckIndex } from './recheck-index.ts';
import { rehearseIndex } from './rehearse-index.ts';
import { readServedCounters } from './statement-counters.ts';

/** Builds an index that costly statements lack. Taking it back is dropping it, which is quick and blocks nobody. */
export function createIndexAction(access: Access): Action {
  return {
    id: createIndexId,
    pipeline: 'query_optimisation',
    summary: 'Build an index for the statements that cost most, when it is proven to make them faster.',
    undoKind: 'immediate',
    changelog: 'optimisations',
    rehearsal: 'required',
    find: (request, context) => findIndexes(access.input, request, context),
    plan: (candidate, context) => planIndex(access, candidate, context),
    rehearse: (draft, context) => rehearseIndex(access, draft, context),
    recheck: (plan, context) => recheckIndex(access, plan, context),
    inspect: (plan, _, context) => {
      const facts = newIndexFacts(plan.facts);
      return access.reading(facts.database, context.signal, (connection) =>
        inspectIndex(connection, facts, context.signal),
      );
    },
    apply: (plan, act, context) => buildIndex(access, plan, act, context),
    undo: (plan, act, context) => unbuildIndex(access, plan, act, context),
    counters: (plan, context) => readServedCounters(access, plan, context),
  };
}
