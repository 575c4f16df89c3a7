import type { Action, MigrationOperations, PlanDraft, Refusal } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { applyContainers, inspectContainers, recheckContainers, undoContainers } from './container-acts.ts';
import { fingerprintOf, judgeFile, judgeFiles } from './judge-files.ts';
import { migrationFacts } from './migration-facts.ts';
import { readStatus } from './migration-status.ts';
import { findContainers, planContainers } from './plan-containers.ts';
import { rehearseContainers } from './rehearse-containers.ts';

/** What the pipeline `migration` may do on one account. */
export function createMigrationAction(access: Access): Action {
  return {
    id: 'apply_migration',
    pipeline: 'migration',
    summary:
      'Applies files that create containers and change their policies, conditionally; rehearsed up, down and up again on another account.',
    undoKind: 'rebuild',
    changelog: 'schema',
    rehearsal: 'required',
    find: (request, context) => findContainers(access, request, context),
    plan: (candidate, context) => planContainers(access, candidate, context),
    rehearse: (draft, context) => rehearseContainers(access, draft, context),
    recheck: (plan, context) => recheckContainers(access, plan, context),
    inspect: (plan, act, context) => inspectContainers(access, plan, act, context),
    apply: (plan, act, context) => applyContainers(access, plan, act, context),
    undo: (plan, act, context) => undoContainers(access, plan, act, context),
    counters: async () => ({ at: access.input.clock.now(), epoch: 'none', series: {} }),
  };
}

export function createMigrationOperations(access: Access): MigrationOperations {
  return {
    status: (files, { signal }) => readStatus(access.reading(), files, signal),
    judgeFiles: async (files) => judgeFiles(files),
  };
}

/** A plan of migrations, judged again: its acts are the files that it was made for. */
export function judgeMigrationPlan(plan: PlanDraft): readonly Refusal[] {
  const files = migrationFacts(plan);
  return plan.acts.flatMap(({ id, statement, undo }) => {
    const [down = ''] = undo;
    const known = files.find(({ name }) => name === id);
    const isPlanned = undo.length === 1 && known?.sha256 === fingerprintOf({ up: statement, down });
    const changed = { id: 'text_unchanged', text: `${id}: its text is not the one that was planned` };
    return [
      ...(isPlanned ? [] : [changed]),
      ...judgeFile({ name: id, up: statement, down, tool: 'reeve' }).refusals,
    ];
  });
}
