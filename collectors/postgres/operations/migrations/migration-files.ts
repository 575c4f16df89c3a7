import { createHash } from 'node:crypto';
import { type KeptMigration, type MigrationFile, pendingMigrations } from '../../../../src/sdk.ts';

/** Changes with every letter of either text. */
export function fingerprintOf({ up, down }: Pick<MigrationFile, 'up' | 'down'>): string {
  return createHash('sha256')
    .update(JSON.stringify([up, down]))
    .digest('hex');
}

/** Files that are to be applied, and why the history speaks against them. */
export function pendingFiles(
  files: readonly MigrationFile[],
  history: readonly KeptMigration[],
): ReturnType<typeof pendingMigrations> {
  return pendingMigrations(files, history, fingerprintOf);
}
