import { inMigrationOrder, type MigrationFile, type MigrationStatus } from '../../../../src/sdk.ts';
import type { ArmClient } from '../../arm-client.ts';
import { fold, type Wishes } from './container-state.ts';
import { matches, type Survey, survey } from './container-survey.ts';
import { fingerprintOf, judgeFile } from './judge-files.ts';

/**
 * How many files, in order, are in force. There is no table of history in an account: the containers themselves say it. The latest file after
 * which everything that files speak of would be as it is now is the last one that was applied; none where nothing fits.
 */
export function countApplied(files: readonly MigrationFile[], found: Survey): number {
  let wishes: Wishes = new Map();
  let applied = 0;
  for (const [index, file] of inMigrationOrder(files).entries()) {
    wishes = fold(wishes, judgeFile(file).up);
    if (matches(found, wishes)) applied = index + 1;
  }
  return applied;
}

/** What all files together speak of. */
export function allWishes(files: readonly MigrationFile[]): Wishes {
  return inMigrationOrder(files).reduce<Wishes>(
    (wishes, file) => fold(wishes, judgeFile(file).up),
    new Map(),
  );
}

export async function readStatus(
  arm: ArmClient,
  files: readonly MigrationFile[],
  signal: AbortSignal,
): Promise<readonly MigrationStatus[]> {
  const applied = countApplied(files, await survey(arm, allWishes(files), signal));
  return inMigrationOrder(files).map((file, index) => ({
    name: file.name,
    sha256: fingerprintOf(file),
    state: index < applied ? 'applied' : 'pending',
    // Azure keeps neither.
    at: undefined,
    runId: undefined,
  }));
}
