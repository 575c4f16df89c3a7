import type { BackupFound } from '../../../../src/sdk.ts';
import type { PostgresOptions } from '../../config.ts';

/** One entry of the target's `backups`. */
export type Chain = PostgresOptions['backups'][string];
export type ChainOf<K extends Chain['kind']> = Extract<Chain, { readonly kind: K }>;

/** A backup, and where it lies: what a drill needs beside what people are told. */
export interface LocatedBackup {
  readonly found: BackupFound;
  /** Absolute path of the file or folder; undefined for what only another tool can fetch. */
  readonly path: string | undefined;
}

/** A chain that could not be looked at, or something about it as a whole. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

export const mostBackups = 100;
