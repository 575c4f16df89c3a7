import { type Action, inMigrationOrder, type MigrationOperations } from '../../../../src/sdk.ts';
import type { Place } from '../place.ts';
import { applyMigration, inspectFile, undoMigration } from './migration-acts.ts';
import { statusesOf } from './migration-files.ts';
import {
  databaseIn,
  databaseOf,
  findMigration,
  historyOf,
  judgeFiles,
  planMigration,
  recheckMigration,
} from './plan-migration.ts';
import { rehearseMigration } from './rehearse-migration.ts';

/** Files of commands that a person brings, applied one after the other, each with its row of `reeve_migrations`. */
export function createMigrationAction(place: Place): Action {
  return {
    id: 'apply_migration',
    pipeline: 'migration',
    summary:
      'Applies files of commands that a person brings, with a row of reeve_migrations for each; rehearsed up, down and up again on a replica set before.',
    undoKind: 'rebuild',
    changelog: 'schema',
    rehearsal: 'required',
    find: (request, context) => findMigration(place, request, context),
    plan: (candidate, context) => planMigration(place, candidate, context),
    rehearse: (draft, context) => rehearseMigration(place, draft, context),
    recheck: (plan, context) => recheckMigration(place, plan, context),
    inspect: (plan, act, context) => inspectFile(place, plan, act, context),
    apply: (plan, act, context) => applyMigration(place, plan, act, context),
    undo: (plan, act, context) => undoMigration(place, plan, act, context),
    // The guards of the target say whether it suffers; what a migration is for has no counters of its own.
    counters: () => Promise.resolve({ at: place.input.clock.now(), epoch: '', series: {} }),
  };
}

/** Files beside the history, and what can be said of them without a database. */
export function createMigrationOperations(place: Place): MigrationOperations {
  return {
    status: async (files, { signal }) => {
      const database = databaseIn(inMigrationOrder(files), databaseOf(place));
      const history = database === undefined ? [] : await historyOf(place, database, signal);
      return statusesOf(files, history);
    },
    judgeFiles: (files) => Promise.resolve(judgeFiles(files, databaseOf(place) ?? 'database')),
  };
}
