import type { Operations } from '../../../src/sdk.ts';
import { backupOperations } from '../backups/backup-operations.ts';
import { adviseAll } from './advise.ts';
import { checkLogins } from './check-logins.ts';
import { copyPartitioned } from './copy-table.ts';
import { setDailyQuota } from './daily-quota.ts';
import type { BigqueryOperationsInput } from './input.ts';
import { createMigrationAction, judgePlan } from './migrations/migration-action.ts';
import { createMigrationOperations } from './migrations/migration-status.ts';
import { requirePartitionFilter } from './partition-filter.ts';
import { closePlace, createPlace, identifyPlace } from './place.ts';

/** What may be done to BigQuery. Connects to nothing yet. */
export function createBigqueryOperations(input: BigqueryOperationsInput): Operations {
  const place = createPlace(input);
  return {
    actions: [
      requirePartitionFilter(place),
      copyPartitioned(place),
      setDailyQuota(place),
      createMigrationAction(place),
    ],
    identify: (signal) => identifyPlace(place, signal),
    check: (signal) => checkLogins(place, signal),
    judge: judgePlan,
    migrations: createMigrationOperations(place),
    advise: (pipeline, context) => adviseAll(place, pipeline, context),
    backups: backupOperations(place),
    close: () => closePlace(place),
  };
}
