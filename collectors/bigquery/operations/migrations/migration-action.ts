import type { Action, PlanDraft, Refusal } from '../../../../src/sdk.ts';
import { noCounters, type Place } from '../place.ts';
import { judgeFile } from './judge-files.ts';
import { applyMigration, inspectMigration, recheckMigration, undoMigration } from './migration-acts.ts';
import { findMigrations, migrationActionId, planMigrations } from './plan-migration.ts';
import { rehearseMigration } from './rehearse-migration.ts';

/** Applies files that people bring: DDL and DML, statement by statement, with a way back that was rehearsed. */
export function createMigrationAction(place: Place): Action {
  return {
    id: migrationActionId,
    pipeline: 'migration',
    summary: 'Applies migration files to the dataset that the target names for them.',
    undoKind: 'rebuild',
    changelog: 'schema',
    rehearsal: 'required',
    find: (request, context) => findMigrations(place, request, context),
    plan: (candidate, context) => planMigrations(place, candidate, context),
    rehearse: (draft, context) => rehearseMigration(place, draft, context),
    recheck: (plan, context) => recheckMigration(place, plan, context),
    inspect: (plan, act, context) => inspectMigration(place, plan, act, context),
    apply: (plan, act, context) => applyMigration(place, plan, act, context),
    undo: (plan, act, context) => undoMigration(place, plan, act, context),
    counters: async () => noCounters(place),
  };
}

/** The files of a plan, judged as when they were brought; nothing else of BigQuery has statements that people write. */
export async function judgePlan({ action, acts }: PlanDraft): Promise<readonly Refusal[]> {
  if (action !== migrationActionId) return [];
  return acts.flatMap(({ id, statement, undo }) =>
    judgeFile({ name: id, up: statement, down: undo[0] ?? '', tool: 'reeve' }),
  );
}
