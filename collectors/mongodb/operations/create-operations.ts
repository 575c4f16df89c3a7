import type { Operations } from '../../../src/sdk.ts';
import { checkLogins } from './acting-role.ts';
import { backupOperations } from './backups/backup-operations.ts';
import { createIndex } from './create-index.ts';
import { dropHiddenIndex } from './drop-hidden-index.ts';
import { adviseGrowth } from './growth.ts';
import { hideIndex } from './hide-index.ts';
import type { MongodbOperationsInput } from './input.ts';
import { createMigrationAction, createMigrationOperations } from './migrations/migration-action.ts';
import { judgePlan } from './migrations/plan-migration.ts';
import { identifyPlace, type Place } from './place.ts';
import { ReadingSide } from './reading-side.ts';

/** What may be done to a MongoDB deployment. Connects to nothing yet. */
export function createMongodbOperations(input: MongodbOperationsInput): Operations {
  const reading = new ReadingSide(input);
  const place: Place = { input, reading };
  return {
    actions: [hideIndex(place), dropHiddenIndex(place), createIndex(place), createMigrationAction(place)],
    identify: (signal) => identifyPlace(place, signal),
    judge: (draft) => Promise.resolve(judgePlan(draft)),
    advise: async (pipeline, context) => (pipeline === 'storage_growth' ? adviseGrowth(place, context) : []),
    backups: backupOperations(place),
    migrations: createMigrationOperations(place),
    check: (signal) => checkLogins(input, reading, signal),
    close: () => reading.close(),
  };
}
