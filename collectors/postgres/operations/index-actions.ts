import type { Action, PlanDraft } from '../../../src/sdk.ts';
import type { Access } from './access.ts';
import { applyDrop, inspectDrop, undoDrop } from './drop-index.ts';
import { findIndexes, planIndexChange } from './find-index-work.ts';
import type { IndexActionId } from './index-candidates.ts';
import { factsOf } from './index-facts.ts';
import { actionWords } from './index-plan.ts';
import { recheckIndex } from './index-recheck.ts';
import { rehearseIndexChange } from './index-rehearsal.ts';
import { applyRebuild, inspectRebuild, undoRebuild } from './rebuild-index.ts';
import { readTableCounters } from './table-counters.ts';

const summaries: Readonly<Record<IndexActionId, string>> = {
  drop_unused_index:
    'Drops an index that is proven unused by every member; builds it again if statements get slower.',
  drop_duplicate_index: 'Drops an index that repeats another one exactly.',
  drop_invalid_index: 'Drops what a failed build or an interrupted REINDEX CONCURRENTLY left behind.',
  finish_drop: 'Finishes an interrupted drop of an index that is proven unused.',
  rebuild_invalid_index: 'Builds an index again that is not valid and may be needed.',
};

/** What the pipeline `index_management` may do on one PostgreSQL target. */
export function createIndexActions(access: Access): readonly Action[] {
  const action = (id: IndexActionId): Action => ({
    id,
    pipeline: 'index_management',
    summary: summaries[id],
    changelog: 'schema',
    rehearsal: 'required',
    find: (request, context) => findIndexes(access, id, request, context),
    plan: (candidate, context) => planIndexChange(access, id, candidate, context),
    rehearse: (draft, context) => rehearseIndexChange(access, id, draft, context),
    recheck: (plan, context) => recheckIndex(access, plan, context),
    counters: (plan: PlanDraft, context) => readTableCounters(access, plan, context),
    ...(actionWords[id].act === 'drop' ? drops(access) : rebuilds(access)),
  });
  return [
    action('rebuild_invalid_index'),
    action('finish_drop'),
    action('drop_invalid_index'),
    action('drop_duplicate_index'),
    action('drop_unused_index'),
  ];
}

type Acts = Pick<Action, 'undoKind' | 'inspect' | 'apply' | 'undo'>;

function drops(access: Access): Acts {
  return {
    undoKind: 'rebuild',
    inspect: (plan, _, { signal }) => {
      const facts = factsOf(plan);
      return access.reading(facts.database, signal, (connection) => inspectDrop(connection, facts, signal));
    },
    apply: (plan, act, context) => applyDrop(access, plan, factsOf(plan), act, context),
    undo: (plan, act, context) => undoDrop(access, plan, factsOf(plan), act, context),
  };
}

function rebuilds(access: Access): Acts {
  return {
    undoKind: 'immediate',
    inspect: (plan, _, { signal }) => {
      const facts = factsOf(plan);
      return access.reading(facts.database, signal, (connection) =>
        inspectRebuild(connection, facts, signal),
      );
    },
    apply: (plan, act, context) => applyRebuild(access, plan, factsOf(plan), act, context),
    undo: (plan, act, context) => undoRebuild(access, plan, factsOf(plan), act, context),
  };
}
