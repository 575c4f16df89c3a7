import type { Backend } from 'openworkflow/internal';

/** Where OpenWorkflow keeps its processes, and the questions that it does not answer itself. */
export interface Journal {
  readonly backend: Backend;
  /** For the log: the file, or the schema. */
  readonly place: string;
  /** Whether somebody else may take over what is not renewed in time. Not so where one daemon holds the store. */
  readonly isShared: boolean;
  /** Makes a call end: with an error when the server says nothing for 20 s. */
  readonly bounded: <T>(call: () => Promise<T>) => Promise<T>;
  /** Lets go of what a dead predecessor held; the number of processes. Zero where others may be alive. */
  releaseLeases(): Promise<number>;
  /** Whether a process of this name and id was ever started, as far back as `prune` left. */
  has(name: string, id: string): Promise<boolean>;
  /** Those not finished, oldest first; with `id` only those. */
  unfinished(id?: string): Promise<readonly UnfinishedRow[]>;
  /** Forgets processes that ended before then, Unix time in milliseconds. */
  prune(endedBefore: number): Promise<void>;
  /** Whether the same call may succeed later without anybody changing it: a full disk, a lock, a server that is away. */
  isUnavailable(thrown: unknown): boolean;
  close(): Promise<void>;
}

export interface UnfinishedRow {
  /** OpenWorkflow's. */
  readonly runId: string;
  /** Ours. */
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly isHeld: boolean;
  readonly createdAt: number;
}
