/**
 * Why a store cannot be opened or read.
 *
 * - `locked`: another process has it open.
 * - `newer`: a newer version of Reeve wrote it.
 * - `damaged`: what is on disk is not what was written.
 * - `unusable`: the directory or file cannot be created, read or written.
 */
export type StoreErrorCode = 'locked' | 'newer' | 'damaged' | 'unusable';

/** The message names the path and says what to do; nothing on disk was changed. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
