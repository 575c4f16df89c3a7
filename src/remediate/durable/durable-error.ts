/**
 * Why the journal of durable processes cannot be opened.
 *
 * - `damaged`: what is on disk is not what was written.
 * - `unusable`: the file cannot be created or written, or the server refuses.
 */
export type DurableErrorCode = 'damaged' | 'unusable';

/** The message names the place and says what to do; nothing was changed. */
export class DurableError extends Error {
  override readonly name = 'DurableError';
  readonly code: DurableErrorCode;

  constructor(code: DurableErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
