import type { History } from './history.ts';

/** Everything Reeve keeps on disk, behind one door, so that the embedded file and a shared server can take each other's place. */
export interface Store {
  readonly history: History;
  /** Writes what is pending and lets go of the store. */
  close(): Promise<void>;
}
