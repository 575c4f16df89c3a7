import type { Action } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import { applyMigration, inspectFile, undoMigration } from './migration-acts.ts';
import { findMigration, planMigration } from './plan-migration.ts';
import { recheckMigration } from './recheck-migration.ts';
import { rehearseMigration } from './rehearse-migration.ts';

/** What the pipeline `migration` may do on one PostgreSQL target. */
export function createMigrationAction(access: Access): Action {
  return {
    id: 'apply_migration',
    pipeline: 'migration',
    summary:
      'Applies files of schema changes that a person brings, each in one transaction with its row of reeve.migrations; rehearsed up, down and up again before.',
    undoKind: 'rebuild',
    changelog: 'schema',
    rehearsal: 'required',
    find: (request, context) => findMigration(access, request, context),
    plan: (candidate, context) => planMigration(access, candidate, context),
    rehearse: (draft, context) => rehearseMigration(access, draft, context),
    recheck: (plan, context) => recheckMigration(access, plan, context),
    inspect: (plan, act, context) => inspectFile(access, plan, act, context),
    apply: (plan, act, context) => applyMigration(access, plan, act, context),
    undo: (plan, act, context) => undoMigration(access, plan, act, context),
    // The guards of the target say whether it suffers; a new schema has other statements than the old one.
    counters: () => Promise.resolve({ at: access.input.clock.now(), epoch: '', series: {} }),
  };
}
