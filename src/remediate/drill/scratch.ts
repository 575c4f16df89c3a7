/** Where drills restore to: a private folder that is wiped. Kept behind a port, so that tests need no disk. */
export interface Scratch {
  /**
   * Makes an empty folder of this name, mode 0700, and the root where it is missing.
   *
   * @param kept folders that hold data: the root may be none of them, in none of them, and around none of them.
   * @returns its absolute path.
   * @throws {ScratchRefused} when the root could be production or is not private.
   */
  make(root: string, name: string, kept: readonly string[]): Promise<string>;
  /** Absolute path of a folder that `make` made, the same that it gave; undefined where there is none. */
  find(root: string, name: string): Promise<string | undefined>;
  /** Removes a folder that `make` made, with all that is in it; nothing happens when it is gone. */
  wipe(root: string, name: string): Promise<void>;
  /** Names of the folders under the root; none when it is missing. */
  names(root: string): Promise<readonly string[]>;
  /** What may still be written there, in bytes; undefined where nothing tells. */
  freeBytes(root: string): Promise<number | undefined>;
}

/** Nothing may be restored there; the message says why and what to do. */
export class ScratchRefused extends Error {
  override readonly name = 'ScratchRefused';
}
