import { createHash } from 'node:crypto';
import {
  type KeptMigration,
  type MigrationFile,
  type MigrationStatus,
  migrationStatuses,
  pendingMigrations,
} from '../../../../src/sdk.ts';
import type { HistoryRow } from './history.ts';

/** Changes with every letter of either text. */
export function fingerprintOf({ up, down }: Pick<MigrationFile, 'up' | 'down'>): string {
  return createHash('sha256')
    .update(JSON.stringify([up, down]))
    .digest('hex');
}

/** Files that are to be applied, and why the history speaks against them. */
export function pendingFiles(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): ReturnType<typeof pendingMigrations> {
  return pendingMigrations(files, history.map(keptOf), fingerprintOf);
}

/** The files beside the history. */
export function statusesOf(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): readonly MigrationStatus[] {
  return migrationStatuses(files, history.map(keptOf), fingerprintOf);
}

function keptOf({ name, sha256, state, run, at }: HistoryRow): KeptMigration & Pick<MigrationStatus, 'at'> {
  return { name, sha256, state, runId: run, at: at.getTime() };
}
