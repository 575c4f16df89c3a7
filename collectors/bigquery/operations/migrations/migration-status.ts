import {
  inMigrationOrder,
  type KeptMigration,
  type MigrationFile,
  type MigrationOperations,
  type MigrationStatus,
  migrationStatuses,
} from '../../../../src/sdk.ts';
import type { Place } from '../place.ts';
import { fingerprintOf, judgeFile } from './judge-files.ts';
import { type HistoryRow, migrationPlace, readHistory } from './migration-place.ts';

/** The files beside the target's own history. What was rolled back is pending. */
export function statusOf(
  files: readonly MigrationFile[],
  history: ReadonlyMap<string, HistoryRow>,
): readonly MigrationStatus[] {
  return migrationStatuses(files, [...history.values()].flatMap(keptOf), fingerprintOf);
}

function keptOf({
  name,
  sha256,
  state,
  run,
  changedMs,
}: HistoryRow): readonly (KeptMigration & Pick<MigrationStatus, 'at'>)[] {
  return state === 'rolled_back' ? [] : [{ name, sha256, state, runId: run, at: changedMs }];
}

export function createMigrationOperations(place: Place): MigrationOperations {
  return {
    status: async (files, { signal }) => {
      const where = await migrationPlace(place, signal);
      return statusOf(files, await readHistory(where, signal));
    },
    judgeFiles: async (files) => inMigrationOrder(files).flatMap(judgeFile),
  };
}
