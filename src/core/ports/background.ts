/** Work that can wait, such as a walk over all keys: the agent does one piece of it at a time for all targets, and rests in between. */
export interface Background {
  /**
   * Waits for its turn, then does the piece. Rejects with the signal's reason when it is aborted while waiting, and with what the work
   * throws.
   */
  turn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}
