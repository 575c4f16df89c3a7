/** What pipelines may ask of an engine about migrations: files that people bring, and what the target's own history says of them. */

import type { OperationContext, Refusal } from './operation-context.ts';

/** Whose files they are: others than `reeve` are judged and rehearsed, and applied by their own tool, which keeps their history. */
export const migrationTools = ['reeve', 'flyway', 'dbmate', 'golang-migrate'] as const;
export type MigrationTool = (typeof migrationTools)[number];

/** One file; `name` without `.up.sql` and the like: `0007_add_phone`. Of two files one text is the `down`. */
export interface MigrationFile {
  readonly name: string;
  readonly up: string;
  readonly down: string;
  readonly tool: MigrationTool;
}

/** What a person brings (`RunTrigger.request`): all files of the directory, in the order of their names, applied ones too. */
export interface MigrationRequest {
  readonly files: readonly MigrationFile[];
  /** As it was named, for people. */
  readonly directory: string;
}

/**
 * `pending`: to be applied. `applying`: begun and not ended: a run works on it, or was interrupted. `applied`. `changed`: applied with another
 * text than the file has now. `missing`: the history names it, and the files do not.
 */
export const migrationStates = ['pending', 'applying', 'applied', 'changed', 'missing'] as const;
export type MigrationState = (typeof migrationStates)[number];

export interface MigrationStatus {
  readonly name: string;
  /** Of `up` and `down`, lower-case hexadecimal: of the file, of the history where there is no file. */
  readonly sha256: string;
  readonly state: MigrationState;
  /** When it was applied, Unix time in milliseconds. */
  readonly at: number | undefined;
  /** Run that applied it. */
  readonly runId: string | undefined;
}

export interface MigrationOperations {
  /** The files beside the target's own history, in the order of their names. Reads by the collecting login. */
  status(files: readonly MigrationFile[], context: OperationContext): Promise<readonly MigrationStatus[]>;
  /** Everything that can be said of the files without a database, with file and line: for pull requests. Empty when all is well. */
  judgeFiles(files: readonly MigrationFile[]): Promise<readonly Refusal[]>;
}
