import type { MigrationFile, MigrationOperations, MigrationStatus } from '../../../../src/sdk.ts';
import type { Place } from '../place.ts';
import { fingerprintOf, inOrder, judgeFile } from './judge-files.ts';
import { type HistoryRow, migrationPlace, readHistory } from './migration-place.ts';

/** The files beside the target's own history. */
export function statusOf(
  files: readonly MigrationFile[],
  history: ReadonlyMap<string, HistoryRow>,
): readonly MigrationStatus[] {
  const ordered = inOrder(files);
  const missing = [...history.values()].filter(
    ({ name, state }) => state !== 'rolled_back' && !ordered.some((file) => file.name === name),
  );
  return [
    ...ordered.map((file): MigrationStatus => {
      const sha256 = fingerprintOf(file);
      const row = history.get(file.name);
      if (row === undefined || row.state === 'rolled_back')
        return { name: file.name, sha256, state: 'pending', at: undefined, runId: undefined };
      const state = row.state === 'applying' ? 'applying' : row.sha256 === sha256 ? 'applied' : 'changed';
      return { name: file.name, sha256, state, at: row.changedMs, runId: row.run };
    }),
    ...missing.map(
      ({ name, sha256, changedMs, run }): MigrationStatus => ({
        name,
        sha256,
        state: 'missing',
        at: changedMs,
        runId: run,
      }),
    ),
  ];
}

export function migrationOperations(place: Place): MigrationOperations {
  return {
    status: async (files, { signal }) => {
      const where = await migrationPlace(place, signal);
      return statusOf(files, await readHistory(where, signal));
    },
    judgeFiles: async (files) => inOrder(files).flatMap(judgeFile),
  };
}
